/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/containers.h"

#include "container/members.h"
#include "container/netns.h"
#include "container/state.h"
#include "container/work.h"
#include "util/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define POLL_INTERVAL (2 * USEC_PER_SEC)
#define LOOK_INTERVAL (10 * USEC_PER_SEC)

/* Work is done for this long at a time, in usec; then everything else has its turn. */
#define PIECE UINT64_C(1000)

static int fd_of(const struct containers *containers, enum work work)
{
	return netlink_fd(work == WORK_NEWS ? &containers->interfaces.news : &containers->hints.netlink);
}

static int poll_for(struct containers *containers, enum work work, int operation, bool is_polled)
{
	struct epoll_event event = {.events = is_polled ? EPOLLIN : 0};

	containers->is_polled[work] = is_polled;
	return epoll_ctl(containers->poll, operation, fd_of(containers, work), &event) < 0 ? -errno : 0;
}

static int subscribe(struct containers *containers)
{
	int result = containers->poll < 0 ? -errno : netns_connect(&containers->asking);

	if (result == 0)
		result = interfaces_open(&containers->interfaces);
	if (result == 0)
		result = hints_open(&containers->hints);
	if (result == 0)
		result = poll_for(containers, WORK_NEWS, EPOLL_CTL_ADD, true);
	return result < 0 ? result : poll_for(containers, WORK_HINTS, EPOLL_CTL_ADD, true);
}

struct containers *containers_new(int directory, struct cgroup *root, struct error *error)
{
	struct containers *containers = calloc(1, sizeof(*containers));
	int result = 0;

	if (containers == NULL) {
		error_set(error, -ENOMEM, "no memory to look for containers");
		return NULL;
	}
	model_init(&containers->model, POLL_INTERVAL);
	occupants_init(&containers->occupants, LOOK_INTERVAL);
	look_init(&containers->look, directory);
	containers->poll = epoll_create1(EPOLL_CLOEXEC);
	result = subscribe(containers);
	if (result == 0)
		result = occupants_add_all(&containers->occupants, root);
	if (result < 0) {
		error_set(error, result, "can't look for containers: %s", strerror(-result));
		containers_free(containers);
		return NULL;
	}
	return containers;
}

int containers_fd(const struct containers *containers)
{
	return containers->poll;
}

/* Returns when a kind of work is due and has rested. */
static uint64_t due(const struct containers *containers, enum work work)
{
	const uint64_t due = work_due(containers, work);

	return due < containers->rests[work] ? containers->rests[work] : due;
}

uint64_t containers_deadline(const struct containers *containers)
{
	uint64_t deadline = UINT64_MAX;

	for (enum work work = 0; work < WORKS; work++) {
		if (due(containers, work) < deadline)
			deadline = due(containers, work);
	}
	return deadline;
}

/*
 * Returns whether the rest should wait, so that the caller can put in force what has changed: each container that has
 * appeared is known with its addresses and a cgroup.
 */
static bool should_tell(const struct containers *containers, enum work work)
{
	return work > WORK_POLLS && !TAILQ_EMPTY(&containers->model.changed) && containers->model.wanting == 0;
}

/* Returns whether there was anything to do. */
static bool do_piece(struct containers *containers, bool tells, uint64_t (*clock)(void))
{
	const uint64_t begun = clock();
	uint64_t now = begun;
	bool is_any = false;

	for (enum work work = 0; work < WORKS && now < begun + PIECE; work++) {
		const uint64_t before = now;

		while (now < begun + PIECE && due(containers, work) <= now &&
		       !(tells && should_tell(containers, work))) {
			work_do(containers, work, clock);
			now = clock();
			is_any = true;
		}
		if (now > before)
			containers->rests[work] = now + work_rest(work) * (now - before);
	}
	return is_any;
}

/* A descriptor is polled unless what is there has to wait. */
static void adjust_polling(struct containers *containers, uint64_t now)
{
	const bool is_listing = interfaces_is_listing(&containers->interfaces);
	const bool is_polled[] = {
		[WORK_NEWS] = !is_listing && (!containers->has_news || containers->rests[WORK_NEWS] <= now),
		[WORK_HINTS] = !containers->has_hints || containers->rests[WORK_HINTS] <= now,
	};

	if (is_polled[WORK_NEWS] != containers->is_polled[WORK_NEWS])
		poll_for(containers, WORK_NEWS, EPOLL_CTL_MOD, is_polled[WORK_NEWS]);
	if (is_polled[WORK_HINTS] != containers->is_polled[WORK_HINTS])
		poll_for(containers, WORK_HINTS, EPOLL_CTL_MOD, is_polled[WORK_HINTS]);
}

void containers_step(struct containers *containers, uint64_t (*clock)(void))
{
	containers->has_news = true;
	containers->has_hints = true;
	/* a caller who has not taken the last changes does not wait for these */
	do_piece(containers, TAILQ_EMPTY(&containers->model.changed), clock);
	adjust_polling(containers, clock());
}

bool containers_are_settled(const struct containers *containers)
{
	const struct known *known = NULL;

	TAILQ_FOREACH (known, &containers->model.items, next) {
		if (!known->is_asked)
			return false;
	}
	return containers->interfaces.is_known && !interfaces_is_listing(&containers->interfaces) &&
	       !containers->has_news && containers->search.left == 0;
}

bool containers_settle(struct containers *containers, uint64_t until, uint64_t (*clock)(void))
{
	bool is_any = true;

	containers->has_news = true;
	while (is_any && !containers_are_settled(containers) && clock() < until) {
		memset(containers->rests, 0, sizeof(containers->rests));
		is_any = do_piece(containers, false, clock);
	}
	adjust_polling(containers, clock());
	return containers_are_settled(containers);
}

int containers_appeared(struct containers *containers, struct cgroup *cgroup, uint64_t now)
{
	struct occupant *occupant = occupants_add(&containers->occupants, cgroup, now);

	if (occupant == NULL)
		return -ENOMEM;
	if (containers->model.count > 0)
		occupants_restart(&containers->occupants, occupant, now);
	return 0;
}

void containers_entered(struct containers *containers, struct cgroup *cgroup, uint64_t now)
{
	if (cgroup->occupant != NULL && containers->model.count > 0)
		occupants_restart(&containers->occupants, cgroup->occupant, now);
}

void containers_vanished(struct containers *containers, struct cgroup *cgroup, uint64_t now)
{
	if (cgroup->occupant == NULL)
		return;
	members_leave_all(&containers->model, &cgroup->occupant->member, now);
	occupants_remove(&containers->occupants, cgroup);
}

struct container *containers_take_changed(struct containers *containers)
{
	return model_take_changed(&containers->model);
}

struct container *containers_next(const struct containers *containers, const struct container *container)
{
	return model_next(&containers->model, container);
}

void containers_free(struct containers *containers)
{
	if (containers == NULL)
		return;
	model_clear(&containers->model);
	occupants_clear(&containers->occupants);
	interfaces_close(&containers->interfaces);
	hints_close(&containers->hints);
	netlink_close(&containers->asking);
	if (containers->poll >= 0)
		close(containers->poll);
	free(containers);
}
