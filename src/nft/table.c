/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/table.h"

#include "nft/expression.h"
#include "util/cleanup.h"

#include <libmnl/libmnl.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

/*
 * nft's own numbers for data types (include/datatype.h and rule.h of nftables). The kernel stores them and gives them
 * no meaning; "nft list" reads them to show a key as an address, a mark or a cgroup.
 */
enum {
	TYPE_IPADDR = 7,
	TYPE_IP6ADDR = 8,
	TYPE_INET_PROTOCOL = 12,
	TYPE_MARK = 19,
	TYPE_CGROUPV2 = 46,
	BYTEORDER_HOST = 1,
	BYTEORDER_BIG = 2,
};

enum {
	ATTRIBUTE_HEAD = 4,
	/* what an element of the longest chain name takes: the attributes nested for its key and for its verdict */
	ELEMENT_SIZE_MAX = ATTRIBUTE_HEAD + (2 * ATTRIBUTE_HEAD + 8) + (2 * ATTRIBUTE_HEAD) + (ATTRIBUTE_HEAD + 4) +
			   (ATTRIBUTE_HEAD + CHAIN_NAME_SIZE),
	ATTRIBUTE_SIZE_MAX = 0xffff,
};

_Static_assert((int)ELEMENTS_PER_MESSAGE *ELEMENT_SIZE_MAX <= ATTRIBUTE_SIZE_MAX - ATTRIBUTE_HEAD,
	       "the elements of a message fit one netlink attribute");

/* Ids of sets within a transaction. Anonymous sets have the same name and take the ids from the last on. */
enum {
	ID_BYPASS = 1,
	ID_BYPASS6,
	ID_CGROUPS,
	ID_MARKS,
	ID_DNS_MARKS,
	ID_ANONYMOUS,
};

struct set {
	const char *name;
	uint32_t id;
	uint32_t flags; /* NFT_SET_* */
	uint32_t key_type;
	uint32_t key_size;
	uint32_t byteorder;
};

DEFINE_CLEANUP(struct nftnl_rule *, nftnl_rule_free)

static void put_u32(struct nlmsghdr *message, uint16_t attribute, uint32_t number)
{
	mnl_attr_put_u32(message, attribute, htonl(number));
}

void table_put_new(struct batch *batch, const char *table, uint32_t table_flags, uint16_t flags)
{
	struct nlmsghdr *message = batch_message(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | flags);

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, table);
	put_u32(message, NFTA_TABLE_FLAGS, table_flags);
	batch_finish(batch, message);
}

void table_put_delete(struct batch *batch, const char *table)
{
	struct nlmsghdr *message = batch_message(batch, NFT_MSG_DELTABLE, 0);

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, table);
	batch_finish(batch, message);
}

static void put_counter(struct batch *batch, const char *table, const char *name)
{
	struct nlmsghdr *message = batch_message(batch, NFT_MSG_NEWOBJ, NLM_F_CREATE);
	struct nlattr *data = NULL;

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_OBJ_TABLE, table);
	mnl_attr_put_strz(message, NFTA_OBJ_NAME, name);
	put_u32(message, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	data = mnl_attr_nest_start(message, NFTA_OBJ_DATA);
	mnl_attr_put_u64(message, NFTA_COUNTER_BYTES, 0);
	mnl_attr_put_u64(message, NFTA_COUNTER_PACKETS, 0);
	mnl_attr_nest_end(message, data);
	batch_finish(batch, message);
}

static void put_hook(struct nlmsghdr *message, enum chain_hook hook)
{
	static const struct {
		const char *type;
		uint32_t number;
		int priority;
	} hooks[] = {
		[HOOK_ROUTE_OUTPUT_MANGLE] = {"route", NF_INET_LOCAL_OUT, NF_IP_PRI_MANGLE},
		[HOOK_NAT_OUTPUT] = {"nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST},
		[HOOK_FILTER_PREROUTING_MANGLE] = {"filter", NF_INET_PRE_ROUTING, NF_IP_PRI_MANGLE},
	};
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);

	put_u32(message, NFTA_HOOK_HOOKNUM, hooks[hook].number);
	put_u32(message, NFTA_HOOK_PRIORITY, (uint32_t)hooks[hook].priority);
	mnl_attr_nest_end(message, nest);
	put_u32(message, NFTA_CHAIN_POLICY, NF_ACCEPT);
	mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, hooks[hook].type);
}

