/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_DUMPED_H
#define CGTPROXY_TEST_UNIT_DUMPED_H

/* Writes the kernel's dump of our table, and reads it. */

#include "answers.h"

#include "nft/dump.h"

static inline int read_all(struct dump *dump, struct error *error)
{
	struct nft nft = {.netlink = {.socket = anywhere, .port = 4711}};

	*dump = (struct dump){0};
	return dump_read(&nft, dump, error);
}

static inline void read_well(struct dump *dump)
{
	struct error error;

	assert_int_equal(read_all(dump, &error), 0);
	assert_int_equal(answers.asked, answers.expected);
}

static inline void table_is_there(void)
{
	answers_to_next();
	answers_u32(answers_nft(NFT_MSG_NEWTABLE), NFTA_TABLE_FLAGS, 3);
	answers_refuse(0);
}

static inline void empty_list(void)
{
	answers_to_next();
	answers_done();
}

static inline struct nlmsghdr *chain(const char *table, const char *name)
{
	struct nlmsghdr *message = answers_nft(NFT_MSG_NEWCHAIN);

	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, table);
	if (name != NULL)
		mnl_attr_put_strz(message, NFTA_CHAIN_NAME, name);
	return message;
}

static inline void counter(const char *name, uint32_t type)
{
	struct nlmsghdr *message = answers_nft(NFT_MSG_NEWOBJ);
	struct nlattr *data = NULL;

	mnl_attr_put_strz(message, NFTA_OBJ_NAME, name);
	answers_u32(message, NFTA_OBJ_TYPE, type);
	data = mnl_attr_nest_start(message, NFTA_OBJ_DATA);
	mnl_attr_put_u64(message, NFTA_COUNTER_PACKETS, htobe64(7));
	mnl_attr_put_u64(message, NFTA_COUNTER_BYTES, htobe64(UINT64_C(5000000000)));
	mnl_attr_nest_end(message, data);
}

static inline struct nlmsghdr *set_like(const char *name, const struct set_definition *definition, bool is_map)
{
	struct nlmsghdr *message = answers_nft(NFT_MSG_NEWSET);
	struct nlattr *description = NULL;

	mnl_attr_put_strz(message, NFTA_SET_NAME, name);
	answers_u32(message, NFTA_SET_FLAGS, definition->flags);
	answers_u32(message, NFTA_SET_KEY_TYPE, definition->key_type);
	answers_u32(message, NFTA_SET_KEY_LEN, definition->key_size);
	if (is_map)
		answers_u32(message, NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
	description = mnl_attr_nest_start(message, NFTA_SET_DESC);
	answers_u32(message, NFTA_SET_DESC_SIZE, 16384);
	mnl_attr_nest_end(message, description);
	return message;
}

static inline void set(const char *name, enum set_type type)
{
	set_like(name, set_definition(type), set_is_map(type));
}

/* A table that has the lists which a test did not write yet, in this order: chains, counters, sets. */
static inline void table_with_set(const char *name, enum set_type type)
{
	table_is_there();
	empty_list();
	empty_list();
	answers_to_next();
	set(name, type);
	answers_done();
}

struct elements_list {
	struct nlmsghdr *message;
	struct nlattr *list;
};

static inline struct elements_list begin_elements(void)
{
	struct elements_list elements = {.message = answers_nft(NFT_MSG_NEWSETELEM)};

	elements.list = mnl_attr_nest_start(elements.message, NFTA_SET_ELEM_LIST_ELEMENTS);
	return elements;
}

static inline void end_elements(struct elements_list *elements)
{
	mnl_attr_nest_end(elements->message, elements->list);
}

static inline void add_hook(struct nlmsghdr *message, const char *type)
{
	struct nlattr *hook = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);

	answers_u32(message, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
	answers_u32(message, NFTA_HOOK_PRIORITY, (uint32_t)-145);
	mnl_attr_nest_end(message, hook);
	mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, type);
}

static inline void list_chains_and_counters(void)
{
	answers_to_next();
	chain("firewall", "input");
	add_hook(chain(TABLE_NAME, "output-mangle"), "route");
	answers_datagram();
	chain(TABLE_NAME, "DROP-CHAIN");
	answers_done();
	answers_to_next();
	counter("DROP-CHAIN", NFT_OBJECT_COUNTER);
	answers_done();
}

#endif
