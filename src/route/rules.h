/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_RULES_H
#define CGTPROXY_ROUTE_RULES_H

#include "route/routing.h"
#include "route/rtnetlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Policy rules, as the kernel lists them (net/core/fib_rules.c). */

enum { RULES_MAX = 1 << 16 };

struct policy_rule {
	int family; /* AF_INET or AF_INET6 */
	struct fwmark mark;
	uint32_t table;	 /* for the action FR_ACT_TO_TBL */
	uint32_t target; /* for the action FR_ACT_GOTO: the priority of a later rule */
	uint32_t priority;
	uint8_t action;		    /* FR_ACT_* */
	uint8_t protocol;	    /* RTPROT_* */
	bool is_inverted;	    /* "not": applies to what its selectors don't match */
	bool is_unresolved;	    /* a goto without a rule that it could lead to: it does nothing */
	bool is_for_sent;	    /* "iif lo": what this host sends itself, and reverse path checks */
	bool has_other_selector;    /* besides the mark and that */
	bool has_hopeless_selector; /* one of the others can't match a packet of this host's that can reach a proxy */
	bool has_output_selector;   /* one of the others can't match a packet that is received, or a check of its source
				     */
	bool is_own;		    /* its table is as good as our own; set by the caller */
};

struct policy_rules {
	struct policy_rule *items; /* freed by the caller */
	size_t count;
	size_t capacity;
};

/**
 * Adds or removes one of our rules.
 *
 * @rule: one of rule_wanted(), or a listed one of our shape
 *
 * Returns 0 or a negative errno, including -EEXIST and -ENOENT.
 */
int rules_change(struct rtnetlink *rtnetlink, const struct policy_rule *rule, bool add);

/** Lists all rules in lookup order. Returns 0 or a negative errno. */
int rules_list(struct rtnetlink *rtnetlink, int family, struct policy_rules *rules);

/** Returns whether a rule has this priority, so that a goto can lead there. */
bool rules_have(const struct policy_rules *rules, uint32_t priority);

/**
 * Describes one of the wanted rules.
 *
 * @index:    below routing_rule_count(); in this order they can be added one by one
 * @priority: of the proxies' rules
 */
struct policy_rule rule_wanted(const struct routing *wanted, int family, size_t index, uint32_t priority);

/** Returns whether both are of our shape and do the same for the same mark, wherever they are and go to. */
bool rule_equals(const struct policy_rule *one, const struct policy_rule *other);

/** Returns whether we may have created a rule that looks up a table: a mark, no other selectors, and our protocol. */
bool rule_has_our_shape(const struct policy_rule *rule);

/** Returns whether we have created a rule that exempts reverse path checks from the next one; nobody else does that. */
bool rule_is_exemption(const struct policy_rule *rule);

/** Returns whether a rule is one of the wanted, at whatever priority. */
bool rule_is_wanted(const struct policy_rule *rule, const struct routing *wanted);

/** Describes a rule: the IPv4 policy rule 2999 (not fwmark 0xca6c lookup 51820). */
void rule_describe(const struct policy_rule *rule, char *text, size_t size);

#endif
