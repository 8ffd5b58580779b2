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
	uint32_t table; /* for the action FR_ACT_TO_TBL */
	uint32_t priority;
	uint8_t action;		    /* FR_ACT_* */
	uint8_t protocol;	    /* RTPROT_* */
	bool is_inverted;	    /* "not": applies to what its selectors don't match */
	bool has_other_selector;    /* besides the mark */
	bool has_hopeless_selector; /* one of the others can't match a packet that can reach the proxy */
	bool is_own;		    /* its table is as good as our own; set by the caller */
};

struct policy_rules {
	struct policy_rule *items; /* freed by the caller */
	size_t count;
	size_t capacity;
};

/**
 * Adds or removes a rule that looks up a table for a mark, with protocol "kernel".
 *
 * Returns 0 or a negative errno, including -EEXIST and -ENOENT.
 */
int rules_change(struct rtnetlink *rtnetlink, int family, const struct fwmark *mark, uint32_t table, uint32_t priority,
		 bool add);

/** Lists all rules in lookup order. Returns 0 or a negative errno. */
int rules_list(struct rtnetlink *rtnetlink, int family, struct policy_rules *rules);

/** Returns whether we may have created a rule: it has a mark, no other selectors, and our protocol. */
bool rule_has_our_shape(const struct policy_rule *rule);

/** Returns whether a rule looks up the wanted table for one of the marks. */
bool rule_is_wanted(const struct policy_rule *rule, const struct routing *wanted);

/** Describes a rule: the IPv4 policy rule 2999 (not fwmark 0xca6c lookup 51820). */
void rule_describe(const struct policy_rule *rule, char *text, size_t size);

#endif