static void put_chain(struct batch *batch, const char *table, const struct chain *chain)
{
	struct nlmsghdr *message = batch_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, chain->name);
	if (chain->hook != HOOK_NONE)
		put_hook(message, chain->hook);
	batch_finish(batch, message);
}

/* What nft keeps beside a set to show it: byte order of the key, and that intervals are merged. */
static void put_set_userdata(struct nlmsghdr *message, const struct set *set)
{
	uint8_t data[2 * (2 + sizeof(uint32_t))];
	const uint32_t merge = 1;
	size_t size = 0;

	data[size++] = NFTNL_UDATA_SET_KEYBYTEORDER;
	data[size++] = sizeof(set->byteorder);
	memcpy(data + size, &set->byteorder, sizeof(set->byteorder));
	size += sizeof(set->byteorder);
	if (set->flags & NFT_SET_INTERVAL) {
		data[size++] = NFTNL_UDATA_SET_MERGE_ELEMENTS;
		data[size++] = sizeof(merge);
		memcpy(data + size, &merge, sizeof(merge));
		size += sizeof(merge);
	}
	mnl_attr_put(message, NFTA_SET_USERDATA, size, data);
}

static void put_set(struct batch *batch, const char *table, const struct set *set)
{
	struct nlmsghdr *message = batch_message(batch, NFT_MSG_NEWSET, NLM_F_CREATE);

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_SET_TABLE, table);
	mnl_attr_put_strz(message, NFTA_SET_NAME, set->name);
	put_u32(message, NFTA_SET_ID, set->id);
	put_u32(message, NFTA_SET_FLAGS, set->flags);
	put_u32(message, NFTA_SET_KEY_TYPE, set->key_type);
	put_u32(message, NFTA_SET_KEY_LEN, set->key_size);
	if (set->flags & NFT_SET_MAP) {
		put_u32(message, NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
		put_u32(message, NFTA_SET_DATA_LEN, 0);
	}
	put_set_userdata(message, set);
	batch_finish(batch, message);
}

/* A message of elements that is being written: where its parts must be closed. */
struct element_list {
	struct nlmsghdr *message;
	struct nlattr *nest;
};

static struct element_list begin_elements(struct batch *batch, uint16_t type, const char *table, const char *set,
					  uint32_t set_id)
{
	struct element_list list = {
		.message = batch_message(batch, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0),
	};

	if (list.message == NULL)
		return list;
	mnl_attr_put_strz(list.message, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(list.message, NFTA_SET_ELEM_LIST_SET, set);
	if (set_id != 0)
		put_u32(list.message, NFTA_SET_ELEM_LIST_SET_ID, set_id);
	list.nest = mnl_attr_nest_start(list.message, NFTA_SET_ELEM_LIST_ELEMENTS);
	return list;
}

static void end_elements(struct batch *batch, const struct element_list *list)
{
	mnl_attr_nest_end(list->message, list->nest);
	batch_finish(batch, list->message);
}

static void put_key(struct nlmsghdr *message, const void *key, size_t size)
{
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);

	mnl_attr_put(message, NFTA_DATA_VALUE, size, key);
	mnl_attr_nest_end(message, nest);
}

static void put_verdict(struct nlmsghdr *message, const struct verdict *verdict)
{
	static const int codes[] = {
		[VERDICT_RETURN] = NFT_RETURN,
		[VERDICT_DROP] = NF_DROP,
		[VERDICT_GOTO] = NFT_GOTO,
	};
	struct nlattr *data = mnl_attr_nest_start(message, NFTA_SET_ELEM_DATA);
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);

	put_u32(message, NFTA_VERDICT_CODE, (uint32_t)codes[verdict->kind]);
	if (verdict->kind == VERDICT_GOTO)
		mnl_attr_put_strz(message, NFTA_VERDICT_CHAIN, verdict->chain);
	mnl_attr_nest_end(message, nest);
	mnl_attr_nest_end(message, data);
}

static void put_element(struct nlmsghdr *message, const void *key, size_t size, const struct verdict *verdict,
			uint32_t flags)
{
	struct nlattr *element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);

	put_key(message, key, size);
	if (flags != 0)
		put_u32(message, NFTA_SET_ELEM_FLAGS, flags);
	if (verdict != NULL)
		put_verdict(message, verdict);
	mnl_attr_nest_end(message, element);
}

