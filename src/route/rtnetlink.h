/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_RTNETLINK_H
#define CGTPROXY_ROUTE_RTNETLINK_H

#include "route/route.h"

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>

/* The few messages of rtnetlink(7) that policy routing takes. */

struct rtnetlink {
	struct mnl_socket *socket;
	unsigned sequence;
};

/** A policy rule that looks up a table. */
struct policy_rule {
	int family; /* AF_INET or AF_INET6 */
	struct fwmark mark;
	uint32_t table;
	uint32_t priority;
	uint8_t protocol; /* RTPROT_*; rtnetlink_change_rule() always means RTPROT_KERNEL */
	bool is_inverted; /* "not": it is for what its selectors don't match */
	bool has_other_selector;
};

struct policy_rules {
	struct policy_rule *items; /* for free() */
	size_t count;
	size_t capacity;
};

struct routing_tables {
	uint32_t *items; /* for free() */
	size_t count;
	size_t capacity;
};

/** Opens @rtnetlink (zeroed); rtnetlink_close() it whatever this returns. Returns 0 or a negative errno. */
int rtnetlink_open(struct rtnetlink *rtnetlink);

void rtnetlink_close(struct rtnetlink *rtnetlink);

/** Adds or removes a rule. Returns 0 or a negative errno, -EEXIST and -ENOENT among them. */
int rtnetlink_change_rule(struct rtnetlink *rtnetlink, const struct policy_rule *rule, bool add);

/** Adds or removes "local default dev lo" in a table. Returns 0 or a negative errno, -EEXIST and -ESRCH among them. */
int rtnetlink_change_route(struct rtnetlink *rtnetlink, int family, uint32_t table, bool add);

/** Lists the rules that look up a table. Returns 0 or a negative errno. */
int rtnetlink_list_rules(struct rtnetlink *rtnetlink, int family, struct policy_rules *rules);

/** Lists the tables that have our route. Returns 0 or a negative errno. */
int rtnetlink_list_tables(struct rtnetlink *rtnetlink, int family, struct routing_tables *tables);

#endif
