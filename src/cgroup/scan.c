/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cgroup/scan.h"

#include "cgroup/directory.h"
#include "cgroup/lookup.h"
#include "cgroup/share.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum {
	LINKS_WITHOUT_CHILDREN = 2, /* its name and "." */
	LISTED_AT_A_TIME = 500,
};

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

static void tell_about_failure(struct watch *watch, const char *name, int error)
{
	char shown[ESCAPED_SIZE(NAME_MAX)];

	if (watch->told_about_failure)
		return;
	watch->told_about_failure = true;
	log_warning("can't scan all cgroups (\"%s\": %s): the missing ones are looked for again about every second and "
		    "have no verdict of their own until found%s",
		    escape_but_backslash(shown, sizeof(shown), name, strlen(name)), strerror(-error),
		    error == -EMFILE ? _(". Raise the open files limit (LimitNOFILE= of the unit)") : "");
}

/*
 * Cgroups that can't be scanned now, for lack of memory, file descriptors or permission, are scanned again along with
 * those without a watch. So a cgroup whose list of children is incomplete loses its watch.
 */
void scan_later(struct watch *watch, struct cgroup *listed, const char *name, int error)
{
	tell_about_failure(watch, name, error);
	if (error != -EACCES)
		watch->failure = error;
	if (listed->watch != NO_WATCH)
		share_unwatch(watch, listed);
}

static void vanish(struct watch *watch, struct cgroup *cgroup)
{
	struct cgroup *child = NULL;

	while ((child = LIST_FIRST(&cgroup->children)) != NULL)
		vanish(watch, child); /* NOLINT(misc-no-recursion): CGROUP_DEPTH_MAX bounds it */
	watch->listener.vanished(cgroup, watch->listener.userdata);
	share_leave(watch, cgroup);
	cgroup_remove(&watch->tree, cgroup);
}

static void look_at_children(struct watch *watch, struct cgroup *cgroup, int fd, bool deep);

/* NOLINTBEGIN(misc-no-recursion): CGROUP_DEPTH_MAX bounds it */

/* Adds a cgroup to the tree and notifies the listener. Returns it, or NULL when out of memory. */
static struct cgroup *appear(struct watch *watch, struct cgroup *parent, const char *name, uint64_t id)
{
	struct cgroup *cgroup = cgroup_add(&watch->tree, parent, name, id);

	if (cgroup == NULL)
		return NULL;
	if (share_join(watch, cgroup) < 0) {
		cgroup_remove(&watch->tree, cgroup);
		return NULL;
	}
	if (watch->listener.appeared(cgroup, watch->listener.userdata) == 0)
		return cgroup;
	vanish(watch, cgroup);
	return NULL;
}

/*
 * Synchronizes the tree with whatever has this name now.
 *
 * fd:   the directory of that name, which this closes, or the negative errno from opening it
 * deep: scan its descendants even if it was known already
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

/*
 * Looks up by name what is in the tree but was not listed: it may have been removed, or created meanwhile.
 *
 * walk: number of the listing walk
 */
static void look_for_unlisted(struct watch *watch, struct cgroup *cgroup, int fd, uint32_t walk, bool deep)
{
	struct cgroup *child = LIST_FIRST(&cgroup->children);

	while (child != NULL) {
		struct cgroup *next = LIST_NEXT(child, sibling);

		if (child->last_seen != walk)
			scan_name(watch, cgroup, fd, child->name, deep);
		child = next;
	}
}

/*
 * Reads the name of the next child. Returns 1, 0 at the end, or a negative errno when not all can be read.
 *
 * An O_PATH descriptor, to which cgroup_open_directory() falls back, can't be read.
 */
static int next_child(DIR *directory, const struct dirent **entry)
{
	do {
		errno = 0;
		*entry = readdir(directory); /* NOLINT(concurrency-mt-unsafe): there is one thread */
		if (*entry == NULL)
			return errno == EBADF ? -EACCES : -errno;
	} while ((*entry)->d_type != DT_DIR || strcmp((*entry)->d_name, ".") == 0 ||
		 strcmp((*entry)->d_name, "..") == 0);
	return 1;
}

