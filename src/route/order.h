/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_ORDER_H
#define CGTPROXY_ROUTE_ORDER_H

#include "route/routing.h"
#include "route/rules.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Which priority our policy rules need. A rule that is added without a priority gets that of the second rule in the
 * list, minus one (net/core/fib_rules.c, fib_default_rule_pref), so it precedes ours, and ours have to move.
 *
 * They never move to 0 or 1. With ours at 0, or at 1 and second in the list, rules that others add without a priority
 * get 0, after all existing ones; a program that adds several then gets them in the wrong order, for direct traffic
 * too.
 */
enum { LOWEST_PLACE = 2 };

/** Returns the lowest priority to which the proxies' rules move: those of the gateway precede them. */
uint32_t order_lowest(const struct routing *wanted);

struct order {
	uint32_t priority;		    /* of the proxies' rules */
	const struct policy_rule *reason;   /* the rule that this precedes, or NULL: it is the config's priority */
	const struct policy_rule *blocking; /* one with a priority so low that nothing can precede it, or NULL */
};

/**
 * Returns whether a rule may capture a packet with one of the marks: as far as is known here, it matches, and it ends
 * the search or skips later rules. Rules that look up our own table or the local one do no harm. Packets with a proxy's
 * mark are sent by this host; those with the gateway's come from an interface. Rules that may take the reverse path
 * checks of these count as well, also if they look up our table.
 */
bool order_may_take(const struct policy_rule *rule, const struct routing *wanted);

/** Decides the priority of our rules among these. The pointers in the result refer to @rules. */
struct order order_decide(const struct policy_rules *rules, const struct routing *wanted);

#endif
