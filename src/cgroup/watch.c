/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cgroup/watch.h"

#include "cgroup/lookup.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

enum {
	EVENTS_SIZE = 64 * 1024,
	OPEN_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
};

static void closedirp(DIR **directory)
{
	if (*directory != NULL)
		closedir(*directory);
}

/* Opens a path below a directory, part by part where it is longer than one system call takes. */
static int open_below(int directory, char *path)
{
	int at = directory;
	char *rest = path + strspn(path, "/");

	while (strlen(rest) >= PATH_MAX) {
		char *cut = memrchr(rest, '/', PATH_MAX - 1);
		int next = -1;

		*cut = '\0';
		next = openat(at, rest, OPEN_FLAGS);
		*cut = '/';
		if (at != directory)
			close(at);
		if (next < 0)
			return -errno;
		at = next;
		rest = cut + 1;
	}
	if (*rest != '\0' || at == directory) {
		int last = openat(at, *rest != '\0' ? rest : ".", OPEN_FLAGS);
		int failure = errno;

		if (at != directory)
			close(at);
		return last < 0 ? -failure : last;
	}
	return at;
}

/* The child of that name, which need not exist, or the cgroup itself when name is NULL. */
static int open_cgroup(struct watch *watch, const struct cgroup *cgroup, const char *name)
{
	size_t length = cgroup_path(cgroup, watch->path);

	if (name != NULL)
		snprintf(watch->path + length, sizeof(watch->path) - length, "%s%s", cgroup->parent != NULL ? "/" : "",
			 name);
	return open_below(watch->root, watch->path);
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

/*
 * By way of the open directory, so that the watch, the id and the list of children are of one and the same cgroup,
 * whoever has the name by now.
 */
static int set_watch(struct watch *watch, struct cgroup *cgroup, int fd)
{
	char path[32];
	int descriptor = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	descriptor = inotify_add_watch(watch->inotify, path, IN_CREATE | IN_DELETE | IN_ONLYDIR);
	if (descriptor < 0) {
		tell_about_limit(watch, errno);
		return 0;
	}
	watch->unwatched--;
	return cgroup_set_watch(&watch->tree, cgroup, descriptor);
}

static bool wants_watch(const struct cgroup *cgroup)
{
	return cgroup->watch == NO_WATCH && cgroup->level < CGROUP_DEPTH_MAX;
}

static void vanish(struct watch *watch, struct cgroup *cgroup)
{
	struct cgroup *child = NULL;

	while ((child = LIST_FIRST(&cgroup->children)) != NULL)
		vanish(watch, child); /* NOLINT(misc-no-recursion): CGROUP_DEPTH_MAX bounds it */
	watch->listener.vanished(cgroup, watch->listener.userdata);
	/* a watch keeps the inode of a removed cgroup, and no IN_IGNORED comes: kernfs leaves the link count alone */
	if (cgroup->watch != NO_WATCH)
		inotify_rm_watch(watch->inotify, cgroup->watch);
	else if (wants_watch(cgroup))
		watch->unwatched--;
	cgroup_remove(&watch->tree, cgroup);
}

static int look_at_children(struct watch *watch, struct cgroup *cgroup, int fd, bool deep);

/* NOLINTBEGIN(misc-no-recursion): CGROUP_DEPTH_MAX bounds it */

/*
 * Brings the tree in step with what stands at a name now.
 *
 * fd:   the directory of that name, which this closes, or the negative errno of opening it
 * deep: look below it even when it was known
 */
static int look_at(struct watch *watch, struct cgroup *parent, const char *name, int fd, bool deep)
{
	CLEANUP(closep) int directory = fd;
	struct cgroup *cgroup = cgroup_child(&watch->tree, parent, name);
	bool is_new = false;
	uint64_t id = 0;
	int error = fd < 0 ? fd : cgroup_read_id(fd, &id);

	if (error < 0 && !means_gone(error))
		return error;
	if (cgroup != NULL && (error < 0 || cgroup->id != id)) {
		vanish(watch, cgroup);
		cgroup = NULL;
	}
	if (error < 0)
		return 0;
	if (cgroup == NULL) {
		cgroup = cgroup_add(&watch->tree, parent, name, id);
		if (cgroup == NULL)
			return -ENOMEM;
		is_new = true;
		watch->unwatched += wants_watch(cgroup);
		error = watch->listener.appeared(cgroup, watch->listener.userdata);
	}
	cgroup->last_seen = watch->walk;
	if (error < 0 || !(is_new || deep))
		return error;
	directory = -1;
	return look_at_children(watch, cgroup, fd, deep);
}

static int look_at_name(struct watch *watch, struct cgroup *parent, int parent_fd, const char *name, bool deep)
{
	int fd = openat(parent_fd, name, OPEN_FLAGS);

	return look_at(watch, parent, name, fd < 0 ? -errno : fd, deep);
}

/* What is in the tree and was not listed is looked for by name: it may be gone or may have come meanwhile. */
static int look_for_unlisted(struct watch *watch, struct cgroup *cgroup, int fd)
{
	struct cgroup *child = LIST_FIRST(&cgroup->children);
	int error = 0;

	while (child != NULL && error == 0) {
		struct cgroup *next = LIST_NEXT(child, sibling);

		if (child->last_seen != watch->walk)
			error = look_at_name(watch, cgroup, fd, child->name, true);
		child = next;
	}
	return error;
}

/* fd: of the cgroup; this closes it */
static int look_at_children(struct watch *watch, struct cgroup *cgroup, int fd, bool deep)
{
	CLEANUP(closedirp) DIR *directory = fdopendir(fd);
	const struct dirent *entry = NULL;
	int error = 0;

	if (directory == NULL) {
		error = -errno;
		close(fd);
		return error;
	}
	if (watch->inotify >= 0 && wants_watch(cgroup))
		error = set_watch(watch, cgroup, fd);
	if (error < 0 || cgroup->level == CGROUP_DEPTH_MAX)
		return error;
	while ((entry = readdir(directory)) != NULL) { /* NOLINT(concurrency-mt-unsafe): there is one thread */
		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		error = look_at_name(watch, cgroup, fd, entry->d_name, deep);
		if (error < 0)
			return error;
	}
	return deep ? look_for_unlisted(watch, cgroup, fd) : 0;
}

/* NOLINTEND(misc-no-recursion) */

static int explain(int result, struct error *error)
{
	if (result == -ENOMEM)
		return error_set(error, result, "no memory for the tree of cgroups");
	if (result < 0)
		return error_set(error, result, "can't walk the cgroups: %s", strerror(-result));
	return 0;
}

static int walk_from(struct watch *watch, struct cgroup *cgroup)
{
	int fd = open_cgroup(watch, cgroup, NULL);

	if (cgroup->parent != NULL)
		return look_at(watch, cgroup->parent, cgroup->name, fd, true);
	return fd < 0 ? fd : look_at_children(watch, cgroup, fd, true);
}

int watch_walk(struct watch *watch, struct error *error)
{
	watch->walk++;
	return explain(walk_from(watch, watch->tree.root), error);
}

int watch_walk_unwatched(struct watch *watch, struct error *error)
{
	struct cgroup *cgroup = watch->tree.root;
	int result = 0;

	watch->walk++;
	while (cgroup != NULL && result == 0) {
		struct cgroup *next = NULL;

		if (!wants_watch(cgroup)) {
			cgroup = cgroup_next(cgroup);
			continue;
		}
		/* what lies below it is walked with it, and may not be there any more afterwards */
		next = cgroup_next_outside(cgroup);
		result = walk_from(watch, cgroup);
		cgroup = next;
	}
	return explain(result, error);
}

static int handle_event(struct watch *watch, const struct inotify_event *event)
{
	struct cgroup *parent = NULL;

	if (event->mask & IN_Q_OVERFLOW) {
		log_warning(
			"the kernel's queue of cgroup events overflowed; all cgroups are walked again, none is lost. "
			"The sysctl fs.inotify.max_queued_events sets its length");
		watch->walk++;
		return walk_from(watch, watch->tree.root);
	}
	parent = cgroup_by_watch(&watch->tree, event->wd);
	if (parent == NULL || !(event->mask & (IN_CREATE | IN_DELETE)) || event->len == 0)
		return 0;
	return look_at(watch, parent, event->name, open_cgroup(watch, parent, event->name), false);
}

int watch_read(struct watch *watch, struct error *error)
{
	char events[EVENTS_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length = -1;
	int result = 0;

	do
		length = read(watch->inotify, events, sizeof(events));
	while (length < 0 && errno == EINTR);
	if (length < 0 && errno == EAGAIN)
		return 0;
	if (length < 0)
		return error_set(error, -errno, "can't read cgroup events: %s", strerror(errno));
	for (ssize_t at = 0; at < length && result == 0;) {
		const struct inotify_event *event = (const struct inotify_event *)(events + at);

		result = handle_event(watch, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return result < 0 ? explain(result, error) : 1;
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
	return explain(cgroup_tree_init(&watch->tree, id), error);
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
		return explain(-ENOMEM, error);
	result = open_root(watch, mount, &listener, error);
	if (result == 0)
		result = watch_walk(watch, error);
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
