/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/lookout.h"

#include "inspect/firewall.h"
#include "inspect/ways.h"
#include "util/clock.h"
#include "util/log.h"

#include <errno.h>
#include <string.h>

/* Programs change rules in more than one transaction. */
#define SETTLE_INTERVAL USEC_PER_SEC
/* The pause after a look is LOOK_INTERVAL plus a multiple of its cost. */
#define LOOK_INTERVAL (10 * USEC_PER_SEC)
#define LOOK_COST_FACTOR 49
#define WAYS_INTERVAL (60 * USEC_PER_SEC)

/*
 * Others' rules are read for this long at a time, in usec; then everything else has its turn, for a multiple of that
 * time. A single datagram may take longer, for a chain with tens of thousands of rules.
 */
#define PIECE UINT64_C(1000)
#define PIECE_COST_FACTOR 19

void lookout_init(struct lookout *lookout)
{
	*lookout = (struct lookout){.next = UINT64_MAX, .next_ways = UINT64_MAX};
}

/* What has been read is for a config that may have been replaced. */
static void stop_reading(struct lookout *lookout)
{
	others_free(lookout->others);
	nft_close(&lookout->nft);
	lookout->others = NULL;
}

void lookout_begin(struct lookout *lookout, uint64_t now)
{
	stop_reading(lookout);
	lookout->next = now;
	lookout->next_ways = now + WAYS_INTERVAL;
}

void lookout_reload(struct lookout *lookout, uint64_t now)
{
	lookout_begin(lookout, now);
	lookout->next_ways = now;
}

bool lookout_wants_to_know(const struct lookout *lookout, uint64_t now)
{
	return lookout->next_ways <= now;
}

void lookout_disturb(struct lookout *lookout, uint64_t now)
{
	const uint64_t allowed = lookout->ended + LOOK_INTERVAL + LOOK_COST_FACTOR * lookout->cost;
	uint64_t due = now + SETTLE_INTERVAL;

	/* the rules being read may predate the change */
	if (lookout->others != NULL) {
		lookout->disturbed = true;
		return;
	}
	if (lookout->ended != 0 && due < allowed)
		due = allowed;
	if (due < lookout->next)
		lookout->next = due;
}

uint64_t lookout_deadline(const struct lookout *lookout)
{
	return lookout->next < lookout->next_ways ? lookout->next : lookout->next_ways;
}

static void tell_problem(const struct problem *problem)
{
	log_warning("%s%s%s", problem->text, problem->cure != NULL ? ": " : "",
		    problem->cure != NULL ? problem->cure : "");
}

/* Logs new and resolved problems, and remembers the present ones. */
static void tell(struct problems *told, struct problems *found)
{
	for (size_t i = 0; i < found->count; i++) {
		if (!problems_have(told, &found->items[i]))
			tell_problem(&found->items[i]);
	}
	if (found->left_out > told->left_out)
		log_warning("%zu more such problems are not shown: cgtproxy check system", found->left_out);
	for (size_t i = 0; i < told->count && found->left_out == 0; i++) {
		if (!problems_have(found, &told->items[i]))
			log_info("%s no longer interferes with proxied traffic", told->items[i].about);
	}
	problems_clear(told);
	*told = *found;
	*found = (struct problems){0};
}

static void end_reading(struct lookout *lookout, const struct config *config, int result, uint64_t now)
{
	struct problems found = {0};

	if (result == 0)
		result = firewall_judge(lookout->others, config, &found);
	stop_reading(lookout);
	lookout->ended = now;
	lookout->next = UINT64_MAX;
	if (lookout->disturbed)
		lookout_disturb(lookout, now);
	lookout->disturbed = false;
	if (result == 0)
		tell(&lookout->firewall, &found);
	else if (!lookout->told)
		log_warning("can't read other programs' rules, which may interfere with proxied traffic: %s",
			    strerror(-result));
	lookout->told = result < 0;
	problems_clear(&found);
}

static int begin_reading(struct lookout *lookout, const struct config *config)
{
	struct error error;
	int result = nft_open(&lookout->nft, &error);

	return result < 0 ? result : firewall_begin(&lookout->others, &lookout->nft, config);
}

static void read_piece(struct lookout *lookout, const struct config *config, uint64_t (*clock)(void))
{
	const uint64_t begin = clock();
	uint64_t now = begin;
	int result = 1;

	if (lookout->others == NULL) {
		lookout->cost = 0;
		result = begin_reading(lookout, config);
		result = result < 0 ? result : 1;
	}
	while (result > 0 && now < begin + PIECE) {
		result = others_read(lookout->others);
		now = clock();
	}
	lookout->cost += now - begin;
	if (result > 0)
		lookout->next = now + PIECE_COST_FACTOR * (now - begin);
	else
		end_reading(lookout, config, result, now);
}

static void look_at_ways(struct lookout *lookout, const struct config *config, uint64_t now)
{
	struct problems found = {0};
	struct ways ways;

	lookout->next_ways = now + WAYS_INTERVAL;
	if (ways_inspect(config, &ways, &found) == 0)
		tell(&lookout->ways, &found);
	problems_clear(&found);
}

void lookout_handle_deadline(struct lookout *lookout, const struct config *config, uint64_t (*clock)(void))
{
	const uint64_t now = clock();

	if (lookout->next_ways <= now)
		look_at_ways(lookout, config, now);
	if (lookout->next <= now)
		read_piece(lookout, config, clock);
}

void lookout_close(struct lookout *lookout)
{
	stop_reading(lookout);
	problems_clear(&lookout->firewall);
	problems_clear(&lookout->ways);
}