/* The address behind @address, or false when @address is the last there is. */
static bool next_address(uint8_t *address, size_t size)
{
	for (size_t i = size; i > 0; i--) {
		if (++address[i - 1] != 0)
			return true;
	}
	return false;
}

/* The kernel's interval sets hold where an interval begins and where the addresses behind it begin. */
static void put_interval(struct nlmsghdr *message, const struct interval *interval, size_t size)
{
	uint8_t behind[sizeof(interval->last)];

	memcpy(behind, interval->last, sizeof(behind));
	put_element(message, interval->first, size, NULL, 0);
	if (next_address(behind, size))
		put_element(message, behind, size, NULL, NFT_SET_ELEM_INTERVAL_END);
}

static void put_intervals(struct batch *batch, const char *table, const struct set *set,
			  const struct interval_set *intervals)
{
	const size_t step = ELEMENTS_PER_MESSAGE / 2;

	for (size_t i = 0; i < intervals->count; i += step) {
		struct element_list list = begin_elements(batch, NFT_MSG_NEWSETELEM, table, set->name, set->id);

		if (list.message == NULL)
			return;
		for (size_t j = i; j < intervals->count && j < i + step; j++)
			put_interval(list.message, &intervals->intervals[j], set->key_size);
		end_elements(batch, &list);
	}
}

static void put_marks(struct batch *batch, const char *table, const struct set *set, const struct mark_map *marks)
{
	for (size_t i = 0; i < marks->count; i += ELEMENTS_PER_MESSAGE) {
		struct element_list list = begin_elements(batch, NFT_MSG_NEWSETELEM, table, set->name, set->id);

		if (list.message == NULL)
			return;
		for (size_t j = i; j < marks->count && j < i + ELEMENTS_PER_MESSAGE; j++)
			put_element(list.message, &marks->elements[j].mark, sizeof(marks->elements[j].mark),
				    &marks->elements[j].verdict, 0);
		end_elements(batch, &list);
	}
}

/* The anonymous set { tcp, udp } belongs to one rule, so each rule that needs it gets its own. */
static void put_protocols(struct batch *batch, const char *table, uint32_t id)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
	const struct set set = {
		.name = "__set%d",
		.id = id,
		.flags = NFT_SET_ANONYMOUS | NFT_SET_CONSTANT,
		.key_type = TYPE_INET_PROTOCOL,
		.key_size = sizeof(protocols[0]),
		.byteorder = BYTEORDER_BIG,
	};
	struct element_list list;

	put_set(batch, table, &set);
	list = begin_elements(batch, NFT_MSG_NEWSETELEM, table, set.name, set.id);
	if (list.message == NULL)
		return;
	for (size_t i = 0; i < sizeof(protocols); i++)
		put_element(list.message, &protocols[i], sizeof(protocols[i]), NULL, 0);
	end_elements(batch, &list);
}

static void put_rule(struct batch *batch, const char *table, const char *chain, const struct rule *rule,
		     uint32_t *next_set_id)
{
	CLEANUP(nftnl_rule_freep) struct nftnl_rule *built = nftnl_rule_alloc();
	struct nlmsghdr *message = NULL;
	uint32_t protocols = 0;

	if (built == NULL) {
		batch->failed = true;
		return;
	}
	nftnl_rule_set_str(built, NFTNL_RULE_TABLE, table);
	nftnl_rule_set_str(built, NFTNL_RULE_CHAIN, chain);
	for (size_t i = 0; i < rule->count; i++) {
		const struct statement *statement = &rule->statements[i];

		if (statement->kind == STATEMENT_TCP_OR_UDP || statement->kind == STATEMENT_NOT_TCP_OR_UDP) {
			protocols = (*next_set_id)++;
			put_protocols(batch, table, protocols);
		}
		if (expression_add(built, statement, protocols) < 0)
			batch->failed = true;
	}
	message = batch_message(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	if (message == NULL)
		return;
	nftnl_rule_nlmsg_build_payload(message, built);
	batch_finish(batch, message);
}

static void put_rules(struct batch *batch, const char *table, const struct chain *chain, uint32_t *next_set_id)
{
	for (size_t i = 0; i < chain->count; i++)
		put_rule(batch, table, chain->name, &chain->rules[i], next_set_id);
}

static void put_level_rules(struct batch *batch, const struct ruleset *ruleset, const struct level_set *levels)
{
	struct chain chain = {.name = CHAIN_OUTPUT_MANGLE};
	uint32_t next_set_id = ID_ANONYMOUS;

	if (ruleset_level_rules(ruleset, levels, &chain) < 0)
		batch->failed = true;
	put_rules(batch, ruleset->table, &chain, &next_set_id);
	chain_clear(&chain);
}

void table_put_levels(struct batch *batch, const struct ruleset *ruleset, const struct level_set *levels)
{
	struct nlmsghdr *message = batch_message(batch, NFT_MSG_DELRULE, 0);

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_RULE_TABLE, ruleset->table);
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, CHAIN_OUTPUT_MANGLE);
	batch_finish(batch, message);
	put_level_rules(batch, ruleset, levels);
}

