/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_FENCE_H
#define CGTPROXY_ENGINE_FENCE_H

#include "nft/nft.h"

#include <stdint.h>

/** Reports the packets that the fence stops: each is a sign that something is wrong. */
struct fence {
	uint64_t packets; /* stopped as of the last look */
	uint64_t grown;	  /* when a look last found more of them, usec of CLOCK_MONOTONIC */
	uint64_t next;	  /* when to look again, usec of CLOCK_MONOTONIC; UINT64_MAX: never */
};

/** Resets the counter: what it counted is of an earlier run or config. */
void fence_begin(struct fence *fence, struct nft *nft, uint64_t now);

/**
 * Reads the counter and logs how many packets were stopped since the last look, if any. Such lines are rate-limited to
 * one in some minutes. After ten minutes without any, it resets the counter, so that it shows a problem that lasts.
 *
 * @now: usec of CLOCK_MONOTONIC
 */
void fence_look(struct fence *fence, struct nft *nft, uint64_t now);

#endif
