/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/held.h"

#include "nft/hook.h"
#include "util/array.h"
#include "util/cleanup.h"

#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

enum {
	READ_TRIES = 5, /* somebody may change the table while it is read */
};

DEFINE_CLEANUP(struct nftnl_chain *, nftnl_chain_free)
DEFINE_CLEANUP(struct nftnl_rule *, nftnl_rule_free)
DEFINE_CLEANUP(struct nftnl_obj *, nftnl_obj_free)
DEFINE_CLEANUP(struct nftnl_set *, nftnl_set_free)

static int no_memory(void)
{
	errno = ENOMEM;
	return MNL_CB_ERROR;
}

/* Copies a name that fits one of ours; no other can be ours. */
static bool copy_name(char *out, size_t size, const char *name)
{
	size_t length = name != NULL ? strlen(name) : size;

	if (length >= size)
		return false;
	memcpy(out, name, length + 1);
	return true;
}

static bool chain_fits(const struct nftnl_chain *chain, const char *name)
{
	const struct hook *hook = hook_of(hook_of_chain(name));

	if (hook == NULL)
		return !nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM);
	return nftnl_chain_is_set(chain, NFTNL_CHAIN_HOOKNUM) && nftnl_chain_is_set(chain, NFTNL_CHAIN_TYPE) &&
	       nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM) == hook->number &&
	       nftnl_chain_get_s32(chain, NFTNL_CHAIN_PRIO) == hook->priority &&
	       strcmp(nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE), hook->type) == 0;
}

/* The kernel lists the chains of all tables. */
static int note_chain(const struct nlmsghdr *message, void *data)
{
	CLEANUP(nftnl_chain_freep) struct nftnl_chain *chain = nftnl_chain_alloc();
	struct held_table *held = data;
	struct held_chain *chains = NULL;
	const char *table = NULL;

	if (chain == NULL)
		return no_memory();
	if (nftnl_chain_nlmsg_parse(message, chain) < 0)
		return MNL_CB_OK;
	table = nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE);
	if (table == NULL || strcmp(table, TABLE_NAME) != 0)
		return MNL_CB_OK;
	chains = array_reserve(held->chains, &held->chain_capacity, held->chain_count + 1, sizeof(*chains));
	if (chains == NULL)
		return no_memory();
	held->chains = chains;
	if (copy_name(chains[held->chain_count].name, sizeof(chains->name),
		      nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME)) &&
	    chain_fits(chain, chains[held->chain_count].name))
		held->chain_count++;
	else
		held->has_our_shape = false;
	return MNL_CB_OK;
}

static int note_counter(const struct nlmsghdr *message, void *data)
{
	CLEANUP(nftnl_obj_freep) struct nftnl_obj *object = nftnl_obj_alloc();
	struct held_table *held = data;
	struct held_counter *counters = NULL;

	if (object == NULL)
		return no_memory();
	if (nftnl_obj_nlmsg_parse(message, object) < 0)
		return MNL_CB_OK;
	counters = array_reserve(held->counters, &held->counter_capacity, held->counter_count + 1, sizeof(*counters));
	if (counters == NULL)
		return no_memory();
	held->counters = counters;
	counters += held->counter_count;
	if (nftnl_obj_get_u32(object, NFTNL_OBJ_TYPE) != NFT_OBJECT_COUNTER ||
	    !copy_name(counters->name, sizeof(counters->name), nftnl_obj_get_str(object, NFTNL_OBJ_NAME))) {
		held->has_our_shape = false;
		return MNL_CB_OK;
	}
	counters->packets = nftnl_obj_get_u64(object, NFTNL_OBJ_CTR_PKTS);
	counters->bytes = nftnl_obj_get_u64(object, NFTNL_OBJ_CTR_BYTES);
	held->counter_count++;
	return MNL_CB_OK;
}

static void check_set(struct held_table *held, const struct nftnl_set *set)
{
	const char *name = nftnl_set_get_str(set, NFTNL_SET_NAME);

	for (size_t i = 0; name != NULL && i < SET_COUNT; i++) {
		const struct set_definition *definition = &set_definitions[i];

		if (strcmp(name, definition->name) != 0)
			continue;
		held->has_set[i] = true;
		if (nftnl_set_get_u32(set, NFTNL_SET_FLAGS) != definition->flags ||
		    nftnl_set_get_u32(set, NFTNL_SET_KEY_LEN) != definition->key_size ||
		    nftnl_set_get_u32(set, NFTNL_SET_KEY_TYPE) != definition->key_type)
			held->has_our_shape = false;
		return;
	}
	held->has_our_shape = false;
}

