/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/work.h"

#include "container/addresses.h"
#include "util/log.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Follows up on containers that have appeared since there were so many; all of their cgroups are there, or one yet. */
static void welcome_new(struct containers *containers, uint64_t before, bool is_complete, uint64_t now)
{
	const bool is_searching = containers->search.left > 0;

	if (containers->model.last_number == before)
		return;
	search_extend(&containers->search, &containers->occupants, is_complete, now);
	occupants_try_newest(&containers->occupants, is_searching, now);
}

/* A namespace may have ended and its id been given to another one: all that is known is looked at again. */
static void doubt_all(struct containers *containers, uint64_t now)
{
	struct known *known = NULL;
	struct schedule_item *item = NULL;

	TAILQ_FOREACH (known, &containers->model.items, next)
		schedule_hasten(&containers->model.polls, &known->poll, now);
	while ((item = schedule_first_steady(&containers->occupants.looks)) != NULL)
		schedule_hasten(&containers->occupants.looks, item, now);
}

static uint64_t news_due(const struct containers *containers)
{
	return containers->has_news && !interfaces_is_listing(&containers->interfaces) ? 0 : UINT64_MAX;
}

static void hear_news(struct containers *containers, uint64_t (*clock)(void))
{
	const uint64_t before = containers->model.last_number;
	const uint64_t now = clock();

	containers->has_news = interfaces_hear(&containers->interfaces, &containers->asking, &containers->model, now);
	welcome_new(containers, before, false, now);
	if (containers->interfaces.has_lost)
		doubt_all(containers, now);
	containers->interfaces.has_lost = false;
}

static uint64_t list_due(const struct containers *containers)
{
	return interfaces_due(&containers->interfaces);
}

static void list(struct containers *containers, uint64_t (*clock)(void))
{
	const uint64_t before = containers->model.last_number;
	const bool is_first = !containers->interfaces.is_known;

	interfaces_list(&containers->interfaces, &containers->model, clock);
	welcome_new(containers, before, is_first, clock());
}

static uint64_t due_of(const struct schedule_item *item)
{
	return item != NULL ? item->due : UINT64_MAX;
}

static void tell_failure(struct containers *containers, int result)
{
	if (result < 0 && !containers->told_failure)
		log_warning(
			"can't ask for the addresses of a container's network, so what it sends over a bridge can't be "
			"told from what others send; trying again: %s",
			strerror(-result));
	containers->told_failure = result < 0;
}

static void tell_left_out(struct known *known, const struct addresses *addresses)
{
	if (addresses->left_out && !known->left_out)
		log_warning("a container has more than %d addresses (link-netnsid %d); the rest is ignored",
			    ADDRESSES_MAX, known->container.netns);
	known->left_out = addresses->left_out;
}

static void poll_addresses(struct containers *containers, struct known *known, uint64_t now)
{
	struct model *model = &containers->model;
	struct addresses addresses;
	int result = addresses_ask(&containers->asking, known->container.netns, &addresses);

	/* the namespace has ended; if not, the next list will have it */
	if (result == -EINVAL) {
		model_remove_netns(model, known->container.netns, now);
		return;
	}
	if (result == 0) {
		tell_left_out(known, &addresses);
		result = model_put_addresses(model, known, &addresses, now);
	}
	if (result == -EINTR)
		schedule_restart(&model->polls, &known->poll, now);
	else
		tell_failure(containers, result);
	known->is_asked = known->is_asked || result != -EINTR;
	schedule_again(&model->polls, &known->poll, now);
}

static struct known *known_of(struct schedule_item *item)
{
	return (struct known *)(void *)((char *)item - offsetof(struct known, poll));
}

static uint64_t polls_due(const struct containers *containers)
{
	return due_of(schedule_first_fresh(&containers->model.polls));
}

static void poll_fresh(struct containers *containers, uint64_t (*clock)(void))
{
	poll_addresses(containers, known_of(schedule_first_fresh(&containers->model.polls)), clock());
}

static uint64_t steady_polls_due(const struct containers *containers)
{
	return due_of(schedule_first_steady(&containers->model.polls));
}

