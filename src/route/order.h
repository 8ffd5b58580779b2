/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_ORDER_H
#define CGTPROXY_ROUTE_ORDER_H

#include "route/routing.h"
#include "route/rules.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Where our policy rules have to stand. A rule that is added without a priority gets that of the second rule in the
 * list, minus one (net/core/fib_rules.c, fib_default_rule_pref), so it stands in front of ours, and ours have to move.
 *
 * They never go to 0 or 1. With ours at 0, or at 1 and the second in the list, what others add without a priority gets
 * 0, behind all that is there, and a program that adds several finds them in the wrong order, for direct traffic too.
 */
enum { LOWEST_PLACE = 2 };

struct order {
	uint32_t priority;		  /* where ours belong */
	const struct policy_rule *reason; /* the rule that this is in front of, or NULL: it is the config's priority */
	const struct policy_rule *blocking; /* one that stands so low that nothing can stand in front of it, or NULL */
};

/**
 * Returns whether a rule may take a packet with one of the marks: it matches, as far as is known here, and ends the
 * search, or leaves out rules behind it. What looks up our own table, or the one of own addresses, does no harm.
 */
bool order_may_take(const struct policy_rule *rule, const struct routing *wanted);

/** Decides where ours belong among these rules. What it points to belongs to @rules. */
struct order order_decide(const struct policy_rules *rules, const struct routing *wanted);

#endif
