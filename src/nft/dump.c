/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/dump.h"

#include "nft/attributes.h"
#include "util/array.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

enum {
	READ_TRIES = 5, /* the table may change while it is read */
};

/* A hook that can't be parsed is treated as one that none of our chains has. */
static void read_hook(const struct attributes *chain, struct dump_chain *noted)
{
	struct attributes hook;
	uint32_t priority = 0;

	noted->has_hook = chain->of[NFTA_CHAIN_HOOK] != NULL;
	if (!noted->has_hook)
		return;
	attributes_of_nest(&hook, chain->of[NFTA_CHAIN_HOOK]);
	if (!attribute_u32(hook.of[NFTA_HOOK_HOOKNUM], &noted->number) ||
	    !attribute_u32(hook.of[NFTA_HOOK_PRIORITY], &priority) ||
	    !text_copy(noted->type, sizeof(noted->type), attribute_text(chain->of[NFTA_CHAIN_TYPE])))
		noted->type[0] = '\0';
	noted->priority = (int32_t)priority;
}

/* The kernel lists the chains of all tables. */
static int note_chain(const struct nlmsghdr *message, void *data)
{
	struct dump *dump = data;
	struct dump_chain *chains = NULL;
	struct attributes chain;
	const char *table = NULL;

	attributes_of_message(&chain, message);
	table = attribute_text(chain.of[NFTA_CHAIN_TABLE]);
	if (table == NULL || strcmp(table, TABLE_NAME) != 0)
		return MNL_CB_OK;
	chains = array_reserve(dump->chains, &dump->chain_capacity, dump->chain_count + 1, sizeof(*chains));
	if (chains == NULL)
		return netlink_no_memory();
	dump->chains = chains;
	chains[dump->chain_count] = (struct dump_chain){.has_hook = false};
	if (!text_copy(chains[dump->chain_count].name, sizeof(chains->name),
		       attribute_text(chain.of[NFTA_CHAIN_NAME]))) {
		dump->is_incomplete = true;
		return MNL_CB_OK;
	}
	read_hook(&chain, &chains[dump->chain_count++]);
	return MNL_CB_OK;
}

static int note_counter(const struct nlmsghdr *message, void *data)
{
	struct dump *dump = data;
	struct counter *counters = NULL;
	struct attributes object;

	attributes_of_message(&object, message);
	counters = array_reserve(dump->counters, &dump->counter_capacity, dump->counter_count + 1, sizeof(*counters));
	if (counters == NULL)
		return netlink_no_memory();
	dump->counters = counters;
	if (counter_read(&counters[dump->counter_count], &object))
		dump->counter_count++;
	else
		dump->is_incomplete = true;
	return MNL_CB_OK;
}

static bool is_of_type(const struct attributes *set, uint32_t flags, enum set_type type)
{
	const struct set_definition *definition = set_definition(type);
	uint32_t key_size = 0;
	uint32_t key_type = 0;
	uint32_t data_type = 0;
	bool gives_verdicts = attribute_u32(set->of[NFTA_SET_DATA_TYPE], &data_type) && data_type == NFT_DATA_VERDICT;

	return flags == definition->flags && gives_verdicts == set_is_map(type) &&
	       attribute_u32(set->of[NFTA_SET_KEY_LEN], &key_size) && key_size == definition->key_size &&
	       attribute_u32(set->of[NFTA_SET_KEY_TYPE], &key_type) && key_type == definition->key_type;
}

static enum set_type type_of(const struct attributes *set, uint32_t flags)
{
	enum set_type type = 0;

	while (type < SET_NAMED_TYPES && !is_of_type(set, flags, type))
		type++;
	return type < SET_NAMED_TYPES ? type : SET_UNKNOWN;
}

static uint32_t read_size(const struct attributes *set)
{
	struct attributes description;
	uint32_t size = 0;

	attributes_of_nest(&description, set->of[NFTA_SET_DESC]);
	attribute_u32(description.of[NFTA_SET_DESC_SIZE], &size);
	return size;
}

static int note_set(const struct nlmsghdr *message, void *data)
{
	struct dump *dump = data;
	struct set *sets = NULL;
	struct attributes set;
	uint32_t flags = 0;

	attributes_of_message(&set, message);
	attribute_u32(set.of[NFTA_SET_FLAGS], &flags);
	/* anonymous sets are removed with their rule */
	if (flags & NFT_SET_ANONYMOUS)
		return MNL_CB_OK;
	sets = array_reserve(dump->sets, &dump->set_capacity, dump->set_count + 1, sizeof(*sets));
	if (sets == NULL)
		return netlink_no_memory();
	dump->sets = sets;
	sets[dump->set_count] = (struct set){.type = type_of(&set, flags), .size = read_size(&set)};
	if (text_copy(sets[dump->set_count].name, sizeof(sets->name), attribute_text(set.of[NFTA_SET_NAME])))
		dump->set_count++;
	else
		dump->is_incomplete = true;
	return MNL_CB_OK;
}

