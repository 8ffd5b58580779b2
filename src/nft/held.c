/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/held.h"

#include "nft/attributes.h"
#include "nft/hook.h"
#include "util/array.h"

#include <errno.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

enum {
	READ_TRIES = 5, /* somebody may change the table while it is read */
};

static int no_memory(void)
{
	errno = ENOMEM;
	return MNL_CB_ERROR;
}

static bool chain_fits(const struct attributes *chain, const char *name)
{
	const struct hook *hook = hook_of(hook_of_chain(name));
	const char *type = attribute_text(chain->of[NFTA_CHAIN_TYPE]);
	struct attributes held;
	uint32_t number = 0;
	uint32_t priority = 0;

	if (hook == NULL)
		return chain->of[NFTA_CHAIN_HOOK] == NULL;
	attributes_of_nest(&held, chain->of[NFTA_CHAIN_HOOK]);
	return attribute_u32(held.of[NFTA_HOOK_HOOKNUM], &number) && number == hook->number &&
	       attribute_u32(held.of[NFTA_HOOK_PRIORITY], &priority) && (int32_t)priority == hook->priority &&
	       type != NULL && strcmp(type, hook->type) == 0;
}

/* The kernel lists the chains of all tables. */
static int note_chain(const struct nlmsghdr *message, void *data)
{
	struct held_table *held = data;
	struct held_chain *chains = NULL;
	struct attributes chain;
	const char *table = NULL;

	attributes_of_message(&chain, message);
	table = attribute_text(chain.of[NFTA_CHAIN_TABLE]);
	if (table == NULL || strcmp(table, TABLE_NAME) != 0)
		return MNL_CB_OK;
	chains = array_reserve(held->chains, &held->chain_capacity, held->chain_count + 1, sizeof(*chains));
	if (chains == NULL)
		return no_memory();
	held->chains = chains;
	if (text_copy(chains[held->chain_count].name, sizeof(chains->name),
		      attribute_text(chain.of[NFTA_CHAIN_NAME])) &&
	    chain_fits(&chain, chains[held->chain_count].name))
		held->chain_count++;
	else
		held->has_our_shape = false;
	return MNL_CB_OK;
}

static int note_counter(const struct nlmsghdr *message, void *data)
{
	struct held_table *held = data;
	struct counter *counters = NULL;
	struct attributes object;

	attributes_of_message(&object, message);
	counters = array_reserve(held->counters, &held->counter_capacity, held->counter_count + 1, sizeof(*counters));
	if (counters == NULL)
		return no_memory();
	held->counters = counters;
	if (counter_read(&counters[held->counter_count], &object))
		held->counter_count++;
	else
		held->has_our_shape = false;
	return MNL_CB_OK;
}

static bool is_defined_so(const struct attributes *set, uint32_t flags, const struct set_definition *definition)
{
	uint32_t key_size = 0;
	uint32_t key_type = 0;
	uint32_t data_type = 0;
	bool is_verdict_map = attribute_u32(set->of[NFTA_SET_DATA_TYPE], &data_type) && data_type == NFT_DATA_VERDICT;

	return flags == definition->flags && is_verdict_map == ((flags & NFT_SET_MAP) != 0) &&
	       attribute_u32(set->of[NFTA_SET_KEY_LEN], &key_size) && key_size == definition->key_size &&
	       attribute_u32(set->of[NFTA_SET_KEY_TYPE], &key_type) && key_type == definition->key_type;
}

/* A set that has no place of its own must be the set of a target. */
static int keep_target(struct held_table *held, const struct attributes *set, uint32_t flags, const char *name)
{
	const struct set_definition definition = set_of_target(name);
	struct held_target *targets =
		array_reserve(held->targets, &held->target_capacity, held->target_count + 1, sizeof(*targets));

	if (targets == NULL)
		return no_memory();
	held->targets = targets;
	if (text_copy(targets[held->target_count].name, sizeof(targets->name), name) &&
	    is_defined_so(set, flags, &definition))
		held->target_count++;
	else
		held->has_our_shape = false;
	return MNL_CB_OK;
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
	struct held_table *held = data;
	struct attributes set;
	const char *name = NULL;
	uint32_t flags = 0;

	attributes_of_message(&set, message);
	name = attribute_text(set.of[NFTA_SET_NAME]);
	attribute_u32(set.of[NFTA_SET_FLAGS], &flags);
	/* a rule's anonymous sets go with the rule */
	if (flags & NFT_SET_ANONYMOUS)
		return MNL_CB_OK;
	for (size_t i = 0; name != NULL && i < SET_COUNT; i++) {
		if (strcmp(name, set_definitions[i].name) != 0)
			continue;
		held->has_set[i] = true;
		if (i == SET_INDEX_CGROUPS)
			held->room = read_size(&set);
		held->has_our_shape &= is_defined_so(&set, flags, &set_definitions[i]);
		return MNL_CB_OK;
	}
	return keep_target(held, &set, flags, name);
}