static void put_sets(struct batch *batch, const struct ruleset *ruleset)
{
	static const struct set bypass = {SET_BYPASS, ID_BYPASS, NFT_SET_INTERVAL, TYPE_IPADDR, 4, BYTEORDER_BIG};
	static const struct set bypass6 = {SET_BYPASS6, ID_BYPASS6, NFT_SET_INTERVAL, TYPE_IP6ADDR, 16, BYTEORDER_BIG};
	static const struct set cgroups = {MAP_CGROUP, ID_CGROUPS, NFT_SET_MAP, TYPE_CGROUPV2, 8, BYTEORDER_HOST};
	static const struct set marks = {MAP_MARK, ID_MARKS, NFT_SET_MAP, TYPE_MARK, 4, BYTEORDER_HOST};
	static const struct set dns_marks = {MAP_MARK_DNS, ID_DNS_MARKS, NFT_SET_MAP, TYPE_MARK, 4, BYTEORDER_HOST};

	put_set(batch, ruleset->table, &bypass);
	put_set(batch, ruleset->table, &bypass6);
	put_set(batch, ruleset->table, &cgroups);
	put_set(batch, ruleset->table, &marks);
	put_set(batch, ruleset->table, &dns_marks);
	put_intervals(batch, ruleset->table, &bypass, &ruleset->bypass);
	put_intervals(batch, ruleset->table, &bypass6, &ruleset->bypass6);
	put_marks(batch, ruleset->table, &marks, &ruleset->marks);
	put_marks(batch, ruleset->table, &dns_marks, &ruleset->dns_marks);
}

void table_put_contents(struct batch *batch, const struct ruleset *ruleset, const struct level_set *levels)
{
	uint32_t next_set_id = ID_ANONYMOUS;

	for (size_t i = 0; i < ruleset->counter_count; i++)
		put_counter(batch, ruleset->table, ruleset->counters[i]);
	for (size_t i = 0; i < ruleset->chain_count; i++)
		put_chain(batch, ruleset->table, &ruleset->chains[i]);
	put_sets(batch, ruleset);
	for (size_t i = 0; i < ruleset->chain_count; i++)
		put_rules(batch, ruleset->table, &ruleset->chains[i], &next_set_id);
	put_level_rules(batch, ruleset, levels);
}

void table_put_elements(struct batch *batch, const struct ruleset *ruleset, const struct element *elements,
			size_t count)
{
	for (size_t i = 0; i < count; i += ELEMENTS_PER_MESSAGE) {
		struct element_list list = begin_elements(batch, NFT_MSG_NEWSETELEM, ruleset->table, MAP_CGROUP, 0);

		if (list.message == NULL)
			return;
		for (size_t j = i; j < count && j < i + ELEMENTS_PER_MESSAGE; j++)
			put_element(list.message, &elements[j].cgroup_id, sizeof(elements[j].cgroup_id),
				    elements[j].verdict, 0);
		end_elements(batch, &list);
	}
}

void table_delete_elements(struct batch *batch, const struct ruleset *ruleset, const uint64_t *cgroup_ids, size_t count)
{
	for (size_t i = 0; i < count; i += ELEMENTS_PER_MESSAGE) {
		struct element_list list = begin_elements(batch, NFT_MSG_DELSETELEM, ruleset->table, MAP_CGROUP, 0);

		if (list.message == NULL)
			return;
		for (size_t j = i; j < count && j < i + ELEMENTS_PER_MESSAGE; j++)
			put_element(list.message, &cgroup_ids[j], sizeof(cgroup_ids[j]), NULL, 0);
		end_elements(batch, &list);
	}
}
