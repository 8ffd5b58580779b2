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
 * Looks for problems while the daemon runs, and logs those that are new, or over. Others' rules are read in pieces,
 * between which events are handled, and for a small part of the time.
 */
struct lookout {
	struct nft nft;	       /* its own connection, since an answer is read while transactions are sent */
	struct others *others; /* while they are read */
	struct problems firewall;
	struct problems ways; /* as told */
	bool disturbed;	      /* others changed their rules while they were read */
	uint64_t ended;	      /* the last look, or 0; as those below, usec of CLOCK_MONOTONIC */
	uint64_t cost;	      /* usec that the last one took, or this one until now */
	uint64_t next;	      /* when to look at others' rules, or to read on; UINT64_MAX: when they change */
	uint64_t next_ways;   /* when to ask for the default route, and whether others have changed anything */
	bool told;	      /* that the rules can't be read */
};

/** Prepares; nothing is looked at until lookout_begin(). */
void lookout_init(struct lookout *lookout);

/** Has others' rules looked at soon, and the default route after a minute: at boot there may be none yet. */
void lookout_begin(struct lookout *lookout, uint64_t now);

/** Likewise, but also the default route is soon looked at: somebody has just changed the config, and may ask why. */
void lookout_reload(struct lookout *lookout, uint64_t now);

/**
 * Returns whether it is time to ask whether others have changed their rules. lookout_handle_deadline() comes after it,
 * and waits for the next time.
 */
bool lookout_wants_to_know(const struct lookout *lookout, uint64_t now);

/** Takes in that others changed their rules; they are looked at after a moment, and not too often. */
void lookout_disturb(struct lookout *lookout, uint64_t now);

/** Returns when to call lookout_handle_deadline(), or UINT64_MAX. */
uint64_t lookout_deadline(const struct lookout *lookout);

/** Does what is due: a piece of some milliseconds at most. */
void lookout_handle_deadline(struct lookout *lookout, const struct config *config, uint64_t (*clock)(void));

void lookout_close(struct lookout *lookout);

#endif
