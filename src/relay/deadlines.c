/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/deadlines.h"

#include <stddef.h>

void deadlines_init(struct deadlines *deadlines, const uint64_t *spans)
{
	for (size_t i = 0; i < DEADLINE_KINDS; i++) {
		TAILQ_INIT(&deadlines->lists[i]);
		deadlines->spans[i] = spans[i];
	}
}

void deadlines_unset(struct deadlines *deadlines, struct deadline *deadline)
{
	if (deadline->expire == NULL)
		return;
	TAILQ_REMOVE(&deadlines->lists[deadline->kind], deadline, entry);
	deadline->expire = NULL;
}

void deadlines_set(struct deadlines *deadlines, struct deadline *deadline, enum deadline_kind kind, uint64_t now,
		   void (*expire)(struct deadline *deadline, uint64_t now))
{
	deadlines_unset(deadlines, deadline);
	if (deadlines->spans[kind] == 0)
		return;
	deadline->at = now + deadlines->spans[kind];
	deadline->kind = kind;
	deadline->expire = expire;
	TAILQ_INSERT_TAIL(&deadlines->lists[kind], deadline, entry);
}

uint64_t deadlines_next(const struct deadlines *deadlines)
{
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < DEADLINE_KINDS; i++) {
		const struct deadline *first = TAILQ_FIRST(&deadlines->lists[i]);

		if (first != NULL && first->at < next)
			next = first->at;
	}
	return next;
}

void deadlines_run(struct deadlines *deadlines, uint64_t now)
{
	for (size_t i = 0; i < DEADLINE_KINDS; i++) {
		struct deadline *first = TAILQ_FIRST(&deadlines->lists[i]);

		for (; first != NULL && first->at <= now; first = TAILQ_FIRST(&deadlines->lists[i])) {
			void (*const expire)(struct deadline *, uint64_t) = first->expire;

			deadlines_unset(deadlines, first);
			expire(first, now);
		}
	}
}