/* Returns 0, or a negative errno when not all children could be read. */
static int list_children(struct watch *watch, struct cgroup *cgroup, DIR *directory, bool deep)
{
	const struct dirent *entry = NULL;
	int result = 0;

	while ((result = next_child(directory, &entry)) > 0)
		scan_name(watch, cgroup, dirfd(directory), entry->d_name, deep);
	return result;
}

/*
 * Whether a cgroup has children. kernfs counts them in the directory's links (fs/kernfs/inode.c, kernfs_refresh_inode);
 * listing the directory of a new cgroup, which has no children but dozens of files, would take longer than everything
 * else.
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
		look_for_unlisted(watch, cgroup, fd, watch->walk, true);
}

/* fd: of the cgroup; this closes it */
static void look_at_children(struct watch *watch, struct cgroup *cgroup, int fd, bool deep)
{
	if (watch->inotify >= 0 && cgroup_wants_watch(&watch->tree, cgroup))
		share_watch(watch, cgroup, fd);
	/* from here on the watch reports new children */
	if (cgroup->level < watch->tree.depth && (!LIST_EMPTY(&cgroup->children) || has_children(fd)))
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

/*
 * A kernfs directory's inode number is its id (fs/kernfs/dir.c, kernfs_fop_readdir), so known children need not be
 * opened. On 32-bit kernels it is only part of the id.
 */
static bool is_known(const struct watch *watch, struct cgroup *cgroup, const struct dirent *entry, uint32_t walk)
{
	struct cgroup *child = cgroup_child(&watch->tree, cgroup, entry->d_name);

	if (child == NULL || child->id != entry->d_ino || child->id <= UINT32_MAX)
		return false;
	child->last_seen = walk;
	return true;
}

/* Lists up to @most children from where the last call stopped. Returns whether it reached the end. */
static bool list_some(struct watch *watch, struct watch_share *share, struct cgroup *cgroup, DIR *directory,
		      size_t most)
{
	const struct dirent *entry = NULL;
	int result = 1;

	if (share->position != 0)
		seekdir(directory, share->position);
	while (most-- > 0 && (result = next_child(directory, &entry)) > 0) {
		watch->names++;
		if (!is_known(watch, cgroup, entry, share->walk))
			scan_name(watch, cgroup, dirfd(directory), entry->d_name, false);
	}
	share->position = telldir(directory);
	if (result > 0)
		return false;
	if (result < 0 && !scan_means_gone(result))
		scan_later(watch, cgroup, cgroup->name, result);
	look_for_unlisted(watch, cgroup, dirfd(directory), share->walk, false);
	return true;
}

/* Returns whether all of it was scanned. fd: of the cgroup; this closes it */
static bool look_at_unwatched(struct watch *watch, struct watch_share *share, struct cgroup *cgroup, int fd)
{
	CLEANUP(closedirp) DIR *directory = NULL;

	share_watch(watch, cgroup, fd);
	if (LIST_EMPTY(&cgroup->children) && !has_children(fd)) {
		close(fd);
		return true;
	}
	directory = fdopendir(fd);
	if (directory == NULL) {
		scan_later(watch, cgroup, cgroup->name, -errno);
		close(fd);
		return true;
	}
	if (cgroup->watch != NO_WATCH || share->listed_id != cgroup->id || share->position == 0) {
		share->listed_id = cgroup->id;
		share->position = 0;
		share->walk = ++watch->walk;
	}
	/* from here on its watch reports new children, but not those created until now */
	return list_some(watch, share, cgroup, directory, cgroup->watch != NO_WATCH ? SIZE_MAX : LISTED_AT_A_TIME);
}

void scan_unwatched(struct watch *watch, struct watch_share *share)
{
	struct cgroup *cgroup = TAILQ_FIRST(&share->unwatched);
	int fd = scan_open(watch, cgroup);
	bool done = true;

	if (fd >= 0)
		done = look_at_unwatched(watch, share, cgroup, fd);
	else if (!scan_means_gone(fd))
		scan_later(watch, cgroup, cgroup->name, fd);
	if (done)
		share_looked(share, cgroup->watch == NO_WATCH ? cgroup : NULL);
}
