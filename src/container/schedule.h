/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_SCHEDULE_H
#define CGTPROXY_CONTAINER_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * When to look at something again: at once, after 1 ms, 2 ms, and so on up to 1.024 s, and then at steady intervals.
 * Each of these pauses has a queue of its own, in which the first item is always the first that is due. All times are
 * in usec of CLOCK_MONOTONIC.
 */

enum {
	SCHEDULE_AT_ONCE,
	SCHEDULE_STEADY = 12, /* in between: the pauses from 1 ms on */
	SCHEDULE_QUEUES,
};

/** To be embedded in what is looked at. */
struct schedule_item {
	TAILQ_ENTRY(schedule_item) next;
	uint64_t due;
	uint64_t last;	/* when schedule_again() was called last */
	uint64_t spent; /* until when schedule_hurry() has been used up */
	uint8_t queue;	/* that it is in */
	uint8_t coming; /* the queue that schedule_again() puts it in */
	bool is_queued;
};

struct schedule {
	TAILQ_HEAD(schedule_queue, schedule_item) queues[SCHEDULE_QUEUES];
	uint64_t steady; /* interval */
	size_t fresh;	 /* items that are queued for less than that */
};

void schedule_init(struct schedule *schedule, uint64_t steady);

/** Sets up an item, not queued: whatever it is for was looked at for long. */
void schedule_item_init(struct schedule_item *item);

/** Something has changed: has it looked at at once, and then with the shortest pauses. */
void schedule_restart(struct schedule *schedule, struct schedule_item *item, uint64_t now);

/**
 * Something may have changed: has it looked at at once, once more than otherwise. If it was looked at in the last 64
 * ms, that follows after such a pause, so that it can't be had more often by whoever causes this.
 */
void schedule_hasten(struct schedule *schedule, struct schedule_item *item, uint64_t now);

/** The same without that pause, but only eight times in a row, and once more for each 64 ms that pass. */
void schedule_hurry(struct schedule *schedule, struct schedule_item *item, uint64_t now);

/** It was looked at: queues it for the next pause. */
void schedule_again(struct schedule *schedule, struct schedule_item *item, uint64_t now);

/** Removes an item from its queue, if it is in one. */
void schedule_drop(struct schedule *schedule, struct schedule_item *item);

/** Returns the first that is due of those that are not queued for a steady interval, or NULL. */
struct schedule_item *schedule_first_fresh(const struct schedule *schedule);

/** Returns the first that is due of those that are queued for a steady interval, or NULL. */
struct schedule_item *schedule_first_steady(const struct schedule *schedule);

/** Returns the one that has been looked at the longest of those that are not queued for a steady interval, or NULL. */
struct schedule_item *schedule_oldest_fresh(const struct schedule *schedule);

#endif
