/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/elements.h"

#include "nft/table.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

enum {
	ATTRIBUTE_HEAD = 4,
	/* what an element of the longest chain name takes: the attributes nested for its key and for its verdict */
	ELEMENT_SIZE_MAX = ATTRIBUTE_HEAD + (2 * ATTRIBUTE_HEAD + 8) + (2 * ATTRIBUTE_HEAD) + (ATTRIBUTE_HEAD + 4) +
			   (ATTRIBUTE_HEAD + CHAIN_NAME_SIZE),
	ATTRIBUTE_SIZE_MAX = 0xffff,
};

_Static_assert((int)ELEMENTS_PER_MESSAGE *ELEMENT_SIZE_MAX <= ATTRIBUTE_SIZE_MAX - ATTRIBUTE_HEAD,
	       "the elements of a message fit one netlink attribute");

static void put_u32(struct nlmsghdr *message, uint16_t attribute, uint32_t number)
{
	mnl_attr_put_u32(message, attribute, htonl(number));
}

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

	put_u32(message, NFTA_VERDICT_CODE, (uint32_t)verdict_code(verdict->kind));
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

/* Elements of whatever kind, and how one of them is written. */
struct element_list {
	const void *items;
	size_t count;
	void (*put)(struct nlmsghdr *message, const void *items, size_t index, uint32_t key_size);
};

static void put_set_element(struct nlmsghdr *message, const void *items, size_t index, uint32_t key_size)
{
	const struct set_element *element = (const struct set_element *)items + index;

	put_element(message, element->key, key_size, element->verdict, element->flags);
}

static void put_cgroup(struct nlmsghdr *message, const void *items, size_t index, uint32_t key_size)
{
	static const struct verdict steered = {.kind = VERDICT_CONTINUE};
	const struct element *element = (const struct element *)items + index;
	const bool goes = element->verdict->kind == VERDICT_GOTO;

	put_element(message, &element->cgroup_id, key_size, goes ? &steered : element->verdict, 0);
}

static void put_cgroup_id(struct nlmsghdr *message, const void *items, size_t index, uint32_t key_size)
{
	put_element(message, &((const struct element *)items)[index].cgroup_id, key_size, NULL, 0);
}

/* Finds the next element, from @at on, that goes to a chain. */
static size_t next_to(const struct element *elements, size_t count, size_t at, const char *chain)
{
	while (at < count &&
	       (elements[at].verdict->kind != VERDICT_GOTO || strcmp(elements[at].verdict->chain, chain) != 0))
		at++;
	return at;
}

/* type: NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM; nest: set to where the elements go */
static struct nlmsghdr *begin_elements(struct batch *batch, uint16_t type, const char *table, const char *set,
				       uint32_t set_id, struct nlattr **nest)
{
	struct nlmsghdr *message = batch_message(batch, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);

	if (message == NULL)
		return NULL;
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
	put_u32(message, NFTA_SET_ELEM_LIST_SET_ID, set_id);
	*nest = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	return message;
}

static void end_elements(struct batch *batch, struct nlmsghdr *message, struct nlattr *nest)
{
	mnl_attr_nest_end(message, nest);
	batch_finish(batch, message);
}

static void put_elements(struct batch *batch, uint16_t type, const char *table, const char *set, uint32_t set_id,
			 uint32_t key_size, const struct element_list *list)
{
	for (size_t i = 0; i < list->count; i += ELEMENTS_PER_MESSAGE) {
		struct nlattr *nest = NULL;
		struct nlmsghdr *message = begin_elements(batch, type, table, set, set_id, &nest);

		if (message == NULL)
			return;
		for (size_t j = i; j < list->count && j < i + ELEMENTS_PER_MESSAGE; j++)
			list->put(message, list->items, j, key_size);
		end_elements(batch, message, nest);
	}
}

/* The elements among these that go to a target, to its set. */
static void put_target(struct batch *batch, uint16_t type, const struct ruleset *ruleset, size_t target,
		       const struct element *elements, size_t count)
{
	const char *chain = ruleset->targets[target].chain;
	size_t at = next_to(elements, count, 0, chain);

	while (at < count) {
		struct nlattr *nest = NULL;
		struct nlmsghdr *message =
			begin_elements(batch, type, ruleset->table, chain, SET_ID_TARGETS + (uint32_t)target, &nest);

		if (message == NULL)
			return;
		for (size_t put = 0; at < count && put < ELEMENTS_PER_MESSAGE; put++) {
			put_cgroup_id(message, elements, at, sizeof(elements->cgroup_id));
			at = next_to(elements, count, at + 1, chain);
		}
		end_elements(batch, message, nest);
	}
}

void elements_put(struct batch *batch, const char *table, const struct set_definition *set, uint32_t set_id,
		  const struct set_element *elements, size_t count)
{
	put_elements(batch, NFT_MSG_NEWSETELEM, table, set->name, set_id, set->key_size,
		     &(const struct element_list){elements, count, put_set_element});
}

void elements_put_cgroups(struct batch *batch, uint16_t type, const struct ruleset *ruleset,
			  const struct element *elements, size_t count)
{
	const struct set_definition *map = &set_definitions[SET_INDEX_CGROUPS];

	put_elements(
		batch, type, ruleset->table, map->name, SET_ID_FIRST_NAMED + SET_INDEX_CGROUPS, map->key_size,
		&(const struct element_list){elements, count, type == NFT_MSG_NEWSETELEM ? put_cgroup : put_cgroup_id});
	for (size_t i = 0; i < ruleset->target_count; i++)
		put_target(batch, type, ruleset, i, elements, count);
}
