/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cgroup/watch.h"

#include "cgroup/directory.h"
#include "cgroup/lookup.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/log.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

enum {
	EVENTS_SIZE = 64 * 1024,
	LINKS_WITHOUT_CHILDREN = 2, /* its name and "." */
};

static void closedirp(DIR **directory)
{
	if (*directory != NULL)
		closedir(*directory);
}

/* The child of that name, which need not exist, or the cgroup itself when name is NULL. */
static int open_cgroup(struct watch *watch, const struct cgroup *cgroup, const char *name)
{
	size_t length = cgroup_path(cgroup, watch->path);

	if (name != NULL)
		snprintf(watch->path + length, sizeof(watch->path) - length, "%s%s", cgroup->parent != NULL ? "/" : "",
			 name);
	return cgroup_open_below(watch->root, watch->path);
}

/* A cgroup that is removed while it is looked at is no error: its parent's directory tells of it. */
static bool means_gone(int error)
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

static bool wants_watch(const struct cgroup *cgroup)
{
	return cgroup->watch == NO_WATCH && cgroup->level < CGROUP_DEPTH_MAX;
}

static void drop_watch(struct watch *watch, struct cgroup *cgroup)
{
	inotify_rm_watch(watch->inotify, cgroup->watch);
	cgroup_drop_watch(&watch->tree, cgroup);
}

/*
 * What can't be looked at now, for want of memory, file descriptors or permission, is looked at again together with
 * the cgroups that have no watch. So the one whose list of children is not complete loses its watch.
 *
 * name:  of the cgroup that was not looked at, either @listed itself or a child of its
 */
static void look_later(struct watch *watch, struct cgroup *listed, const char *name, int error)
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
	else if (wants_watch(cgroup))
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
	watch->unwatched += wants_watch(cgroup);
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

	if (error < 0 && !means_gone(error)) {
		look_later(watch, parent, name, error);
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
		look_later(watch, parent, name, -ENOMEM);
		return;
	}
	cgroup->last_seen = watch->walk;
	if (!is_new && !deep)
		return;
	directory = -1;
	look_at_children(watch, cgroup, fd, deep);
}

static void look_at_name(struct watch *watch, struct cgroup *parent, int parent_fd, const char *name, bool deep)
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
			look_at_name(watch, cgroup, fd, child->name, true);
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
			look_at_name(watch, cgroup, dirfd(directory), entry->d_name, deep);
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
		look_later(watch, cgroup, cgroup->name, -errno);
		close(fd);
		return;
	}
	error = list_children(watch, cgroup, directory, deep);
	if (error < 0 && !means_gone(error))
		look_later(watch, cgroup, cgroup->name, error);
	if (deep)
		look_for_unlisted(watch, cgroup, fd);
}

/* fd: of the cgroup; this closes it */
static void look_at_children(struct watch *watch, struct cgroup *cgroup, int fd, bool deep)
{
	if (watch->inotify >= 0 && wants_watch(cgroup))
		set_watch(watch, cgroup, fd);
	/* what is made from here on is told by the watch */
	if (cgroup->level < CGROUP_DEPTH_MAX && (!LIST_EMPTY(&cgroup->children) || has_children(fd)))
		read_children(watch, cgroup, fd, deep);
	else
		close(fd);
}

/* NOLINTEND(misc-no-recursion) */

static void walk_from(struct watch *watch, struct cgroup *cgroup)
{
	int fd = open_cgroup(watch, cgroup, NULL);

	if (cgroup->parent != NULL)
		look_at(watch, cgroup->parent, cgroup->name, fd, true);
	else if (fd < 0)
		look_later(watch, cgroup, "/", fd);
	else
		look_at_children(watch, cgroup, fd, true);
}

int watch_walk(struct watch *watch, struct error *error)
{
	watch->walk++;
	watch->failure = 0;
	walk_from(watch, watch->tree.root);
	if (watch->failure < 0)
		return error_set(error, watch->failure, "can't look at all cgroups: %s", strerror(-watch->failure));
	return 0;
}

