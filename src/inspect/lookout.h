/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_LOOKOUT_H
#define CGTPROXY_INSPECT_LOOKOUT_H

#include "config/config.h"
#include "inspect/problems.h"
#include "nft/nft.h"
#include "nft/others.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Looks for problems while the daemon runs, and logs new and resolved ones. Other programs' rules are read in pieces,
 * with events handled in between, and for a small part of the time.
 */
struct lookout {
	struct nft nft;	       /* a separate connection, since replies are read while transactions are sent */
	struct others *others; /* while their rules are read */
	struct problems firewall;
	struct problems ways; /* as logged */
	bool disturbed;	      /* the rules changed while they were read */
	uint64_t ended;	      /* when the last look ended, or 0; like those below, usec of CLOCK_MONOTONIC */
	uint64_t cost;	      /* usec that the last one took, or this one so far */
	uint64_t next;	      /* when to read others' rules, or more of them; UINT64_MAX: when they change */
	uint64_t next_ways;   /* when to check the default route, and whether others have changed anything */
	bool told;	      /* a failure to read the rules was logged */
};

/** Initializes a lookout, idle until lookout_begin(). */
void lookout_init(struct lookout *lookout);

/** Schedules a look at others' rules soon, and at the default route after a minute: at boot there may be none yet. */
void lookout_begin(struct lookout *lookout, uint64_t now);

/**
 * Likewise, but looks at the default route soon as well: someone has just changed the config, and may want to know why
 * something fails.
 */
void lookout_reload(struct lookout *lookout, uint64_t now);

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
void lookout_handle_deadline(struct lookout *lookout, const struct config *config, uint64_t (*clock)(void));

void lookout_close(struct lookout *lookout);

#endif
