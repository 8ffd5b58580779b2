/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cgroup/scan.h"

#include "cgroup/directory.h"
#include "cgroup/lookup.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/log.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

enum { LINKS_WITHOUT_CHILDREN = 2 /* its name and "." */ };

static void closedirp(DIR **directory)
{
	if (*directory != NULL)
		closedir(*directory);
}

int scan_open(struct watch *watch, const struct cgroup *cgroup)
{
	uint64_t id = 0;
	int error = 0;
	int fd = -1;

	cgroup_path(cgroup, watch->path);
	fd = cgroup_open_below(watch->root, watch->path);
	if (fd < 0)
		return fd;
	error = cgroup_read_id(fd, &id);
	if (error == 0 && id == cgroup->id)
		return fd;
	close(fd);
	return error < 0 ? error : -ENOENT;
}

bool scan_means_gone(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -ENOTDIR;
}

static void tell_about_limit(struct watch *watch, int failure)
{
	if (watch->told_about_limit)
		return;
	watch->told_about_limit = true;
	if (failure == ENOSPC)
		log_warning("no inotify watch left for some cgroups: new cgroups below them are found by looking every "
			    "second or so, not at once. Raise the sysctl fs.inotify.max_user_watches");
	else
		log_warning("can't watch some cgroups (%s): new cgroups below them are found by looking every second "
			    "or so, not at once",
			    strerror(failure));
}

static void tell_about_failure(struct watch *watch, const char *name, int error)
{
	char shown[ESCAPED_SIZE(NAME_MAX)];

	if (watch->told_about_failure)
		return;
	watch->told_about_failure = true;
	log_warning(
		"can't look at all cgroups (\"%s\": %s): those that are missed are looked for again every second or "
		"so, and have no verdict of their own until then%s",
		escape(shown, sizeof(shown), name, strlen(name)), strerror(-error),
		error == -EMFILE ? ". Raise the limit of open files (LimitNOFILE= of the unit)" : "");
}

static void drop_watch(struct watch *watch, struct cgroup *cgroup)
{
	inotify_rm_watch(watch->inotify, cgroup->watch);
	cgroup_drop_watch(&watch->tree, cgroup);
}

/*
 * What can't be looked at now, for want of memory, file descriptors or permission, is looked at again together with
 * the cgroups that have no watch. So the one whose list of children is not complete loses its watch.
 */
void scan_later(struct watch *watch, struct cgroup *listed, const char *name, int error)
{
	tell_about_failure(watch, name, error);
	if (error != -EACCES)
		watch->failure = error;
	if (listed->watch == NO_WATCH)
		return;
	drop_watch(watch, listed);
	watch->unwatched++;
}

/*
 * By way of the open directory, so that the watch, the id and the list of children are of one and the same cgroup,
 * whoever has the name by now.
 */
static void set_watch(struct watch *watch, struct cgroup *cgroup, int fd)
{
	char path[32];
	int descriptor = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	descriptor = inotify_add_watch(watch->inotify, path, IN_CREATE | IN_DELETE | IN_ONLYDIR);
	if (descriptor < 0) {
		tell_about_limit(watch, errno);
	} else if (cgroup_set_watch(&watch->tree, cgroup, descriptor) < 0) {
		inotify_rm_watch(watch->inotify, descriptor);
		tell_about_limit(watch, ENOMEM);
	} else {
		watch->unwatched--;
	}
}

static void vanish(struct watch *watch, struct cgroup *cgroup)
{
	struct cgroup *child = NULL;

	while ((child = LIST_FIRST(&cgroup->children)) != NULL)
		vanish(watch, child); /* NOLINT(misc-no-recursion): CGROUP_DEPTH_MAX bounds it */
	watch->listener.vanished(cgroup, watch->listener.userdata);
	/* a watch keeps the inode of a removed cgroup, and no IN_IGNORED comes: kernfs leaves the link count alone */
	if (cgroup->watch != NO_WATCH)
		drop_watch(watch, cgroup);
	else if (cgroup_wants_watch(cgroup))
		watch->unwatched--;
	cgroup_remove(&watch->tree, cgroup);
}

static void look_at_children(struct watch *watch, struct cgroup *cgroup, int fd, bool deep);

/* NOLINTBEGIN(misc-no-recursion): CGROUP_DEPTH_MAX bounds it */

/* Adds a cgroup to the tree and tells of it. Returns it, or NULL when there was no memory for all of it. */
static struct cgroup *appear(struct watch *watch, struct cgroup *parent, const char *name, uint64_t id)
{
	struct cgroup *cgroup = cgroup_add(&watch->tree, parent, name, id);

	if (cgroup == NULL)
		return NULL;
	watch->unwatched += cgroup_wants_watch(cgroup);
	if (watch->listener.appeared(cgroup, watch->listener.userdata) == 0)
		return cgroup;
	vanish(watch, cgroup);
	return NULL;
}

