/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DEADLINES_H
#define CGTPROXY_RELAY_DEADLINES_H

#include <stdint.h>
#include <sys/queue.h>

/*
 * What has to happen within a time. All deadlines of a kind have the same span, so that those that were set first are
 * due first, and a list for each kind is enough.
 */

enum deadline_kind {
	DEADLINE_RETRY,	     /* a Unix socket's queue was full */
	DEADLINE_RESUME,     /* accepting failed */
	DEADLINE_REACH,	     /* the upstream is connected to and agrees on how to go on */
	DEADLINE_ANSWER,     /* it says whether it has reached the destination */
	DEADLINE_IDLE,	     /* nothing was transferred */
	DEADLINE_DNS_CLIENT, /* one that asks over TCP asks nothing more, or reads no answer */
	DEADLINE_DATAGRAMS,  /* a client has sent none */
	DEADLINE_KINDS,
};

/** A part of what it belongs to; all zero: not set. */
struct deadline {
	TAILQ_ENTRY(deadline) entry;
	uint64_t at; /* of CLOCK_MONOTONIC, in usec */
	enum deadline_kind kind;
	void (*expire)(struct deadline *deadline, uint64_t now); /* NULL: not set */
};

TAILQ_HEAD(deadline_list, deadline);

struct deadlines {
	struct deadline_list lists[DEADLINE_KINDS];
	uint64_t spans[DEADLINE_KINDS]; /* in usec; 0: never */
};

/** Prepares it. @spans: one for each kind */
void deadlines_init(struct deadlines *deadlines, const uint64_t *spans);

/** Sets a deadline, or another one instead of it, to now and the span of its kind. */
void deadlines_set(struct deadlines *deadlines, struct deadline *deadline, enum deadline_kind kind, uint64_t now,
		   void (*expire)(struct deadline *deadline, uint64_t now));

/** Unsets it if it is set. */
void deadlines_unset(struct deadlines *deadlines, struct deadline *deadline);

/** Returns when the first one is due, or UINT64_MAX. */
uint64_t deadlines_next(const struct deadlines *deadlines);

/** Unsets all that are due, and calls their functions. */
void deadlines_run(struct deadlines *deadlines, uint64_t now);

#endif
