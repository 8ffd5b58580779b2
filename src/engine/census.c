/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/census.h"

#include "util/log.h"

#include <errno.h>
#include <string.h>

/* The pause after a census, in usec, and as a multiple of what it cost, also when there are too many departed. */
#define PAUSE UINT64_C(2000000)
enum {
	PAUSE_FACTOR = 49,
	PAUSE_FACTOR_URGENT = 9,
};

int census_open(struct census *census)
{
	*census = (struct census){0};
	return socket_census_open(&census->sockets);
}

int census_fd(const struct census *census)
{
	return census->sockets.poll;
}

uint64_t census_deadline(const struct census *census, const struct plan *plan)
{
	const uint64_t due = departed_due(&plan->departed);
	const uint64_t factor = departed_too_many(&plan->departed) ? PAUSE_FACTOR_URGENT : PAUSE_FACTOR;
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

static void fail(struct census *census, int error, uint64_t now)
{
	if (!census->told)
		log_warning("can't ask the kernel which sockets there are (%s): the verdicts of removed cgroups stay, "
			    "since they may have some",
			    strerror(-error));
	census->told = true;
	end(census, now);
}

void census_begin(struct census *census, struct plan *plan, const struct cgroup *root, uint64_t now)
{
	int error = 0;

	census->cost = 0;
	if (plan->departed.unknown_count > 0)
		error = cgroup_ids_list(&census->living, root);
	if (error == 0)
		error = socket_census_begin(&census->sockets);
	if (error < 0) {
		fail(census, error, now);
		return;
	}
	census->taken = true;
	departed_census_begin(&plan->departed, now);
}

struct finding {
	const struct census *census;
	struct departed_list *departed;
};

static void note_socket(uint64_t cgroup_id, void *userdata)
{
	const struct finding *finding = userdata;
	const struct census *census = finding->census;

	if (!departed_census_see(finding->departed, cgroup_id) && census->living.items != NULL &&
	    !cgroup_ids_have(&census->living, cgroup_id))
		departed_census_see_stranger(finding->departed);
}

int census_read(struct census *census, struct plan *plan, uint64_t (*clock)(void))
{
	struct finding finding = {census, &plan->departed};
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
		fail(census, result, now);
		return 0;
	}
	end(census, now);
	census->told = false;
	result = plan_census_end(plan, now);
	log_debug("%zu removed cgroups may still have sockets, %zu of them have", plan->departed.count,
		  plan->departed.used_count);
	return result < 0 ? result : 1;
}

void census_close(struct census *census)
{
	end(census, 0);
	socket_census_close(&census->sockets);
}
