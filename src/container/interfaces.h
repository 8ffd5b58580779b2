/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_INTERFACES_H
#define CGTPROXY_CONTAINER_INTERFACES_H

#include "container/model.h"
#include "util/netlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Keeps the model's interfaces as the kernel has them: with notifications, and a list of all at the start, when
 * notifications were lost, and once a minute in case that anything else was missed.
 *
 * An answer may have been written before a notification that was read earlier. So notifications wait while a list is
 * read; then what comes last is right.
 */
struct interfaces {
	struct netlink news;
	struct netlink list; /* open while it is read */
	size_t datagram;     /* size to read it in */
	bool has_changed;    /* the list did, while it was read */
	bool has_failed;     /* something could not be taken in */
	bool is_known;	     /* all of a list was read once */
	bool has_lost;	     /* notifications were lost: set for the caller, who resets it */
	bool told_failure;
	bool told_limit;
	uint64_t next; /* when to begin another list; usec of CLOCK_MONOTONIC */
	uint64_t cost; /* usec that this one took so far */
};

/**
 * Subscribes to notifications, and has a list read at once.
 *
 * @interfaces: zeroed; to be closed with interfaces_close() whatever this returns
 *
 * Returns 0 or a negative errno.
 */
int interfaces_open(struct interfaces *interfaces);

/** Returns whether a list is being read, so that notifications have to wait. */
bool interfaces_is_listing(const struct interfaces *interfaces);

/**
 * Reads a datagram of notifications, if there is one.
 *
 * @asking: for questions that follow from them
 *
 * Returns whether there was one; false while a list is read.
 */
bool interfaces_hear(struct interfaces *interfaces, struct netlink *asking, struct model *model, uint64_t now);

/** Returns when to call interfaces_list(): in usec of CLOCK_MONOTONIC, 0 for at once. */
uint64_t interfaces_due(const struct interfaces *interfaces);

/** Begins a list, or reads a datagram of it. */
void interfaces_list(struct interfaces *interfaces, struct model *model, uint64_t (*clock)(void));

void interfaces_close(struct interfaces *interfaces);

#endif