static bool read_verdict(const struct nlattr *data, struct verdict *verdict)
{
	struct attributes attributes;
	uint32_t code = 0;

	*verdict = (struct verdict){0};
	attributes_of_nest(&attributes, data);
	attributes_of_nest(&attributes, attributes.of[NFTA_DATA_VERDICT]);
	if (!attribute_u32(attributes.of[NFTA_VERDICT_CODE], &code))
		return false;
	switch ((int)code) {
	case NFT_RETURN:
		verdict->kind = VERDICT_RETURN;
		return true;
	case NF_DROP:
		verdict->kind = VERDICT_DROP;
		return true;
	case NFT_CONTINUE:
		verdict->kind = VERDICT_CONTINUE;
		return true;
	case NFT_GOTO:
		verdict->kind = VERDICT_GOTO;
		return text_copy(verdict->chain, sizeof(verdict->chain),
				 attribute_text(attributes.of[NFTA_VERDICT_CHAIN]));
	default:
		return false;
	}
}

/* Destination of the elements in messages. */
struct sink {
	struct dump *dump;
	struct set *set;
};

/* Returns its value of @size bytes, or NULL. */
static const void *read_key(const struct nlattr *key, size_t size)
{
	struct attributes attributes;
	const struct nlattr *value = NULL;

	attributes_of_nest(&attributes, key);
	value = attributes.of[NFTA_DATA_VALUE];
	return value != NULL && mnl_attr_get_payload_len(value) == size ? mnl_attr_get_payload(value) : NULL;
}

static int note_element(const struct sink *sink, const struct nlattr *nest)
{
	const struct verdict *kept = NULL;
	bool has_verdict = false;
	bool is_end = false;
	const void *key = NULL;
	struct attributes element;
	struct verdict verdict;
	uint32_t flags = 0;

	attributes_of_nest(&element, nest);
	key = read_key(element.of[NFTA_SET_ELEM_KEY], set_definition(sink->set->type)->key_size);
	attribute_u32(element.of[NFTA_SET_ELEM_FLAGS], &flags);
	is_end = set_has_intervals(sink->set->type) && flags & NFT_SET_ELEM_INTERVAL_END;
	has_verdict = set_is_map(sink->set->type) && !is_end;
	if (key == NULL || (has_verdict && !read_verdict(element.of[NFTA_SET_ELEM_DATA], &verdict))) {
		sink->dump->is_incomplete = true;
		return 0;
	}
	if (has_verdict) {
		kept = verdicts_keep(&sink->dump->verdicts, &verdict);
		if (kept == NULL)
			return -ENOMEM;
	}
	return set_add(sink->set, key, flags, kept);
}

static int note_elements(const struct nlmsghdr *message, void *data)
{
	struct attributes list;
	const struct nlattr *nest = NULL;

	attributes_of_message(&list, message);
	if (list.of[NFTA_SET_ELEM_LIST_ELEMENTS] == NULL)
		return MNL_CB_OK;
	mnl_attr_for_each_nested(nest, list.of[NFTA_SET_ELEM_LIST_ELEMENTS])
	{
		if (note_element(data, nest) < 0)
			return netlink_no_memory();
	}
	return MNL_CB_OK;
}

/* Elements of sets with a type that we don't use don't matter. */
static int read_sets(struct nft *nft, struct dump *dump)
{
	int result = nft_list(nft, NFT_MSG_GETSET, NULL, note_set, dump);

	for (size_t i = 0; i < dump->set_count && result == 0; i++) {
		struct sink sink = {dump, &dump->sets[i]};

		if (sink.set->type == SET_UNKNOWN)
			continue;
		result = nft_list(nft, NFT_MSG_GETSETELEM, sink.set->name, note_elements, &sink);
		set_sort(sink.set);
	}
	return result;
}

static int read_once(struct nft *nft, struct dump *dump, struct error *error)
{
	int result = nft_query_table(nft, TABLE_NAME, &dump->state, error);

	if (result < 0 || !dump->state.exists)
		return result;
	result = nft_list(nft, NFT_MSG_GETCHAIN, NULL, note_chain, dump);
	if (result == 0)
		result = nft_list(nft, NFT_MSG_GETOBJ, NULL, note_counter, dump);
	if (result == 0)
		result = read_sets(nft, dump);
	return result < 0 ? error_set(error, result, "can't read the table inet %s from the kernel: %s", TABLE_NAME,
				      strerror(-result))
			  : 0;
}

int dump_read(struct nft *nft, struct dump *dump, struct error *error)
{
	int result = -EINTR;

	for (int i = 0; i < READ_TRIES && (result == -EINTR || result == -ENOENT); i++) {
		dump_clear(dump);
		result = read_once(nft, dump, error);
	}
	return result;
}

const struct dump_chain *dump_find_chain(const struct dump *dump, const char *name)
{
	for (size_t i = 0; i < dump->chain_count; i++) {
		if (strcmp(dump->chains[i].name, name) == 0)
			return &dump->chains[i];
	}
	return NULL;
}

const struct set *dump_find_set(const struct dump *dump, const char *name)
{
	for (size_t i = 0; i < dump->set_count; i++) {
		if (strcmp(dump->sets[i].name, name) == 0)
			return &dump->sets[i];
	}
	return NULL;
}

const struct counter *dump_find_counter(const struct dump *dump, const char *name)
{
	for (size_t i = 0; i < dump->counter_count; i++) {
		if (strcmp(dump->counters[i].name, name) == 0)
			return &dump->counters[i];
	}
	return NULL;
}

void dump_clear(struct dump *dump)
{
	for (size_t i = 0; i < dump->set_count; i++)
		set_clear(&dump->sets[i]);
	verdicts_clear(&dump->verdicts);
	free(dump->sets);
	free(dump->chains);
	free(dump->counters);
	*dump = (struct dump){0};
}
