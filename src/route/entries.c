/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/entries.h"

#include "util/address.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

enum { TABLES_MAX = 1 << 16 };

static struct rtmsg *put_ours(struct nlmsghdr *message, int family, uint32_t table)
{
	struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

	head->rtm_family = (uint8_t)family;
	head->rtm_protocol = RTPROT_KERNEL;
	head->rtm_type = RTN_LOCAL;
	mnl_attr_put_u32(message, RTA_TABLE, table);
	mnl_attr_put_u32(message, RTA_OIF, LOOPBACK_INDEX);
	return head;
}

static int change_ours(struct rtnetlink *rtnetlink, int family, uint32_t table, uint16_t type, uint16_t flags)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = type;
	message->nlmsg_flags = flags;
	put_ours(message, family, table)->rtm_scope = family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
	return rtnetlink_request(rtnetlink, message, NULL, NULL);
}

int entries_put_ours(struct rtnetlink *rtnetlink, int family, uint32_t table)
{
	return change_ours(rtnetlink, family, table, RTM_NEWROUTE,
			   NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
}

int entries_delete_ours(struct rtnetlink *rtnetlink, int family, uint32_t table)
{
	return change_ours(rtnetlink, family, table, RTM_DELROUTE, rtnetlink_change_flags(false));
}

/* A nexthop object's attributes are listed as well, but must not be sent together with it (rtm_to_fib_config). */
static void put_nexthop(struct nlmsghdr *message, const struct route_entry *entry)
{
	if (entry->nexthop_id != 0) {
		mnl_attr_put_u32(message, RTA_NH_ID, entry->nexthop_id);
		return;
	}
	if (entry->has_gateway)
		mnl_attr_put(message, RTA_GATEWAY, address_size(entry->family), entry->gateway);
	if (entry->interface != 0)
		mnl_attr_put_u32(message, RTA_OIF, entry->interface);
}

int entries_delete(struct rtnetlink *rtnetlink, const struct route_entry *entry)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	size_t size = address_size(entry->family);

	message->nlmsg_type = RTM_DELROUTE;
	message->nlmsg_flags = rtnetlink_change_flags(false);
	head->rtm_family = (uint8_t)entry->family;
	head->rtm_dst_len = entry->length;
	head->rtm_src_len = entry->source_length;
	head->rtm_tos = entry->tos;
	head->rtm_type = entry->type;
	head->rtm_protocol = entry->protocol;
	head->rtm_scope = RT_SCOPE_NOWHERE;
	mnl_attr_put_u32(message, RTA_TABLE, entry->table);
	if (entry->length != 0)
		mnl_attr_put(message, RTA_DST, size, entry->destination);
	if (entry->source_length != 0)
		mnl_attr_put(message, RTA_SRC, size, entry->source);
	put_nexthop(message, entry);
	if (entry->metric != 0)
		mnl_attr_put_u32(message, RTA_PRIORITY, entry->metric);
	return rtnetlink_request(rtnetlink, message, NULL, NULL);
}

static int read_attribute(const struct nlattr *attribute, void *data)
{
	struct route_entry *entry = data;
	const void *payload = mnl_attr_get_payload(attribute);
	size_t length = mnl_attr_get_payload_len(attribute);
	uint32_t number = length >= sizeof(number) ? mnl_attr_get_u32(attribute) : 0;
	bool is_address = length == address_size(entry->family);

	switch (mnl_attr_get_type(attribute)) {
	case RTA_TABLE:
		entry->table = number;
		break;
	case RTA_OIF:
		entry->interface = number;
		break;
	case RTA_PRIORITY:
		entry->metric = number;
		break;
	case RTA_NH_ID:
		entry->nexthop_id = number;
		break;
	case RTA_SRC:
		if (is_address)
			memcpy(entry->source, payload, length);
		break;
	case RTA_DST:
		if (is_address)
			memcpy(entry->destination, payload, length);
		break;
	case RTA_GATEWAY:
		entry->has_gateway = is_address;
		if (is_address)
			memcpy(entry->gateway, payload, length);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

/* For a family that it lacks, the kernel answers with the entries of all others. */
static bool read_entry(const struct nlmsghdr *message, int family, struct route_entry *entry)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head) || head->rtm_family != family ||
	    (head->rtm_flags & RTM_F_CLONED) != 0)
		return false;
	*entry = (struct route_entry){
		.family = family,
		.table = head->rtm_table,
		.type = head->rtm_type,
		.protocol = head->rtm_protocol,
		.tos = head->rtm_tos,
		.length = head->rtm_dst_len,
		.source_length = head->rtm_src_len,
	};
	if (mnl_attr_parse(message, sizeof(*head), read_attribute, entry) < 0)
		return false;
	/* shown like this when the nexthop object is a blackhole, whatever the route's own type (fib_dump_info) */
	if (entry->nexthop_id != 0 && entry->type == RTN_BLACKHOLE)
		entry->type = RTN_UNSPEC;
	return true;
}

static bool is_ours(const struct route_entry *entry)
{
	return entry->type == RTN_LOCAL && entry->protocol == RTPROT_KERNEL && entry->length == 0 &&
	       entry->source_length == 0 && entry->tos == 0 && entry->nexthop_id == 0 && !entry->has_gateway &&
	       entry->interface == LOOPBACK_INDEX;
}

struct listing {
	int family;
	uint32_t table;
	struct route_entries *entries;
};