void watch_walk_unwatched(struct watch *watch)
{
	struct cgroup *cgroup = watch->tree.root;

	watch->walk++;
	while (cgroup != NULL) {
		struct cgroup *next = NULL;

		if (!wants_watch(cgroup)) {
			cgroup = cgroup_next(cgroup);
			continue;
		}
		/* what lies below it is walked with it, and may not be there any more afterwards */
		next = cgroup_next_outside(cgroup);
		walk_from(watch, cgroup);
		cgroup = next;
	}
}

static void handle_event(struct watch *watch, const struct inotify_event *event)
{
	struct cgroup *parent = NULL;

	if (event->mask & IN_Q_OVERFLOW) {
		log_warning(
			"the kernel's queue of cgroup events overflowed; all cgroups are walked again, none is lost. "
			"The sysctl fs.inotify.max_queued_events sets its length");
		watch->walk++;
		walk_from(watch, watch->tree.root);
		return;
	}
	parent = cgroup_by_watch(&watch->tree, event->wd);
	if (parent == NULL || !(event->mask & (IN_CREATE | IN_DELETE)) || event->len == 0)
		return;
	look_at(watch, parent, event->name, open_cgroup(watch, parent, event->name), false);
}

int watch_read(struct watch *watch, struct error *error)
{
	char events[EVENTS_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length = -1;

	do
		length = read(watch->inotify, events, sizeof(events));
	while (length < 0 && errno == EINTR);
	if (length < 0 && errno == EAGAIN)
		return 0;
	if (length < 0)
		return error_set(error, -errno, "can't read cgroup events: %s", strerror(errno));
	for (ssize_t at = 0; at < length;) {
		const struct inotify_event *event = (const struct inotify_event *)(events + at);

		handle_event(watch, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return 1;
}

static int open_root(struct watch *watch, const char *mount, const struct watch_listener *listener, struct error *error)
{
	char shown[ESCAPED_SIZE(PATH_MAX)];
	uint64_t id = 0;
	int result = 0;

	*watch = (struct watch){.inotify = -1, .root = -1, .listener = *listener, .unwatched = 1};
	escape(shown, sizeof(shown), mount, strlen(mount));
	watch->root = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (watch->root < 0)
		return error_set(error, -errno, "can't open the cgroup2 mount %s: %s", shown, strerror(errno));
	result = cgroup_read_id(watch->root, &id);
	if (result < 0)
		return error_set(error, result, "can't read the id of the root cgroup %s: %s", shown,
				 strerror(-result));
	result = cgroup_tree_init(&watch->tree, id);
	return result < 0 ? error_set(error, result, "no memory for the tree of cgroups") : 0;
}

int watch_open(struct watch *watch, const char *mount, const struct watch_listener *listener, struct error *error)
{
	int result = open_root(watch, mount, listener, error);

	if (result < 0)
		return result;
	watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->inotify < 0)
		return error_set(error, -errno, "can't watch cgroups with inotify: %s%s", strerror(errno),
				 errno == EMFILE ? ". Raise the sysctl fs.inotify.max_user_instances" : "");
	return 0;
}

static int ignore_appeared(struct cgroup *cgroup, void *userdata)
{
	(void)cgroup;
	(void)userdata;
	return 0;
}

static void ignore_vanished(struct cgroup *cgroup, void *userdata)
{
	(void)cgroup;
	(void)userdata;
}

int cgroup_tree_read(struct cgroup_tree *tree, const char *mount, struct error *error)
{
	static const struct watch_listener listener = {ignore_appeared, ignore_vanished, NULL};
	CLEANUP(freep) struct watch *watch = malloc(sizeof(*watch));
	int result = 0;

	if (watch == NULL)
		return error_set(error, -ENOMEM, "no memory for the tree of cgroups");
	result = open_root(watch, mount, &listener, error);
	watch->told_about_failure = true; /* nothing is looked for again here */
	if (result == 0) {
		assert(watch->tree.root != NULL);
		result = watch_walk(watch, error);
	}
	if (result == 0) {
		*tree = watch->tree;
		watch->tree = (struct cgroup_tree){0};
	}
	watch_close(watch);
	return result;
}

void watch_close(struct watch *watch)
{
	closep(&watch->inotify);
	closep(&watch->root);
	if (watch->tree.root != NULL)
		cgroup_tree_clear(&watch->tree);
	watch->inotify = -1;
	watch->root = -1;
}
