/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/table.h"

#include "nft/attributes.h"
#include "nft/elements.h"
#include "nft/expression.h"
#include "nft/hook.h"
#include "util/cleanup.h"

#include <libmnl/libmnl.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

DEFINE_CLEANUP(struct nftnl_rule *, nftnl_rule_free)

/* Ids of sets within a transaction. They distinguish anonymous sets, which share a name. */
enum {
	SET_ID_NAMED = 1,
	SET_ID_ANONYMOUS,
};

void table_put_new(struct batch *batch, const char *table, uint32_t table_flags, uint16_t flags)
{
	struct nlmsghdr *message = batch_message(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | flags);

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, table);
	attribute_put_u32(message, NFTA_TABLE_FLAGS, table_flags);
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

void table_put_counter(struct batch *batch, const char *table, const char *name)
{
	struct nlmsghdr *message = batch_message(batch, NFT_MSG_NEWOBJ, NLM_F_CREATE);
	struct nlattr *data = NULL;

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_OBJ_TABLE, table);
	mnl_attr_put_strz(message, NFTA_OBJ_NAME, name);
	attribute_put_u32(message, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	data = mnl_attr_nest_start(message, NFTA_OBJ_DATA);
	mnl_attr_put_u64(message, NFTA_COUNTER_BYTES, 0);
	mnl_attr_put_u64(message, NFTA_COUNTER_PACKETS, 0);
	mnl_attr_nest_end(message, data);
	batch_finish(batch, message);
}

static void put_hook(struct nlmsghdr *message, const struct hook *hook)
{
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);

	attribute_put_u32(message, NFTA_HOOK_HOOKNUM, hook->number);
	attribute_put_u32(message, NFTA_HOOK_PRIORITY, (uint32_t)hook->priority);
	mnl_attr_nest_end(message, nest);
	attribute_put_u32(message, NFTA_CHAIN_POLICY, NF_ACCEPT);
	mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, hook->type);
}

void table_put_chain(struct batch *batch, const char *table, const struct chain *chain)
{
	struct nlmsghdr *message = batch_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, chain->name);
	if (chain->hook != HOOK_NONE)
		put_hook(message, hook_of(chain->hook));
	batch_finish(batch, message);
}

/* Userdata that nft stores with a set to show it: the key's byte order, and that intervals are merged. */
static void put_set_userdata(struct nlmsghdr *message, const struct set_definition *definition)
{
	uint8_t data[2 * (2 + sizeof(uint32_t))];
	const uint32_t merge = 1;
	size_t size = 0;

	data[size++] = NFTNL_UDATA_SET_KEYBYTEORDER;
	data[size++] = sizeof(definition->byteorder);
	memcpy(data + size, &definition->byteorder, sizeof(definition->byteorder));
	size += sizeof(definition->byteorder);
	if (definition->flags & NFT_SET_INTERVAL && !(definition->flags & NFT_SET_MAP)) {
		data[size++] = NFTNL_UDATA_SET_MERGE_ELEMENTS;
		data[size++] = sizeof(merge);
		memcpy(data + size, &merge, sizeof(merge));
		size += sizeof(merge);
	}
	mnl_attr_put(message, NFTA_SET_USERDATA, size, data);
}

/* The kernel gives a set with a size a hash table that does not grow, whose lookups are faster. */
static void put_set_size(struct nlmsghdr *message, uint32_t size)
{
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_SET_DESC);

	attribute_put_u32(message, NFTA_SET_DESC_SIZE, size);
	mnl_attr_nest_end(message, nest);
}

/* id: within the transaction; named sets are identified by name */
static void put_set(struct batch *batch, const char *table, const struct set *set, uint32_t id)
{
	const struct set_definition *definition = set_definition(set->type);
	struct nlmsghdr *message = batch_message(batch, NFT_MSG_NEWSET, NLM_F_CREATE);

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_SET_TABLE, table);
	mnl_attr_put_strz(message, NFTA_SET_NAME, set->name);
	attribute_put_u32(message, NFTA_SET_ID, id);
	attribute_put_u32(message, NFTA_SET_FLAGS, definition->flags);
	attribute_put_u32(message, NFTA_SET_KEY_TYPE, definition->key_type);
	attribute_put_u32(message, NFTA_SET_KEY_LEN, definition->key_size);
	if (set_is_map(set->type)) {
		attribute_put_u32(message, NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
		attribute_put_u32(message, NFTA_SET_DATA_LEN, 0);
	}
	if (set->size > 0)
		put_set_size(message, set->size);
	put_set_userdata(message, definition);
	batch_finish(batch, message);
}

/* An anonymous set belongs to one rule, so each rule that needs { tcp, udp } gets its own. */
static void put_protocols(struct batch *batch, const char *table, uint32_t id)
{
	static const struct set_element protocols[] = {{.key = {IPPROTO_TCP}}, {.key = {IPPROTO_UDP}}};
	static const struct set set = {.name = "__set%d", .type = SET_PROTOCOLS};

	put_set(batch, table, &set, id);
	elements_put_anonymous(batch, table, &set, id, protocols, sizeof(protocols) / sizeof(protocols[0]));
}

