/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/elements.h"

#include "nft/attributes.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

enum {
	ATTRIBUTE_HEAD = 4,
	/* size of an element with the longest key and chain name: the nested attributes of its key and its verdict */
	ELEMENT_SIZE_MAX = ATTRIBUTE_HEAD + (2 * ATTRIBUTE_HEAD + SET_KEY_MAX) + (2 * ATTRIBUTE_HEAD) +
			   (ATTRIBUTE_HEAD + 4) + (ATTRIBUTE_HEAD + NFT_NAME_SIZE),
	ATTRIBUTE_SIZE_MAX = 0xffff,
};

_Static_assert((int)ELEMENTS_PER_MESSAGE *ELEMENT_SIZE_MAX <= ATTRIBUTE_SIZE_MAX - ATTRIBUTE_HEAD,
	       "the elements of a message fit one netlink attribute");

static void put_key(struct nlmsghdr *message, const void *key, size_t size)
{
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);

	mnl_attr_put(message, NFTA_DATA_VALUE, size, key);
	mnl_attr_nest_end(message, nest);
}

static void put_verdict(struct nlmsghdr *message, const struct verdict *verdict)
{
	struct nlattr *data = mnl_attr_nest_start(message, NFTA_SET_ELEM_DATA);
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);

	attribute_put_u32(message, NFTA_VERDICT_CODE, (uint32_t)verdict_code(verdict->kind));
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
		attribute_put_u32(message, NFTA_SET_ELEM_FLAGS, flags);
	if (verdict != NULL)
		put_verdict(message, verdict);
	mnl_attr_nest_end(message, element);
}

/* Where the elements of a message are added or removed. */
struct sink {
	uint16_t type; /* NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM */
	const char *table;
	const struct set *set;
	uint32_t id; /* of an anonymous set, or 0 */
};

static void put_message(struct batch *batch, const struct sink *sink, const struct set_element *elements, size_t count)
{
	const size_t key_size = set_definition(sink->set->type)->key_size;
	const bool is_added = sink->type == NFT_MSG_NEWSETELEM;
	struct nlmsghdr *message = batch_message(batch, sink->type, is_added ? NLM_F_CREATE : 0);
	struct nlattr *nest = NULL;

	if (message == NULL)
		return;
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, sink->table);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, sink->set->name);
	if (sink->id != 0)
		attribute_put_u32(message, NFTA_SET_ELEM_LIST_SET_ID, sink->id);
	nest = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < count; i++)
		put_element(message, elements[i].key, key_size, is_added ? elements[i].verdict : NULL,
			    elements[i].flags);
	mnl_attr_nest_end(message, nest);
	batch_finish(batch, message);
}

static void put_messages(struct batch *batch, const struct sink *sink, const struct set_element *elements, size_t count)
{
	for (size_t i = 0; i < count; i += ELEMENTS_PER_MESSAGE)
		put_message(batch, sink, elements + i,
			    count - i < ELEMENTS_PER_MESSAGE ? count - i : ELEMENTS_PER_MESSAGE);
}

void elements_put(struct batch *batch, const char *table, const struct set *set, const struct set_element *elements,
		  size_t count)
{
	put_messages(batch, &(const struct sink){NFT_MSG_NEWSETELEM, table, set, 0}, elements, count);
}

void elements_put_anonymous(struct batch *batch, const char *table, const struct set *set, uint32_t id,
			    const struct set_element *elements, size_t count)
{
	put_messages(batch, &(const struct sink){NFT_MSG_NEWSETELEM, table, set, id}, elements, count);
}

void elements_delete(struct batch *batch, const char *table, const struct set *set, const struct set_element *elements,
		     size_t count)
{
	put_messages(batch, &(const struct sink){NFT_MSG_DELSETELEM, table, set, 0}, elements, count);
}
