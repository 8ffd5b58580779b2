/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/schedule.h"

enum {
	FIRST_PAUSE = SCHEDULE_AT_ONCE + 1,
	HASTE = 7, /* the queue of 64 ms */
	BURST = 8, /* so many may follow each other without such a pause */
};

static uint64_t pause_of(const struct schedule *schedule, unsigned queue)
{
	if (queue == SCHEDULE_AT_ONCE)
		return 0;
	return queue == SCHEDULE_STEADY ? schedule->steady : UINT64_C(1000) << (queue - FIRST_PAUSE);
}

void schedule_init(struct schedule *schedule, uint64_t steady)
{
	*schedule = (struct schedule){.steady = steady};
	for (size_t i = 0; i < SCHEDULE_QUEUES; i++)
		TAILQ_INIT(&schedule->queues[i]);
}

void schedule_item_init(struct schedule_item *item)
{
	*item = (struct schedule_item){.coming = SCHEDULE_STEADY};
}

void schedule_drop(struct schedule *schedule, struct schedule_item *item)
{
	if (!item->is_queued)
		return;
	TAILQ_REMOVE(&schedule->queues[item->queue], item, next);
	schedule->fresh -= item->queue != SCHEDULE_STEADY;
	item->is_queued = false;
}

static void queue(struct schedule *schedule, struct schedule_item *item, unsigned queue, uint64_t now)
{
	schedule_drop(schedule, item);
	item->queue = (uint8_t)queue;
	item->due = now + pause_of(schedule, queue);
	item->is_queued = true;
	TAILQ_INSERT_TAIL(&schedule->queues[queue], item, next);
	schedule->fresh += queue != SCHEDULE_STEADY;
}

void schedule_restart(struct schedule *schedule, struct schedule_item *item, uint64_t now)
{
	item->coming = FIRST_PAUSE;
	if (!item->is_queued || item->queue != SCHEDULE_AT_ONCE)
		queue(schedule, item, SCHEDULE_AT_ONCE, now);
}

void schedule_hasten(struct schedule *schedule, struct schedule_item *item, uint64_t now)
{
	const uint64_t pause = pause_of(schedule, HASTE);

	if (item->is_queued && item->queue <= HASTE)
		return;
	if (item->last != 0 && now < item->last + pause)
		queue(schedule, item, HASTE, now);
	else
		queue(schedule, item, SCHEDULE_AT_ONCE, now);
}

void schedule_hurry(struct schedule *schedule, struct schedule_item *item, uint64_t now)
{
	const uint64_t pause = pause_of(schedule, HASTE);

	if (item->is_queued && item->queue == SCHEDULE_AT_ONCE)
		return;
	if (item->spent > now + (BURST - 1) * pause) {
		schedule_hasten(schedule, item, now);
		return;
	}
	item->spent = (item->spent > now ? item->spent : now) + pause;
	queue(schedule, item, SCHEDULE_AT_ONCE, now);
}

void schedule_again(struct schedule *schedule, struct schedule_item *item, uint64_t now)
{
	item->last = now;
	queue(schedule, item, item->coming, now);
	if (item->coming < SCHEDULE_STEADY)
		item->coming++;
}

struct schedule_item *schedule_first_fresh(const struct schedule *schedule)
{
	struct schedule_item *first = NULL;

	for (size_t i = 0; i < SCHEDULE_STEADY; i++) {
		struct schedule_item *item = TAILQ_FIRST(&schedule->queues[i]);

		if (item != NULL && (first == NULL || item->due < first->due))
			first = item;
	}
	return first;
}

struct schedule_item *schedule_first_steady(const struct schedule *schedule)
{
	return TAILQ_FIRST(&schedule->queues[SCHEDULE_STEADY]);
}

struct schedule_item *schedule_oldest_fresh(const struct schedule *schedule)
{
	for (size_t i = SCHEDULE_STEADY; i-- > 0;) {
		struct schedule_item *item = TAILQ_FIRST(&schedule->queues[i]);

		if (item != NULL)
			return item;
	}
	return NULL;
}