/* Likewise the set of what an address can be that leads here. */
static void put_address_types(struct batch *batch, const char *table, uint32_t id)
{
	static const uint32_t types[] = {RTN_LOCAL, RTN_BROADCAST, RTN_ANYCAST, RTN_MULTICAST};
	static const struct set set = {.name = "__set%d", .type = SET_ADDRESS_TYPES};
	struct set_element elements[sizeof(types) / sizeof(types[0])] = {0};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		memcpy(elements[i].key, &types[i], sizeof(types[i]));
	put_set(batch, table, &set, id);
	elements_put_anonymous(batch, table, &set, id, elements, sizeof(elements) / sizeof(elements[0]));
}

/* Returns the id of the anonymous set that a statement looks up, or 0 if it does not. */
static uint32_t put_anonymous_set(struct batch *batch, const char *table, enum statement_kind kind)
{
	const bool is_protocol = kind == STATEMENT_TCP_OR_UDP || kind == STATEMENT_NOT_TCP_OR_UDP;
	uint32_t id = 0;

	if (!is_protocol && kind != STATEMENT_DADDR_TO_US)
		return 0;
	id = SET_ID_ANONYMOUS + batch->anonymous_sets++;
	if (is_protocol)
		put_protocols(batch, table, id);
	else
		put_address_types(batch, table, id);
	return id;
}

static void put_comment(struct batch *batch, struct nftnl_rule *rule, const char *comment)
{
	struct nftnl_udata_buf *userdata = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

	if (userdata == NULL || !nftnl_udata_put_strz(userdata, NFTNL_UDATA_RULE_COMMENT, comment) ||
	    nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(userdata),
				nftnl_udata_buf_len(userdata)) < 0)
		batch->failed = true;
	if (userdata != NULL)
		nftnl_udata_buf_free(userdata);
}

static void put_rule(struct batch *batch, const char *table, const char *chain, const struct rule *rule)
{
	CLEANUP(nftnl_rule_freep) struct nftnl_rule *built = nftnl_rule_alloc();
	struct nlmsghdr *message = NULL;

	if (built == NULL) {
		batch->failed = true;
		return;
	}
	nftnl_rule_set_str(built, NFTNL_RULE_TABLE, table);
	nftnl_rule_set_str(built, NFTNL_RULE_CHAIN, chain);
	if (rule->comment != NULL)
		put_comment(batch, built, rule->comment);
	for (size_t i = 0; i < rule->count; i++) {
		const struct statement *statement = &rule->statements[i];
		const uint32_t set = put_anonymous_set(batch, table, statement->kind);

		if (expression_add(built, statement, set) < 0)
			batch->failed = true;
	}
	message = batch_message(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	if (message == NULL)
		return;
	nftnl_rule_nlmsg_build_payload(message, built);
	batch_finish(batch, message);
}

void table_put_set(struct batch *batch, const char *table, const struct set *set)
{
	put_set(batch, table, set, SET_ID_NAMED);
}

void table_put_rules(struct batch *batch, const char *table, const struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		put_rule(batch, table, chain->name, &chain->rules[i]);
}

void table_put_contents(struct batch *batch, const struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->counter_count; i++)
		table_put_counter(batch, ruleset->table, ruleset->counters[i]);
	for (size_t i = 0; i < ruleset->chain_count; i++)
		table_put_chain(batch, ruleset->table, &ruleset->chains[i]);
	for (size_t i = 0; i < ruleset->set_count; i++) {
		const struct set *set = &ruleset->sets[i];

		table_put_set(batch, ruleset->table, set);
		elements_put(batch, ruleset->table, set, set->elements, set->count);
	}
	for (size_t i = 0; i < ruleset->chain_count; i++)
		table_put_rules(batch, ruleset->table, &ruleset->chains[i]);
}

/*
 * Removes an object by name. In messages of every kind, attribute 1 is the table's name: NFTA_CHAIN_TABLE,
 * NFTA_SET_TABLE and so on.
 */
static void put_removal(struct batch *batch, uint16_t type, const char *table, uint16_t name_attribute,
			const char *name)
{
	struct nlmsghdr *message = batch_message(batch, type, 0);

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, table);
	if (name != NULL)
		mnl_attr_put_strz(message, name_attribute, name);
	if (type == NFT_MSG_DELOBJ)
		attribute_put_u32(message, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	batch_finish(batch, message);
}

void table_flush_set(struct batch *batch, const char *table, const char *set)
{
	put_removal(batch, NFT_MSG_DELSETELEM, table, NFTA_SET_ELEM_LIST_SET, set);
}

void table_delete_rules(struct batch *batch, const char *table, const char *chain)
{
	put_removal(batch, NFT_MSG_DELRULE, table, NFTA_RULE_CHAIN, chain);
}

void table_replace_rules(struct batch *batch, const char *table, const struct chain *chain)
{
	table_delete_rules(batch, table, chain->name);
	table_put_rules(batch, table, chain);
}

void table_delete_chain(struct batch *batch, const char *table, const char *chain)
{
	put_removal(batch, NFT_MSG_DELCHAIN, table, NFTA_CHAIN_NAME, chain);
}

void table_delete_counter(struct batch *batch, const char *table, const char *counter)
{
	put_removal(batch, NFT_MSG_DELOBJ, table, NFTA_OBJ_NAME, counter);
}

void table_delete_set(struct batch *batch, const char *table, const char *set)
{
	put_removal(batch, NFT_MSG_DELSET, table, NFTA_SET_NAME, set);
}
