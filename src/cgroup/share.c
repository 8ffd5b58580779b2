/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cgroup/share.h"

#include "util/escape.h"
#include "util/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

/* Minimum interval between the starts of two rounds of scanning all unwatched cgroups of a share, in usec. */
#define ROUND_PAUSE UINT64_C(1000000)

static struct watch_share *make(struct watch *watch, const struct cgroup *top)
{
	struct watch_share *share = calloc(1, sizeof(*share));

	if (share == NULL)
		return NULL;
	share->top = top;
	TAILQ_INIT(&share->watched);
	TAILQ_INIT(&share->unwatched);
	TAILQ_INSERT_TAIL(&watch->shares, share, next);
	return share;
}

static void add_unwatched(struct watch *watch, struct cgroup *cgroup)
{
	if (!cgroup_wants_watch(&watch->tree, cgroup))
		return;
	TAILQ_INSERT_TAIL(&cgroup->share->unwatched, cgroup, in_share);
	cgroup->share->unwatched_count++;
	watch->unwatched++;
}

static void remove_unwatched(struct watch *watch, struct cgroup *cgroup)
{
	if (!cgroup_wants_watch(&watch->tree, cgroup))
		return;
	TAILQ_REMOVE(&cgroup->share->unwatched, cgroup, in_share);
	cgroup->share->unwatched_count--;
	watch->unwatched--;
}

int share_init(struct watch *watch)
{
	struct cgroup *root = watch->tree.root;

	TAILQ_INIT(&watch->shares);
	root->share = make(watch, NULL);
	if (root->share == NULL)
		return -ENOMEM;
	add_unwatched(watch, root);
	return 0;
}

static bool is_the_systems(const char *name)
{
	static const char slice[] = ".slice";
	static const char user[] = "user-";
	size_t length = strlen(name);
	size_t ending = strlen(slice);

	return length > ending && strcmp(name + length - ending, slice) == 0 && strncmp(name, user, strlen(user)) != 0;
}

int share_join(struct watch *watch, struct cgroup *cgroup)
{
	cgroup->share = cgroup->parent->share;
	if (cgroup->share->top == NULL && !is_the_systems(cgroup->name))
		cgroup->share = make(watch, cgroup);
	if (cgroup->share == NULL)
		return -ENOMEM;
	add_unwatched(watch, cgroup);
	return 0;
}

static void forget_watch(struct watch *watch, struct cgroup *cgroup)
{
	inotify_rm_watch(watch->inotify, cgroup->watch);
	cgroup_drop_watch(&watch->tree, cgroup);
	TAILQ_REMOVE(&cgroup->share->watched, cgroup, in_share);
	cgroup->share->watched_count--;
}

static void release(struct watch *watch, struct watch_share *share)
{
	TAILQ_REMOVE(&watch->shares, share, next);
	free(share);
}

/* A watch pins the inode of a removed cgroup, and no IN_IGNORED follows: kernfs doesn't drop the link count. */
void share_leave(struct watch *watch, struct cgroup *cgroup)
{
	if (cgroup->watch != NO_WATCH)
		forget_watch(watch, cgroup);
	else
		remove_unwatched(watch, cgroup);
	if (cgroup->share->top == cgroup)
		release(watch, cgroup->share);
	cgroup->share = NULL;
}

void share_unwatch(struct watch *watch, struct cgroup *cgroup)
{
	forget_watch(watch, cgroup);
	add_unwatched(watch, cgroup);
}

static struct watch_share *largest_share(const struct watch *watch)
{
	struct watch_share *largest = NULL;
	struct watch_share *share = NULL;

	TAILQ_FOREACH (share, &watch->shares, next) {
		/* cppcheck-suppress knownConditionTrueFalse ; it misses that the loop continues */
		if (share->top != NULL && (largest == NULL || share->watched_count > largest->watched_count))
			largest = share;
	}
	return largest;
}

static void tell_about_limit(struct watch *watch, int failure)
{
	const struct watch_share *largest = largest_share(watch);
	char shown[ESCAPED_SIZE(NAME_MAX)] = "";

	if (watch->told_about_limit)
		return;
	watch->told_about_limit = true;
	if (largest != NULL)
		escape_but_backslash(shown, sizeof(shown), largest->top->name, strlen(largest->top->name));
	if (failure == ENOSPC)
		log_warning("out of inotify watches for some cgroups: new cgroups below them are found by polling, "
			    "about every second. Raise the sysctl fs.inotify.max_user_watches. Most watches (%zu) are "
			    "for \"%s\" and its descendants, which yield theirs to others",
			    largest != NULL ? largest->watched_count : 0, shown);
	else
		log_warning("can't watch some cgroups (%s): new cgroups below them are found by polling, about every "
			    "second",
			    strerror(failure));
}

/* Frees a watch of the largest share for one that has fewer. Returns whether it did. */
static bool take_from_largest(struct watch *watch, const struct watch_share *share)
{
	struct watch_share *largest = largest_share(watch);
	size_t own = share->top != NULL ? share->watched_count + 1 : 0;

	if (largest == NULL || largest == share || largest->watched_count <= own)
		return false;
	share_unwatch(watch, TAILQ_LAST(&largest->watched, cgroup_queue));
	return true;
}

void share_watch(struct watch *watch, struct cgroup *cgroup, int fd)
{
	struct watch_share *share = cgroup->share;
	const uint32_t events = IN_CREATE | IN_DELETE | (watch->listener.entered != NULL ? IN_MODIFY : 0);
	char path[32];
	int descriptor = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	do
		descriptor = inotify_add_watch(watch->inotify, path, events | IN_ONLYDIR);
	while (descriptor < 0 && errno == ENOSPC && take_from_largest(watch, share));
	if (descriptor < 0) {
		tell_about_limit(watch, errno);
		return;
	}
	remove_unwatched(watch, cgroup);
	if (cgroup_set_watch(&watch->tree, cgroup, descriptor) < 0) {
		inotify_rm_watch(watch->inotify, descriptor);
		tell_about_limit(watch, ENOMEM);
		add_unwatched(watch, cgroup);
		return;
	}
	TAILQ_INSERT_TAIL(&share->watched, cgroup, in_share);
	share->watched_count++;
}

static bool is_due(struct watch_share *share, uint64_t now)
{
	if (share->left == 0 && share->next_round <= now) {
		share->left = share->unwatched_count;
		share->next_round = now + ROUND_PAUSE;
	}
	return share->left > 0 && share->unwatched_count > 0;
}

struct watch_share *share_next(struct watch *watch, uint64_t now)
{
	struct watch_share *last = TAILQ_LAST(&watch->shares, watch_shares);
	struct watch_share *share = NULL;

	do {
		share = TAILQ_FIRST(&watch->shares);
		TAILQ_REMOVE(&watch->shares, share, next);
		TAILQ_INSERT_TAIL(&watch->shares, share, next);
		if (is_due(share, now))
			return share;
	} while (share != last);
	return NULL;
}

void share_looked(struct watch_share *share, struct cgroup *cgroup)
{
	if (share->left > 0)
		share->left--;
	share->position = 0;
	if (cgroup == NULL)
		return;
	TAILQ_REMOVE(&share->unwatched, cgroup, in_share);
	TAILQ_INSERT_TAIL(&share->unwatched, cgroup, in_share);
}

void share_clear(struct watch *watch)
{
	struct watch_share *share = NULL;

	while ((share = TAILQ_FIRST(&watch->shares)) != NULL)
		release(watch, share);
}
