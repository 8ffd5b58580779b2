/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/lookout.h"

#include "engine/instance.h"
#include "inspect/firewall.h"
#include "util/clock.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Programs change rules in more than one transaction. */
#define SETTLE_INTERVAL USEC_PER_SEC
/* The pause after a look is LOOK_INTERVAL plus a multiple of its cost. */
#define LOOK_INTERVAL (10 * USEC_PER_SEC)
#define LOOK_COST_FACTOR 49
#define ROUND_INTERVAL (60 * USEC_PER_SEC)

/*
 * Others' rules are read for this long at a time, in usec; then everything else has its turn, for a multiple of that
 * time. A single datagram may take longer, for a chain with tens of thousands of rules.
 */
#define PIECE UINT64_C(1000)
#define PIECE_COST_FACTOR 19

void lookout_init(struct lookout *lookout)
{
	*lookout = (struct lookout){.next = UINT64_MAX, .next_round = UINT64_MAX};
}

/* What has been read is for a config that may have been replaced. */
static void stop_reading(struct lookout *lookout)
{
	others_free(lookout->others);
	nft_close(&lookout->nft);
	lookout->others = NULL;
}

static void look_at_all(struct lookout *lookout, bool is_first, uint64_t now)
{
	stop_reading(lookout);
	round_end(&lookout->round);
	lookout->is_first = is_first;
	lookout->next = now;
	lookout->next_round = now;
}

void lookout_begin(struct lookout *lookout, uint64_t now)
{
	look_at_all(lookout, true, now);
}

void lookout_reload(struct lookout *lookout, uint64_t now)
{
	refusal_clear(&lookout->refusal);
	look_at_all(lookout, false, now);
}

void lookout_refuse(struct lookout *lookout, const char *file, const struct diagnostics *diagnostics, uint64_t now)
{
	refusal_note(&lookout->refusal, file, diagnostics);
	look_at_all(lookout, false, now);
}

bool lookout_wants_to_know(const struct lookout *lookout, uint64_t now)
{
	return lookout->next_round <= now && !lookout->round.is_running;
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
	return lookout->next < lookout->next_round ? lookout->next : lookout->next_round;
}

static void tell_problem(const struct problem *problem)
{
	if (problem->cure != NULL)
		log_warning("%s: %s", problem->text, problem->cure);
	else
		log_warning("%s", problem->text);
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
		char summary[PROBLEM_SUMMARY_SIZE];

		if (!problems_have(found, &told->items[i]))
			log_info("solved: %s", problem_summary(&told->items[i], summary));
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

/* What the engine logs itself is only remembered. */
static void tell_round(struct lookout *lookout)
{
	struct round *round = &lookout->round;

	for (size_t i = 0; i < ROUND_AREAS; i++) {
		if (i != AREA_ENGINE && !(round->is_first && (i == AREA_WAYS || i == AREA_GATEWAY)))
			tell(&lookout->areas[i], &round->found[i]);
	}
	problems_clear(&lookout->areas[AREA_ENGINE]);
	lookout->areas[AREA_ENGINE] = round->found[AREA_ENGINE];
	round->found[AREA_ENGINE] = (struct problems){0};
	log_debug("looked for problems");
	lookout->steered = round->coverage.steered;
	lookout->cgroups = round->coverage.cgroups;
}

static void do_round(struct lookout *lookout, struct engine *engine, uint64_t (*clock)(void))
{
	const uint64_t begin = clock();
	uint64_t end = 0;
	bool is_more = false;

	if (!lookout->round.is_running)
		round_begin(&lookout->round, lookout->is_first);
	is_more = round_go_on(&lookout->round, engine, &lookout->refusal, begin + PIECE, clock);
	end = clock();
	lookout->next_round = end + (is_more ? PIECE_COST_FACTOR * (end - begin) : ROUND_INTERVAL);
	if (is_more)
		return;
	if (lookout->round.result == 0)
		tell_round(lookout);
	else
		log_debug("can't look for problems: %s", strerror(-lookout->round.result));
	lookout->is_first = false;
	round_end(&lookout->round);
}

void lookout_handle_deadline(struct lookout *lookout, struct engine *engine, uint64_t (*clock)(void))
{
	const uint64_t now = clock();

	if (lookout->next_round <= now)
		do_round(lookout, engine, clock);
	if (lookout->next <= now)
		read_piece(lookout, engine_instance(engine)->config, clock);
}

void lookout_count(struct lookout *lookout, const struct engine *engine)
{
	const struct plan *plan = &engine_instance(engine)->plan;

	lookout->steered = 0;
	lookout->cgroups = engine_tree(engine)->count;
	for (const struct cgroup *cgroup = engine_tree(engine)->root; cgroup != NULL; cgroup = cgroup_next(cgroup))
		lookout->steered += plan_target(plan, cgroup) != TARGET_DIRECT;
}

/* The first problems by their summaries, as many as fit. */
static void add_summaries(const struct problems *problems, char *text, size_t size, bool *is_first)
{
	for (size_t i = 0; i < problems->count; i++) {
		const size_t length = strlen(text);
		char summary[PROBLEM_SUMMARY_SIZE];

		snprintf(text + length, size - length, "%s%s", *is_first ? _(": ") : _("; "),
			 problem_summary(&problems->items[i], summary));
		*is_first = false;
	}
}

/* Cut at a whole character: a service manager takes nothing but UTF-8. */
static void cut_status(const char *text, char status[LOOKOUT_STATUS_SIZE])
{
	static const char cut[] = "...";
	char shown[LOOKOUT_STATUS_SIZE - sizeof(cut) + 1];

	escape_but_backslash(shown, sizeof(shown), text, strlen(text));
	snprintf(status, LOOKOUT_STATUS_SIZE, "%s%s", shown, strlen(text) > strlen(shown) ? cut : "");
}

const char *lookout_news(struct lookout *lookout)
{
	char text[2 * LOOKOUT_STATUS_SIZE];
	char status[LOOKOUT_STATUS_SIZE];
	size_t count = problems_total(&lookout->firewall);
	bool is_first = true;

	for (size_t i = 0; i < ROUND_AREAS; i++)
		count += problems_total(&lookout->areas[i]);
	snprintf(text, sizeof(text), _("steering %zu of %zu cgroups"), lookout->steered, lookout->cgroups);
	if (count > 0)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 ngettext("; %zu problem", "; %zu problems", count), count);
	for (size_t i = 0; i < ROUND_AREAS; i++)
		add_summaries(&lookout->areas[i], text, sizeof(text), &is_first);
	add_summaries(&lookout->firewall, text, sizeof(text), &is_first);
	cut_status(text, status);
	if (strcmp(status, lookout->status) == 0)
		return NULL;
	memcpy(lookout->status, status, sizeof(status));
	return lookout->status;
}

void lookout_close(struct lookout *lookout)
{
	stop_reading(lookout);
	round_end(&lookout->round);
	refusal_clear(&lookout->refusal);
	problems_clear(&lookout->firewall);
	for (size_t i = 0; i < ROUND_AREAS; i++)
		problems_clear(&lookout->areas[i]);
}