/*
 * Brings the tree in step with what stands at a name now.
 *
 * fd:   the directory of that name, which this closes, or the negative errno of opening it
 * deep: look below it even when it was known
 */
static void look_at(struct watch *watch, struct cgroup *parent, const char *name, int fd, bool deep)
{
	CLEANUP(closep) int directory = fd;
	struct cgroup *cgroup = cgroup_child(&watch->tree, parent, name);
	bool is_new = false;
	uint64_t id = 0;
	int error = fd < 0 ? fd : cgroup_read_id(fd, &id);

	if (error < 0 && !scan_means_gone(error)) {
		scan_later(watch, parent, name, error);
		return;
	}
	if (cgroup != NULL && (error < 0 || cgroup->id != id)) {
		vanish(watch, cgroup);
		cgroup = NULL;
	}
	if (error < 0)
		return;
	if (cgroup == NULL) {
		cgroup = appear(watch, parent, name, id);
		is_new = true;
	}
	if (cgroup == NULL) {
		scan_later(watch, parent, name, -ENOMEM);
		return;
	}
	cgroup->last_seen = watch->walk;
	if (!is_new && !deep)
		return;
	directory = -1;
	look_at_children(watch, cgroup, fd, deep);
}

void scan_name(struct watch *watch, struct cgroup *parent, int parent_fd, const char *name, bool deep)
{
	look_at(watch, parent, name, cgroup_open_directory(parent_fd, name), deep);
}

/* What is in the tree and was not listed is looked for by name: it may be gone or may have come meanwhile. */
static void look_for_unlisted(struct watch *watch, struct cgroup *cgroup, int fd)
{
	struct cgroup *child = LIST_FIRST(&cgroup->children);

	while (child != NULL) {
		struct cgroup *next = LIST_NEXT(child, sibling);

		if (child->last_seen != watch->walk)
			scan_name(watch, cgroup, fd, child->name, true);
		child = next;
	}
}

/* Returns 0 or a negative errno when not all of it could be read. */
static int list_children(struct watch *watch, struct cgroup *cgroup, DIR *directory, bool deep)
{
	const struct dirent *entry = NULL;

	for (;;) {
		errno = 0;
		entry = readdir(directory); /* NOLINT(concurrency-mt-unsafe): there is one thread */
		if (entry == NULL)
			break;
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			scan_name(watch, cgroup, dirfd(directory), entry->d_name, deep);
	}
	/* nothing can be read from O_PATH, which cgroup_open_directory() resorts to */
	return errno == EBADF ? -EACCES : -errno;
}

/*
 * Whether a cgroup has children. kernfs counts them in the directory's links (fs/kernfs/inode.c, kernfs_refresh_inode);
 * to list the directory of a new cgroup, which has none but has dozens of files, takes longer than all the rest.
 */
static bool has_children(int fd)
{
	struct stat status;

	return fstat(fd, &status) < 0 || status.st_nlink != LINKS_WITHOUT_CHILDREN;
}

/* fd: of the cgroup; this closes it */
static void read_children(struct watch *watch, struct cgroup *cgroup, int fd, bool deep)
{
	CLEANUP(closedirp) DIR *directory = fdopendir(fd);
	int error = 0;

	if (directory == NULL) {
		scan_later(watch, cgroup, cgroup->name, -errno);
		close(fd);
		return;
	}
	error = list_children(watch, cgroup, directory, deep);
	if (error < 0 && !scan_means_gone(error))
		scan_later(watch, cgroup, cgroup->name, error);
	if (deep)
		look_for_unlisted(watch, cgroup, fd);
}

/* fd: of the cgroup; this closes it */
static void look_at_children(struct watch *watch, struct cgroup *cgroup, int fd, bool deep)
{
	if (watch->inotify >= 0 && cgroup_wants_watch(cgroup))
		set_watch(watch, cgroup, fd);
	/* what is made from here on is told by the watch */
	if (cgroup->level < CGROUP_DEPTH_MAX && (!LIST_EMPTY(&cgroup->children) || has_children(fd)))
		read_children(watch, cgroup, fd, deep);
	else
		close(fd);
}

/* NOLINTEND(misc-no-recursion) */

static void scan_root(struct watch *watch)
{
	struct cgroup *root = watch->tree.root;
	int fd = scan_open(watch, root);

	if (fd < 0)
		scan_later(watch, root, "/", fd);
	else
		look_at_children(watch, root, fd, true);
}

void scan_cgroup(struct watch *watch, struct cgroup *cgroup)
{
	CLEANUP(closep) int parent = -1;

	if (cgroup->parent == NULL) {
		scan_root(watch);
		return;
	}
	parent = scan_open(watch, cgroup->parent);
	if (parent >= 0)
		scan_name(watch, cgroup->parent, parent, cgroup->name, true);
	else if (!scan_means_gone(parent))
		scan_later(watch, cgroup->parent, cgroup->name, parent);
}
