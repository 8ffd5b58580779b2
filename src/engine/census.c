/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/census.h"

#include "util/language.h"
#include "util/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The pause after a census is PAUSE, in usec, plus a multiple of its cost, even with too many tombstones. */
#define PAUSE UINT64_C(2000000)
enum {
	PAUSE_FACTOR = 49,
	PAUSE_FACTOR_URGENT = 9,
	ADVICE_SIZE = 256,
};

/* What to do about a failure, as a sentence with a leading space, or "". */
static const char *advice(const struct census *census, int error, char *text, size_t size)
{
	const struct socket_protocol *asked = socket_census_asked(&census->sockets);

	text[0] = '\0';
	if (error == -ENOENT && asked->module != NULL)
		snprintf(text, size,
			 _(". The kernel lacks the module %s: load it with modprobe, or use a kernel that has it (%s)"),
			 asked->module, asked->option);
	return text;
}

int census_open(struct census *census, struct error *error)
{
	char text[ADVICE_SIZE];
	int result = 0;

	*census = (struct census){0};
	result = socket_census_open(&census->sockets);
	if (result == 0)
		result = socket_census_try(&census->sockets);
	return result < 0 ? error_set(error, result,
				      "can't list the sockets (%s: %s), which is how cgtproxy knows when to drop the "
				      "verdicts of removed cgroups%s",
				      socket_census_asked(&census->sockets)->name, strerror(-result),
				      advice(census, result, text, sizeof(text)))
			  : 0;
}

int census_fd(const struct census *census)
{
	return census->sockets.poll;
}

uint64_t census_deadline(const struct census *census, const struct plan *plan)
{
	const uint64_t due = tombstones_due(&plan->tombstones);
	const uint64_t factor = tombstones_too_many(&plan->tombstones) ? PAUSE_FACTOR_URGENT : PAUSE_FACTOR;
	const uint64_t allowed = census->ended + PAUSE + factor * census->cost;

	if (census->taken)
		return UINT64_MAX;
	return census->ended != 0 && allowed > due ? allowed : due;
}

static void end(struct census *census, uint64_t now)
{
	cgroup_ids_clear(&census->living);
	census->taken = false;
	census->ended = now;
}

static void fail(struct census *census, const struct tombstones *tombstones, int error, uint64_t now)
{
	char text[ADVICE_SIZE];

	if (tombstones->count >= census->told) {
		log_warning("can't list the sockets (%s: %s): keeping the verdicts of removed cgroups, which may still "
			    "have some; %zu so far%s",
			    socket_census_asked(&census->sockets)->name, strerror(-error), tombstones->count,
			    advice(census, error, text, sizeof(text)));
		census->told = 2 * (tombstones->count > TOMBSTONE_MAX ? tombstones->count : TOMBSTONE_MAX);
	}
	end(census, now);
}

void census_begin(struct census *census, struct plan *plan, const struct cgroup *root, uint64_t now)
{
	int error = 0;

	census->cost = 0;
	if (plan->tombstones.unknown_count > 0)
		error = cgroup_ids_list(&census->living, root);
	if (error == 0)
		error = socket_census_begin(&census->sockets);
	if (error < 0) {
		fail(census, &plan->tombstones, error, now);
		return;
	}
	census->taken = true;
	tombstones_census_begin(&plan->tombstones, now);
}

struct finding {
	const struct census *census;
	struct tombstones *tombstones;
};

static void note_socket(uint64_t cgroup_id, void *userdata)
{
	const struct finding *finding = userdata;
	const struct census *census = finding->census;

	if (!tombstones_census_see(finding->tombstones, cgroup_id) && census->living.items != NULL &&
	    !cgroup_ids_have(&census->living, cgroup_id))
		tombstones_census_see_stranger(finding->tombstones);
}

int census_read(struct census *census, struct plan *plan, uint64_t (*clock)(void))
{
	struct finding finding = {census, &plan->tombstones};
	const struct socket_listener listener = {note_socket, &finding};
	const uint64_t begin = clock();
	int result = socket_census_read(&census->sockets, &listener);
	const uint64_t now = clock();

	if (!census->taken)
		return 0;
	census->cost += now - begin;
	if (result > 0)
		return 0;
	if (result < 0) {
		fail(census, &plan->tombstones, result, now);
		return 0;
	}
	end(census, now);
	census->told = 0;
	result = plan_census_end(plan, now);
	log_debug("%zu removed cgroups may still have sockets, %zu of them do", plan->tombstones.count,
		  plan->tombstones.used_count);
	return result < 0 ? result : 1;
}

void census_close(struct census *census)
{
	end(census, 0);
	socket_census_close(&census->sockets);
}
