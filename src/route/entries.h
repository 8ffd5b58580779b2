/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_ENTRIES_H
#define CGTPROXY_ROUTE_ENTRIES_H

#include "route/rtnetlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Entries of routing tables. */

enum {
	ADDRESS_SIZE_MAX = 16,
	ENTRIES_MAX = 64, /* kept per table; the rest is only counted */
};

struct route_entry {
	int family;
	uint32_t table;
	uint8_t type;	  /* RTN_*; RTN_UNSPEC matches any */
	uint8_t protocol; /* RTPROT_* */
	uint8_t tos;
	uint8_t length; /* of the prefix, in bits */
	uint8_t destination[ADDRESS_SIZE_MAX];
	uint8_t source_length; /* likewise; of IPv6 only */
	uint8_t source[ADDRESS_SIZE_MAX];
	bool has_gateway; /* of the same family */
	uint8_t gateway[ADDRESS_SIZE_MAX];
	uint32_t interface;  /* index, or 0 for several */
	uint32_t nexthop_id; /* of the nexthop object that it uses (ip-nexthop(8)), or 0 */
	uint32_t metric;
};

/** Contents of a routing table. */
struct route_entries {
	bool has_ours;
	size_t foreign_count;
	struct route_entry foreign[ENTRIES_MAX]; /* the first of them */
};

/** A list of tables. */
struct route_tables {
	uint32_t *items; /* freed by the caller */
	size_t count;
	size_t capacity;
};

/**
 * Adds "local default dev lo" to a table, replacing an entry with the same key.
 *
 * Returns 0 or a negative errno.
 */
int entries_put_ours(struct rtnetlink *rtnetlink, int family, uint32_t table);

/** Removes it. Returns 0 or a negative errno, including -ESRCH and -ENOENT. */
int entries_delete_ours(struct rtnetlink *rtnetlink, int family, uint32_t table);

/** Removes a listed entry. Returns 0 or a negative errno. */
int entries_delete(struct rtnetlink *rtnetlink, const struct route_entry *entry);

/** Lists the entries of a table. Returns 0 or a negative errno. */
int entries_list(struct rtnetlink *rtnetlink, int family, uint32_t table, struct route_entries *entries);

/** Lists the tables that contain our route. Returns 0 or a negative errno. */
int entries_list_tables(struct rtnetlink *rtnetlink, int family, struct route_tables *tables);

/** Lists the tables that have routes of others, some perhaps more than once. Returns 0 or a negative errno. */
int entries_list_foreign_tables(struct rtnetlink *rtnetlink, int family, struct route_tables *tables);

/** Describes an entry in the syntax of "ip route del": default via 192.0.2.1 dev eth0 metric 5. */
void entry_describe(const struct route_entry *entry, char *text, size_t size);

/** Returns the name of a routing protocol as "ip" shows it, or "another one". */
const char *protocol_name(uint8_t protocol);

#endif