static int note_entry(const struct nlmsghdr *message, void *data)
{
	const struct listing *listing = data;
	struct route_entries *entries = listing->entries;
	struct route_entry entry;

	if (!read_entry(message, listing->family, &entry) || entry.table != listing->table)
		return MNL_CB_OK;
	if (is_ours(&entry)) {
		entries->has_ours = true;
	} else {
		if (entries->foreign_count < ENTRIES_MAX)
			entries->foreign[entries->foreign_count] = entry;
		entries->foreign_count++;
	}
	return MNL_CB_OK;
}

static void forget_entries(void *data)
{
	const struct listing *listing = data;

	listing->entries->has_ours = false;
	listing->entries->foreign_count = 0;
}

int entries_list(struct rtnetlink *rtnetlink, int family, uint32_t table, struct route_entries *entries)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	struct listing listing = {family, table, entries};
	int result = 0;

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head->rtm_family = (uint8_t)family;
	mnl_attr_put_u32(message, RTA_TABLE, table);
	result = rtnetlink_dump(rtnetlink, message, note_entry, forget_entries, &listing);
	return result == -ENOENT ? 0 : result; /* the kernel has not created the table yet */
}

struct table_listing {
	int family;
	bool ours; /* those with our route; otherwise those with others' */
	struct route_tables *tables;
};

static int note_table(const struct nlmsghdr *message, void *data)
{
	const struct table_listing *listing = data;
	struct route_tables *tables = listing->tables;
	struct route_entry entry;
	uint32_t *items = NULL;

	if (!read_entry(message, listing->family, &entry) || is_ours(&entry) != listing->ours)
		return MNL_CB_OK;
	if (tables->count > 0 && tables->items[tables->count - 1] == entry.table)
		return MNL_CB_OK; /* the kernel lists table by table */
	if (tables->count == TABLES_MAX) {
		errno = E2BIG;
		return MNL_CB_ERROR;
	}
	items = array_reserve(tables->items, &tables->capacity, tables->count + 1, sizeof(*items));
	if (items == NULL)
		return netlink_no_memory();
	tables->items = items;
	items[tables->count++] = entry.table;
	return MNL_CB_OK;
}

static void forget_tables(void *data)
{
	const struct table_listing *listing = data;

	listing->tables->count = 0;
}

int entries_list_tables(struct rtnetlink *rtnetlink, int family, struct route_tables *tables)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct table_listing listing = {family, true, tables};

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	put_ours(message, family, RT_TABLE_UNSPEC);
	return rtnetlink_dump(rtnetlink, message, note_table, forget_tables, &listing);
}

int entries_list_foreign_tables(struct rtnetlink *rtnetlink, int family, struct route_tables *tables)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	struct table_listing listing = {family, false, tables};

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head->rtm_family = (uint8_t)family;
	return rtnetlink_dump(rtnetlink, message, note_table, forget_tables, &listing);
}

static const char *type_name(uint8_t type)
{
	static const char *const names[] = {
		[RTN_UNICAST] = "",
		[RTN_LOCAL] = "local ",
		[RTN_BROADCAST] = "broadcast ",
		[RTN_ANYCAST] = "anycast ",
		[RTN_MULTICAST] = "multicast ",
		[RTN_BLACKHOLE] = "blackhole ",
		[RTN_UNREACHABLE] = "unreachable ",
		[RTN_PROHIBIT] = "prohibit ",
		[RTN_THROW] = "throw ",
	};
	const char *name = type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;

	return name != NULL ? name : "";
}

const char *protocol_name(uint8_t protocol)
{
	static const char *const names[UINT8_MAX + 1] = {
		[RTPROT_REDIRECT] = "redirect", [RTPROT_KERNEL] = "kernel", [RTPROT_BOOT] = "boot",
		[RTPROT_STATIC] = "static",	[RTPROT_RA] = "ra",	    [RTPROT_ZEBRA] = "zebra",
		[RTPROT_BIRD] = "bird",		[RTPROT_DHCP] = "dhcp",
	};

	return names[protocol] != NULL ? names[protocol] : _("another one");
}

static void describe_nexthop(const struct route_entry *entry, FILE *out)
{
	char address[INET6_ADDRSTRLEN] = "";
	char name[IF_NAMESIZE] = "";
	char shown[ESCAPED_SIZE(IF_NAMESIZE)];

	if (entry->nexthop_id != 0) {
		fprintf(out, " nhid %" PRIu32, entry->nexthop_id);
		return;
	}
	inet_ntop(entry->family, entry->gateway, address, sizeof(address));
	if (entry->has_gateway)
		fprintf(out, " via %s", address);
	if (entry->interface != 0 && if_indextoname(entry->interface, name) != NULL)
		fprintf(out, " dev %s", escape(shown, sizeof(shown), name, strlen(name)));
}

void entry_describe(const struct route_entry *entry, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN] = "";
	CLEANUP(fclosep) FILE *out = fmemopen(text, size, "w");

	text[0] = '\0';
	if (out == NULL)
		return;
	inet_ntop(entry->family, entry->destination, address, sizeof(address));
	if (entry->length == 0)
		fprintf(out, "%sdefault", type_name(entry->type));
	else
		fprintf(out, "%s%s/%u", type_name(entry->type), address, entry->length);
	inet_ntop(entry->family, entry->source, address, sizeof(address));
	if (entry->source_length != 0)
		fprintf(out, " from %s/%u", address, entry->source_length);
	if (entry->tos != 0)
		fprintf(out, " tos 0x%x", entry->tos);
	describe_nexthop(entry, out);
	if (entry->metric != 0)
		fprintf(out, " metric %" PRIu32, entry->metric);
}
