/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ENGINE_FENCE_H
#define CGTPROXY_ENGINE_FENCE_H

#include "nft/nft.h"

#include <stdint.h>

/** Reports what the fence stops: each such packet is a sign of something wrong. */
struct fence {
	uint64_t packets; /* that were stopped when it was looked at last */
	uint64_t next;	  /* when to look again, usec of CLOCK_MONOTONIC; UINT64_MAX: never */
};

/** Begins with what the counter says now, which an earlier run may have reported. */
void fence_begin(struct fence *fence, struct nft *nft, uint64_t now);

/**
 * Looks at the counter and logs how much was stopped since the last look, if anything. After such a line it is quiet
 * for some minutes.
 *
 * @now: usec of CLOCK_MONOTONIC
 */
void fence_look(struct fence *fence, struct nft *nft, uint64_t now);

#endif
