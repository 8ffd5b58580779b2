/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_LOOKOUT_H
#define CGTPROXY_INSPECT_LOOKOUT_H

#include "engine/engine.h"
#include "inspect/problems.h"
#include "inspect/round.h"
#include "nft/nft.h"
#include "nft/others.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Looks for problems while the daemon runs, and logs new and resolved ones: others' firewall rules when they change,
 * everything else in a round once a minute. All of it is done in pieces, with events handled in between, and for a
 * small part of the time.
 */

enum { LOOKOUT_STATUS_SIZE = 512 };

struct lookout {
	struct nft nft;	       /* a separate connection, since replies are read while transactions are sent */
	struct others *others; /* while their rules are read */
	bool disturbed;	       /* the rules changed while they were read */
	uint64_t ended;	       /* when the last look ended, or 0; like those below, usec of CLOCK_MONOTONIC */
	uint64_t cost;	       /* usec that the last one took, or this one so far */
	uint64_t next;	       /* when to read others' rules, or more of them; UINT64_MAX: when they change */
	bool told;	       /* a failure to read the rules was logged */

	struct round round;
	bool is_first;	     /* the next round is the first after a start */
	uint64_t next_round; /* when to begin it and to check whether others changed their rules, or to continue it */
	struct refusal refusal;

	struct problems firewall; /* as logged, like those of the rounds below */
	struct problems areas[ROUND_AREAS];
	size_t steered; /* cgroups that don't go direct, as of the last round */
	size_t cgroups;
	char status[LOOKOUT_STATUS_SIZE]; /* what lookout_news() returned last */
};

/** Initializes a lookout, idle until lookout_begin(). */
void lookout_init(struct lookout *lookout);

/**
 * Schedules a round soon, without what may be missing at boot: proxies and the default route are checked after a
 * minute.
 */
void lookout_begin(struct lookout *lookout, uint64_t now);

/**
 * Schedules a complete round soon: someone has just changed the config, and may want to know why something fails. To be
 * called as soon as the engine has another instance.
 */
void lookout_reload(struct lookout *lookout, uint64_t now);

/** Notes that a reload refused the config file, and schedules a complete round soon. */
void lookout_refuse(struct lookout *lookout, const char *file, const struct diagnostics *diagnostics, uint64_t now);

/**
 * Returns whether it is time to check whether others have changed their rules. Call lookout_handle_deadline() after it,
 * which schedules the next time.
 */
bool lookout_wants_to_know(const struct lookout *lookout, uint64_t now);

/** Reports that others changed their rules; they are read after a moment, and not too often. */
void lookout_disturb(struct lookout *lookout, uint64_t now);

/** Returns when to call lookout_handle_deadline(), or UINT64_MAX. */
uint64_t lookout_deadline(const struct lookout *lookout);

/** Does what is due, for some milliseconds at most. */
void lookout_handle_deadline(struct lookout *lookout, struct engine *engine, uint64_t (*clock)(void));

/**
 * Composes a status line for the service manager, like "steering 3 of 41 cgroups; 1 problem: nobody listens for
 * mihomo".
 *
 * Returns it if it differs from what this returned last, else NULL.
 */
const char *lookout_news(struct lookout *lookout);

/** Counts the steered cgroups for lookout_news() at once, without waiting for a round. */
void lookout_count(struct lookout *lookout, const struct engine *engine);

void lookout_close(struct lookout *lookout);

#endif