/* The last one first, since neighbours in the map often go the same way. */
static const struct verdict *keep_verdict(struct held_table *held, const struct verdict *verdict)
{
	struct verdict **verdicts = NULL;

	for (size_t i = held->verdict_count; i > 0; i--) {
		if (verdict_equal(held->verdicts[i - 1], verdict))
			return held->verdicts[i - 1];
	}
	verdicts = array_reserve(held->verdicts, &held->verdict_capacity, held->verdict_count + 1,
				 sizeof(struct verdict *));
	if (verdicts == NULL)
		return NULL;
	held->verdicts = verdicts;
	verdicts[held->verdict_count] = malloc(sizeof(*verdict));
	if (verdicts[held->verdict_count] == NULL)
		return NULL;
	*verdicts[held->verdict_count] = *verdict;
	return verdicts[held->verdict_count++];
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

/* Where the elements of a message go. */
struct element_sink {
	struct held_table *held;
	enum set_index index;
	const struct verdict *target; /* of whose set they are, or NULL */
};

static int note_cgroup(struct held_table *held, const void *key, const struct verdict *verdict)
{
	struct element *cgroups =
		array_reserve(held->cgroups, &held->cgroup_capacity, held->cgroup_count + 1, sizeof(*cgroups));

	if (cgroups == NULL)
		return -ENOMEM;
	held->cgroups = cgroups;
	memcpy(&cgroups[held->cgroup_count].cgroup_id, key, sizeof(cgroups->cgroup_id));
	cgroups[held->cgroup_count++].verdict = verdict;
	return 0;
}

/* Returns its value, which has the size of the set's keys, or NULL. */
static const void *read_key(const struct nlattr *key, const struct set_definition *definition)
{
	struct attributes attributes;
	const struct nlattr *value = NULL;

	attributes_of_nest(&attributes, key);
	value = attributes.of[NFTA_DATA_VALUE];
	if (value == NULL || mnl_attr_get_payload_len(value) != definition->key_size)
		return NULL;
	return mnl_attr_get_payload(value);
}

static int note_element(struct held_table *held, enum set_index index, const struct nlattr *nest)
{
	const struct set_definition *definition = &set_definitions[index];
	struct attributes element;
	const void *key = NULL;
	const struct verdict *kept = NULL;
	uint32_t flags = 0;
	struct verdict verdict = {0};

	attributes_of_nest(&element, nest);
	key = read_key(element.of[NFTA_SET_ELEM_KEY], definition);
	if (key == NULL ||
	    ((definition->flags & NFT_SET_MAP) && !read_verdict(element.of[NFTA_SET_ELEM_DATA], &verdict))) {
		held->has_our_shape = false;
		return 0;
	}
	if (index == SET_INDEX_CGROUPS && verdict.kind == VERDICT_CONTINUE) {
		held->steered_count++; /* the target's set tells the rest */
		return 0;
	}
	if (definition->flags & NFT_SET_MAP) {
		kept = keep_verdict(held, &verdict);
		if (kept == NULL)
			return -ENOMEM;
	}
	if (index == SET_INDEX_CGROUPS)
		return note_cgroup(held, key, kept);
	attribute_u32(element.of[NFTA_SET_ELEM_FLAGS], &flags);
	return set_elements_add(&held->sets[index], key, definition->key_size, flags, kept);
}

static int note_target_element(struct held_table *held, const struct verdict *target, const struct nlattr *nest)
{
	const struct set_definition definition = set_of_target(target->chain);
	struct attributes element;
	const void *key = NULL;

	attributes_of_nest(&element, nest);
	key = read_key(element.of[NFTA_SET_ELEM_KEY], &definition);
	if (key != NULL)
		return note_cgroup(held, key, target);
	held->has_our_shape = false;
	return 0;
}

static int note_elements(const struct nlmsghdr *message, void *data)
{
	const struct element_sink *sink = data;
	struct attributes list;
	const struct nlattr *nest = NULL;

	attributes_of_message(&list, message);
	if (list.of[NFTA_SET_ELEM_LIST_ELEMENTS] == NULL)
		return MNL_CB_OK;
	mnl_attr_for_each_nested(nest, list.of[NFTA_SET_ELEM_LIST_ELEMENTS])
	{
		int error = sink->target != NULL ? note_target_element(sink->held, sink->target, nest)
						 : note_element(sink->held, sink->index, nest);

		if (error < 0)
			return no_memory();
	}
	return MNL_CB_OK;
}

/* Items of a type, a length and a value, by whoever wrote the rule; the kernel does not look at them. */
static void read_comment(struct held_table *held, const uint8_t *item, size_t size)
{
	enum { HEAD_SIZE = 2 };

	while (size >= HEAD_SIZE && size - HEAD_SIZE >= item[1]) {
		const char *text = (const char *)item + HEAD_SIZE;
		size_t length = item[1];

		if (item[0] == NFTNL_UDATA_RULE_COMMENT && length > 0 && text[length - 1] == '\0')
			text_copy(held->about, sizeof(held->about), text);
		item += HEAD_SIZE + length;
		size -= HEAD_SIZE + length;
	}
}

static int note_rule(const struct nlmsghdr *message, void *data)
{
	struct held_table *held = data;
	struct attributes rule;
	const struct nlattr *userdata = NULL;

	attributes_of_message(&rule, message);
	userdata = rule.of[NFTA_RULE_USERDATA];
	if (userdata != NULL && held->about[0] == '\0')
		read_comment(held, mnl_attr_get_payload(userdata), mnl_attr_get_payload_len(userdata));
	return MNL_CB_OK;
}

/* A name as a request wants it; all of them are attributes 1 and 2: table, and chain or set. */
static int dump(struct nft *nft, uint16_t type, const char *name, mnl_cb_t note, void *data)
{
	struct nft_request request;
	struct nlmsghdr *message = nft_request_begin(&request, type, NLM_F_DUMP);

	mnl_attr_put_strz(message, NFTA_SET_TABLE, TABLE_NAME);
	if (name != NULL)
		mnl_attr_put_strz(message, NFTA_SET_NAME, name);
	return nft_request_run(nft, &request, note, data);
}

static int read_targets(struct nft *nft, struct held_table *held)
{
	const size_t direct = held->cgroup_count;
	int result = 0;

	for (size_t i = 0; i < held->target_count && result == 0; i++) {
		struct verdict verdict = {.kind = VERDICT_GOTO};
		struct element_sink sink = {.held = held};

		memcpy(verdict.chain, held->targets[i].name, sizeof(verdict.chain));
		sink.target = keep_verdict(held, &verdict);
		if (sink.target == NULL)
			return -ENOMEM;
		result = dump(nft, NFT_MSG_GETSETELEM, held->targets[i].name, note_elements, &sink);
	}
	held->has_our_shape &= held->cgroup_count - direct == held->steered_count;
	return result;
}

static int read_sets(struct nft *nft, struct held_table *held)
{
	int result = dump(nft, NFT_MSG_GETSET, NULL, note_set, held);

	for (size_t i = 0; i < SET_COUNT && result == 0; i++) {
		struct element_sink sink = {.held = held, .index = (enum set_index)i};

		if (!held->has_set[i])
			continue;
		result = dump(nft, NFT_MSG_GETSETELEM, set_definitions[i].name, note_elements, &sink);
		set_elements_sort(&held->sets[i]);
	}
	if (result == 0)
		result = read_targets(nft, held);
	if (held->cgroup_count > 0)
		qsort(held->cgroups, held->cgroup_count, sizeof(*held->cgroups), element_compare);
	return result;
}

static int read_once(struct nft *nft, struct held_table *held, struct error *error)
{
	int result = nft_query_table(nft, TABLE_NAME, &held->state, error);

	if (result < 0 || !held->state.exists)
		return result;
	held->has_our_shape = true;
	result = dump(nft, NFT_MSG_GETCHAIN, NULL, note_chain, held);
	if (result == 0)
		result = dump(nft, NFT_MSG_GETOBJ, NULL, note_counter, held);
	if (result == 0)
		result = read_sets(nft, held);
	if (result == 0)
		result = dump(nft, NFT_MSG_GETRULE, CHAIN_PREROUTING, note_rule, held);
	if (result == 0)
		result = held_steering_read(nft, &held->steering);
	return result < 0 ? error_set(error, result, "can't read the table inet " TABLE_NAME " from the kernel: %s",
				      strerror(-result))
			  : 0;
}

int held_table_read(struct nft *nft, struct held_table *held, struct error *error)
{
	int result = -EINTR;

	for (int i = 0; i < READ_TRIES && (result == -EINTR || result == -ENOENT); i++) {
		held_table_clear(held);
		result = read_once(nft, held, error);
	}
	return result;
}

bool held_has_chain(const struct held_table *held, const char *name)
{
	for (size_t i = 0; i < held->chain_count; i++) {
		if (strcmp(held->chains[i].name, name) == 0)
			return true;
	}
	return false;
}

const struct verdict *held_verdict(const struct held_table *held, uint64_t cgroup_id)
{
	const struct element key = {.cgroup_id = cgroup_id};
	const struct element *found = NULL;

	if (held->cgroup_count > 0)
		found = bsearch(&key, held->cgroups, held->cgroup_count, sizeof(key), element_compare);
	return found != NULL ? found->verdict : NULL;
}

void held_table_clear(struct held_table *held)
{
	for (size_t i = 0; i < SET_COUNT; i++)
		free(held->sets[i].items);
	for (size_t i = 0; i < held->verdict_count; i++)
		free(held->verdicts[i]);
	free(held->verdicts);
	free(held->chains);
	free(held->targets);
	free(held->counters);
	free(held->cgroups);
	*held = (struct held_table){0};
}
