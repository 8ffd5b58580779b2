/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cgroup/watch.h"

#include "cgroup/lookup.h"
#include "cgroup/scan.h"
#include "cgroup/share.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>

enum {
	EVENTS_SIZE = 64 * 1024,
	/* cgroups without a watch to scan per call, and names of children after which a call ends */
	LOOKS = 256,
	NAMES = 1000,
};

int watch_walk(struct watch *watch, struct error *error)
{
	watch->walk++;
	watch->failure = 0;
	scan_cgroup(watch, watch->tree.root);
	if (watch->failure < 0)
		return error_set(error, watch->failure, "can't scan all cgroups: %s", strerror(-watch->failure));
	return 0;
}

bool watch_look(struct watch *watch, uint64_t now)
{
	watch->names = 0;
	for (int i = 0; i < LOOKS && watch->names < NAMES; i++) {
		struct watch_share *share = share_next(watch, now);

		if (share == NULL)
			return false;
		scan_unwatched(watch, share);
	}
	return true;
}

/* The directory of an event: opened once for consecutive events and closed after the last. */
struct open_parent {
	uint64_t id;
	int fd; /* or a negative errno */
};

static void open_parentp(const struct open_parent *parent)
{
	closep(&parent->fd);
}

static int open_parent_of_event(struct watch *watch, struct open_parent *open, const struct cgroup *parent)
{
	if (open->fd >= 0 && open->id == parent->id)
		return open->fd;
	closep(&open->fd);
	*open = (struct open_parent){parent->id, scan_open(watch, parent)};
	return open->fd;
}

static void handle_overflow(struct watch *watch)
{
	log_warning("the kernel's queue of cgroup events overflowed; rescanning all cgroups, none is lost. The sysctl "
		    "fs.inotify.max_queued_events sets its length");
	watch->walk++;
	scan_cgroup(watch, watch->tree.root);
}

/* Watches that were made for a listener who wants to know of this stay as they are when there is none any more. */
static void handle_write(struct watch *watch, struct cgroup *cgroup, const char *file)
{
	if (watch->listener.entered == NULL)
		return;
	if (strcmp(file, "cgroup.procs") == 0 || strcmp(file, "cgroup.threads") == 0)
		watch->listener.entered(cgroup, watch->listener.userdata);
}

/*
 * An event of a directory that was removed since says nothing about another one with the same name: its child is gone
 * with it, which the parent's events report.
 */
static void handle_event(struct watch *watch, const struct inotify_event *event, struct open_parent *open)
{
	struct cgroup *parent = NULL;
	int fd = -1;

	if (event->mask & IN_Q_OVERFLOW) {
		handle_overflow(watch);
		return;
	}
	parent = cgroup_by_watch(&watch->tree, event->wd);
	if (parent == NULL || event->len == 0)
		return;
	if (event->mask & IN_MODIFY)
		handle_write(watch, parent, event->name);
	if (!(event->mask & (IN_CREATE | IN_DELETE)))
		return;
	fd = open_parent_of_event(watch, open, parent);
	if (fd >= 0)
		scan_name(watch, parent, fd, event->name, false);
	else if (!scan_means_gone(fd))
		scan_later(watch, parent, event->name, fd);
}

int watch_read(struct watch *watch, struct error *error)
{
	char events[EVENTS_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
	CLEANUP(open_parentp) struct open_parent open = {.fd = -1};
	ssize_t length = -1;

	do
		length = read(watch->inotify, events, sizeof(events));
	while (length < 0 && errno == EINTR);
	/* when out of memory, they stay queued and the descriptor readable */
	if (length < 0 && (errno == EAGAIN || errno == ENOMEM))
		return 0;
	if (length < 0)
		return error_set(error, -errno, "can't read cgroup events: %s", strerror(errno));
	for (ssize_t at = 0; at < length;) {
		const struct inotify_event *event = (const struct inotify_event *)(events + at);

		handle_event(watch, event, &open);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return 1;
}

static int open_root(struct watch *watch, const char *mount, const struct watch_listener *listener, struct error *error)
{
	char shown[ESCAPED_SIZE(PATH_MAX)];
	uint64_t id = 0;
	int result = 0;

	*watch = (struct watch){.inotify = -1, .root = -1, .listener = *listener};
	escape(shown, sizeof(shown), mount, strlen(mount));
	watch->root = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (watch->root < 0)
		return error_set(error, -errno, "can't open the cgroup2 mount %s: %s", shown, strerror(errno));
	result = cgroup_read_id(watch->root, &id);
	if (result < 0)
		return error_set(error, result, "can't read the id of the root cgroup %s: %s", shown,
				 strerror(-result));
	result = cgroup_tree_init(&watch->tree, id);
	if (result == 0)
		result = share_init(watch);
	return result < 0 ? error_set(error, result, "no memory for the cgroup tree") : 0;
}

int watch_open(struct watch *watch, const char *mount, uint32_t depth, const struct watch_listener *listener,
	       struct error *error)
{
	int result = open_root(watch, mount, listener, error);

	if (result < 0)
		return result;
	watch->tree.depth = depth;
	watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->inotify < 0)
		return error_set(error, -errno, "can't watch cgroups with inotify: %s%s", strerror(errno),
				 errno == EMFILE ? _(". Raise the sysctl fs.inotify.max_user_instances") : "");
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
		return error_set(error, -ENOMEM, "no memory for the cgroup tree");
	result = open_root(watch, mount, &listener, error);
	watch->told_about_failure = true; /* nothing is retried here */
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
	share_clear(watch);
	if (watch->tree.root != NULL)
		cgroup_tree_clear(&watch->tree);
	watch->inotify = -1;
	watch->root = -1;
}
