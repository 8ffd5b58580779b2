/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/fence.h"

#include "engine/names.h"

#include "nft/counter.h"
#include "util/language.h"
#include "util/log.h"

#include <inttypes.h>

#define LOOK_INTERVAL UINT64_C(60000000)
#define QUIET_INTERVAL (10 * LOOK_INTERVAL)

static void log_stopped(uint64_t packets, const char *when)
{
	log_warning(
		"%" PRIu64
		" packets of proxied programs were about to bypass the proxy and were dropped%s: a program binds its "
		"sockets to an interface, or another program changed policy rules, routes or marks. \"cgtproxy "
		"check system\" looks for the cause",
		packets, when);
}

/* The kernel reads and resets it in one step, so no packet goes uncounted. */
static uint64_t reset(struct nft *nft)
{
	struct counter counter = {0};

	return nft_reset_counter(nft, CHAIN_FENCE, &counter) == 0 ? counter.packets : 0;
}

void fence_begin(struct fence *fence, struct nft *nft, uint64_t now)
{
	const bool is_start = fence->next == UINT64_MAX;
	const uint64_t known = fence->packets;
	const uint64_t stopped = reset(nft);

	*fence = (struct fence){.next = now + LOOK_INTERVAL};
	if (stopped > known)
		log_stopped(stopped - known, is_start ? _(" while no cgtproxy was running") : "");
}

void fence_look(struct fence *fence, struct nft *nft, uint64_t now)
{
	struct counter counter = {0};
	uint64_t stopped = 0;

	fence->next = now + LOOK_INTERVAL;
	if (nft_query_counter(nft, CHAIN_FENCE, &counter) < 0)
		return;
	/* a new counter began at 0 */
	stopped = counter.packets > fence->packets ? counter.packets - fence->packets : 0;
	fence->packets = counter.packets;
	if (stopped == 0 && fence->packets > 0 && now >= fence->grown + QUIET_INTERVAL) {
		stopped = reset(nft);
		stopped = stopped > fence->packets ? stopped - fence->packets : 0;
		fence->packets = 0;
	}
	if (stopped == 0)
		return;
	fence->grown = now;
	log_stopped(stopped, "");
	fence->next = now + QUIET_INTERVAL;
}
