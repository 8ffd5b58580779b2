/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/fence.h"

#include "engine/names.h"

#include "nft/counter.h"
#include "util/log.h"

#include <inttypes.h>

#define LOOK_INTERVAL UINT64_C(60000000)
#define QUIET_INTERVAL (10 * LOOK_INTERVAL)

void fence_begin(struct fence *fence, struct nft *nft, uint64_t now)
{
	struct counter counter = {0};

	*fence = (struct fence){.next = now + LOOK_INTERVAL};
	nft_reset_counter(nft, CHAIN_FENCE, &counter);
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
	if (stopped == 0 && fence->packets > 0 && now >= fence->grown + QUIET_INTERVAL)
		fence_begin(fence, nft, now);
	if (stopped == 0)
		return;
	fence->grown = now;
	log_warning("%" PRIu64
		    " packets of proxied programs were about to bypass the proxy and were dropped: a program binds its "
		    "sockets to an interface, or another program changed policy rules, routes or marks. \"cgtproxy "
		    "check system\" looks for the cause",
		    stopped);
	fence->next = now + QUIET_INTERVAL;
}