static void poll_steady(struct containers *containers, uint64_t (*clock)(void))
{
	poll_addresses(containers, known_of(schedule_first_steady(&containers->model.polls)), clock());
}

/* Returns whether anything has changed, so that it will be looked at again. */
static bool look(struct containers *containers, struct occupant *occupant, bool is_brief, uint64_t now)
{
	const bool has_changed =
		look_at(&containers->look, &containers->asking, &containers->model, &occupant->member, is_brief, now);

	if (has_changed)
		occupants_restart(&containers->occupants, occupant, now);
	return has_changed;
}

static void look_scheduled(struct containers *containers, struct schedule_item *item, bool is_brief, uint64_t now)
{
	struct occupant *occupant = occupant_of(item);

	/* nothing can be found, and when there is a container, all are looked at */
	if (containers->model.count == 0) {
		schedule_drop(&containers->occupants.looks, item);
		return;
	}
	look(containers, occupant, is_brief, now);
	occupants_looked(&containers->occupants, occupant, now);
}

static uint64_t looks_due(const struct containers *containers)
{
	return due_of(schedule_first_fresh(&containers->occupants.looks));
}

static void look_fresh(struct containers *containers, uint64_t (*clock)(void))
{
	look_scheduled(containers, schedule_first_fresh(&containers->occupants.looks), false, clock());
}

static uint64_t steady_looks_due(const struct containers *containers)
{
	return due_of(schedule_first_steady(&containers->occupants.looks));
}

static void look_steady(struct containers *containers, uint64_t (*clock)(void))
{
	look_scheduled(containers, schedule_first_steady(&containers->occupants.looks), true, clock());
}

static uint64_t hints_due(const struct containers *containers)
{
	return containers->has_hints ? 0 : UINT64_MAX;
}

static void hear_hints(struct containers *containers, uint64_t (*clock)(void))
{
	containers->has_hints = hints_hear(&containers->hints, &containers->asking, &containers->model, clock());
}

static uint64_t next_search(const struct containers *containers)
{
	return search_due(&containers->search, &containers->model);
}

static void do_search(struct containers *containers, uint64_t (*clock)(void))
{
	const uint64_t now = clock();
	struct occupant *occupant = search_take(&containers->search, &containers->occupants, now);

	if (occupant != NULL)
		look(containers, occupant, false, now);
	search_took(&containers->search, &containers->occupants, &containers->model, now);
}

static uint64_t next_sweep(const struct containers *containers)
{
	return sweep_due(&containers->search, &containers->occupants, &containers->model);
}

static void do_sweep(struct containers *containers, uint64_t (*clock)(void))
{
	const uint64_t now = clock();
	struct occupant *occupant = sweep_take(&containers->search, &containers->occupants, &containers->model, now);

	if (occupant != NULL)
		look(containers, occupant, false, now);
}

/*
 * It takes the kernel milliseconds to make and remove a network namespace and a veth, and us less to follow, so whoever
 * makes many of them can't keep us from the others' for long. Cgroups and packets are made faster than that.
 */
static const struct {
	uint64_t (*due)(const struct containers *containers);
	void (*work)(struct containers *containers, uint64_t (*clock)(void));
	unsigned rest;
} kinds[WORKS] = {
	[WORK_NEWS] = {news_due, hear_news, 1},
	[WORK_LIST] = {list_due, list, 1},
	[WORK_POLLS] = {polls_due, poll_fresh, 1},
	[WORK_LOOKS] = {looks_due, look_fresh, 4},
	[WORK_HINTS] = {hints_due, hear_hints, 9},
	[WORK_SEARCH] = {next_search, do_search, 3},
	[WORK_STEADY_POLLS] = {steady_polls_due, poll_steady, 19},
	[WORK_STEADY_LOOKS] = {steady_looks_due, look_steady, 49},
	[WORK_SWEEP] = {next_sweep, do_sweep, 49},
};

uint64_t work_due(const struct containers *containers, enum work work)
{
	return kinds[work].due(containers);
}

void work_do(struct containers *containers, enum work work, uint64_t (*clock)(void))
{
	kinds[work].work(containers, clock);
}

unsigned work_rest(enum work work)
{
	return kinds[work].rest;
}