static int note_set(const struct nlmsghdr *message, void *data)
{
	CLEANUP(nftnl_set_freep) struct nftnl_set *set = nftnl_set_alloc();

	if (set == NULL)
		return no_memory();
	/* a rule's anonymous sets go with the rule */
	if (nftnl_set_nlmsg_parse(message, set) == 0 && !(nftnl_set_get_u32(set, NFTNL_SET_FLAGS) & NFT_SET_ANONYMOUS))
		check_set(data, set);
	return MNL_CB_OK;
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

static bool read_verdict(struct nftnl_set_elem *element, struct verdict *verdict)
{
	const char *chain = nftnl_set_elem_get_str(element, NFTNL_SET_ELEM_CHAIN);

	*verdict = (struct verdict){0};
	switch ((int)nftnl_set_elem_get_u32(element, NFTNL_SET_ELEM_VERDICT)) {
	case NFT_RETURN:
		verdict->kind = VERDICT_RETURN;
		return true;
	case NF_DROP:
		verdict->kind = VERDICT_DROP;
		return true;
	case NFT_GOTO:
		verdict->kind = VERDICT_GOTO;
		return copy_name(verdict->chain, sizeof(verdict->chain), chain);
	default:
		return false;
	}
}

/* Where the elements of a message go. */
struct element_sink {
	struct held_table *held;
	enum set_index index;
	struct nftnl_set *set; /* libnftnl's, refilled for each message */
	bool failed;
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

static int note_element(struct nftnl_set_elem *element, void *data)
{
	struct element_sink *sink = data;
	struct held_table *held = sink->held;
	uint32_t key_size = 0;
	const void *key = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &key_size);
	const struct verdict *kept = NULL;
	uint32_t flags = 0;
	struct verdict verdict;

	if (key == NULL || key_size != set_definitions[sink->index].key_size) {
		held->has_our_shape = false;
		return 0;
	}
	if (nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_FLAGS))
		flags = nftnl_set_elem_get_u32(element, NFTNL_SET_ELEM_FLAGS);
	if (set_definitions[sink->index].flags & NFT_SET_MAP) {
		if (!read_verdict(element, &verdict)) {
			held->has_our_shape = false;
			return 0;
		}
		kept = keep_verdict(held, &verdict);
		sink->failed |= kept == NULL;
	}
	if (sink->index == SET_INDEX_CGROUPS)
		sink->failed |= note_cgroup(held, key, kept) < 0;
	else
		sink->failed |= set_elements_add(&held->sets[sink->index], key, key_size, flags, kept) < 0;
	return 0;
}

static int note_elements(const struct nlmsghdr *message, void *data)
{
	CLEANUP(nftnl_set_freep) struct nftnl_set *set = nftnl_set_alloc();
	struct element_sink *sink = data;

	if (set == NULL)
		return no_memory();
	if (nftnl_set_elems_nlmsg_parse(message, set) == 0)
		nftnl_set_elem_foreach(set, note_element, sink);
	return sink->failed ? no_memory() : MNL_CB_OK;
}

static int note_comment(const struct nftnl_udata *item, void *data)
{
	struct held_table *held = data;
	size_t length = nftnl_udata_len(item);
	const char *text = nftnl_udata_get(item);

	if (nftnl_udata_type(item) == NFTNL_UDATA_RULE_COMMENT && length > 0 && text[length - 1] == '\0')
		copy_name(held->about, sizeof(held->about), text);
	return 0;
}

static int note_rule(const struct nlmsghdr *message, void *data)
{
	CLEANUP(nftnl_rule_freep) struct nftnl_rule *rule = nftnl_rule_alloc();
	struct held_table *held = data;
	const void *userdata = NULL;
	uint32_t length = 0;

	if (rule == NULL)
		return no_memory();
	if (nftnl_rule_nlmsg_parse(message, rule) < 0)
		return MNL_CB_OK;
	userdata = nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &length);
	if (userdata != NULL && held->about[0] == '\0')
		nftnl_udata_parse(userdata, length, note_comment, held);
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
	free(held->counters);
	free(held->cgroups);
	*held = (struct held_table){0};
}
