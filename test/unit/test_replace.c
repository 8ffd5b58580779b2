/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* How a table that the kernel holds is changed into another: what stays is not touched, and what goes is. */

#include "messages.h"

#include "engine/compile.h"
#include "nft/replace.h"

#include <stdio.h>
#include <stdlib.h>

#define CONFIG(name, mark) "version: 1\nbypass: [10.0.0.0/8]\ntproxies: {" name ": {mark: " mark ", port: 7893}}\n"

static struct verdict go(const char *chain)
{
	struct verdict verdict = {.kind = VERDICT_GOTO};

	snprintf(verdict.chain, sizeof(verdict.chain), "%s", chain);
	return verdict;
}

/* What the kernel holds once it has a ruleset and some cgroups. */
static struct held_table held_of(const struct ruleset *ruleset, const struct element *cgroups, size_t count)
{
	struct held_table held = {.state.exists = true, .has_our_shape = true, .room = 16384};

	held.chains = calloc(ruleset->chain_count, sizeof(*held.chains));
	held.counters = calloc(ruleset->counter_count, sizeof(*held.counters));
	held.cgroups = calloc(count + 1, sizeof(*held.cgroups));
	held.targets = calloc(ruleset->target_count, sizeof(*held.targets));
	assert_true(held.chains != NULL && held.counters != NULL && held.cgroups != NULL && held.targets != NULL);
	for (size_t i = 0; i < ruleset->target_count; i++)
		snprintf(held.targets[held.target_count++].name, CHAIN_NAME_SIZE, "%s", ruleset->targets[i].chain);
	for (size_t i = 0; i < ruleset->chain_count; i++)
		snprintf(held.chains[held.chain_count++].name, CHAIN_NAME_SIZE, "%s", ruleset->chains[i].name);
	for (size_t i = 0; i < ruleset->counter_count; i++)
		snprintf(held.counters[held.counter_count++].name, CHAIN_NAME_SIZE, "%s", ruleset->counters[i]);
	for (size_t i = 0; i < count; i++)
		held.cgroups[held.cgroup_count++] = cgroups[i];
	for (size_t i = 0; i < SET_COUNT; i++) {
		held.has_set[i] = true;
		assert_int_equal(set_elements_of(ruleset, (enum set_index)i, &held.sets[i]), 0);
	}
	return held;
}

/* The ids of the cgroups in messages of a type, in their order. */
static size_t list_ids(const struct messages *messages, int type, uint64_t *ids)
{
	size_t count = 0;

	for (size_t i = 0; i < messages->count; i++) {
		const struct nlattr *element = NULL;

		if (!message_is(messages->items[i], type) ||
		    strcmp(mnl_attr_get_str(attribute_of(messages->items[i], NFTA_SET_ELEM_LIST_SET)), MAP_CGROUP) != 0)
			continue;
		mnl_attr_for_each_nested(element, attribute_of(messages->items[i], NFTA_SET_ELEM_LIST_ELEMENTS))
			ids[count++] = mnl_attr_get_u64(nested(nested(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE));
	}
	return count;
}

static size_t count_type(const struct messages *messages, int type)
{
	size_t count = 0;

	for (size_t i = 0; i < messages->count; i++)
		count += message_is(messages->items[i], type);
	return count;
}

static struct messages change(struct batch *batch, const struct held_table *held, const struct table_contents *contents)
{
	batch_begin(batch);
	assert_int_equal(table_put_change(batch, held, contents), 0);
	batch_end(batch);
	assert_false(batch->failed);
	return read_messages(batch);
}

static void test_nothing_differs(void **state)
{
	struct config *config = parse_good(CONFIG("p", "3000"));
	struct ruleset *ruleset = compile_ruleset(config);
	const struct verdict verdict = go("p-MARK");
	const struct element cgroups[] = {{7, &verdict}, {9, &verdict}};
	const struct element wanted[] = {{9, &verdict}, {7, &verdict}};
	struct held_table held = held_of(ruleset, cgroups, 2);
	const struct table_contents contents = {.ruleset = ruleset, .elements = wanted, .element_count = 2};
	struct batch batch = {0};
	struct messages messages = change(&batch, &held, &contents);

	(void)state;
	/* rules are never compared; all else is left alone, but for the anonymous sets of the rules */
	assert_int_equal(count_type(&messages, NFT_MSG_DELSETELEM), 0);
	assert_int_equal(count_elements_of(&messages, MAP_CGROUP), 0);
	assert_int_equal(count_elements_of(&messages, MAP_MARK), 0);
	assert_int_equal(count_elements_of(&messages, SET_BYPASS), 0);
	assert_int_equal(count_type(&messages, NFT_MSG_DELCHAIN), 0);
	assert_int_equal(count_type(&messages, NFT_MSG_DELOBJ), 0);
	assert_int_equal(count_type(&messages, NFT_MSG_DELTABLE), 0);
	messages_clear(&messages);
	batch_clear(&batch);
	held_table_clear(&held);
	ruleset_free(ruleset);
	config_free(config);
}

static void test_cgroups(void **state)
{
	struct config *config = parse_good(CONFIG("p", "3000"));
	struct ruleset *ruleset = compile_ruleset(config);
	const struct verdict proxy = go("p-MARK");
	const struct verdict drop = go("DROP-CHAIN");
	const struct verdict direct = {.kind = VERDICT_RETURN};
	/* 1 goes, 2 stays, 3 changes, 4 comes, 5 goes, 6 stays, 7 comes */
	const struct element cgroups[] = {{1, &drop}, {2, &drop}, {3, &drop}, {5, &direct}, {6, &direct}};
	const struct element wanted[] = {{7, &proxy}, {6, &direct}, {4, &drop}, {3, &proxy}, {2, &drop}};
	struct held_table held = held_of(ruleset, cgroups, 5);
	const struct table_contents contents = {.ruleset = ruleset, .elements = wanted, .element_count = 5};
	struct batch batch = {0};
	struct messages messages = change(&batch, &held, &contents);
	uint64_t ids[8];

	(void)state;
	assert_int_equal(list_ids(&messages, NFT_MSG_DELSETELEM, ids), 3);
	assert_memory_equal(ids, ((const uint64_t[]){1, 3, 5}), 3 * sizeof(*ids));
	assert_int_equal(list_ids(&messages, NFT_MSG_NEWSETELEM, ids), 3);
	assert_memory_equal(ids, ((const uint64_t[]){3, 4, 7}), 3 * sizeof(*ids));
	messages_clear(&messages);
	batch_clear(&batch);
	held_table_clear(&held);
	ruleset_free(ruleset);
	config_free(config);
}

/* Chains and counters of a proxy that is no more go after all that led to them. */
static void test_another_proxy(void **state)
{
	struct config *last = parse_good(CONFIG("old", "3000"));
	struct config *next = parse_good(CONFIG("new", "3001"));
	struct ruleset *last_ruleset = compile_ruleset(last);
	struct ruleset *next_ruleset = compile_ruleset(next);
	struct held_table held = held_of(last_ruleset, NULL, 0);
	const struct table_contents contents = {.ruleset = next_ruleset, .deepest_level = 3};
	struct batch batch = {0};
	struct messages messages = change(&batch, &held, &contents);
	size_t first_removal = 0;
	size_t steered = 0;

	(void)state;
	assert_int_equal(count_type(&messages, NFT_MSG_DELCHAIN), 2);
	assert_int_equal(count_type(&messages, NFT_MSG_DELOBJ), 1);
	assert_int_equal(count_type(&messages, NFT_MSG_DELSET), 1);
	assert_int_equal(count_elements_of(&messages, MAP_MARK), 1);
	assert_int_equal(count_elements_of(&messages, SET_BYPASS), 0);
	while (!message_is(messages.items[first_removal], NFT_MSG_DELCHAIN))
		first_removal++;
	for (size_t i = first_removal; i < messages.count; i++)
		assert_false(message_is(messages.items[i], NFT_MSG_NEWRULE));
	messages_clear(&messages);

	batch_begin(&batch);
	table_put_preparation(&batch, &held, &contents);
	batch_end(&batch);
	messages = read_messages(&batch);
	/* nothing that is in force may go yet, but for the lookups: those of levels 1 to 3 take their place */
	assert_int_equal(count_type(&messages, NFT_MSG_DELRULE), 2);
	assert_int_equal(count_type(&messages, NFT_MSG_DELCHAIN) + count_type(&messages, NFT_MSG_DELSETELEM), 0);
	assert_int_equal(count_type(&messages, NFT_MSG_DELSET), 0);
	for (size_t i = 0; i < messages.count; i++) {
		const char *chain = NULL;

		if (!message_is(messages.items[i], NFT_MSG_NEWRULE))
			continue;
		chain = mnl_attr_get_str(attribute_of(messages.items[i], NFTA_RULE_CHAIN));
		assert_true(strcmp(chain, "new") == 0 || strcmp(chain, "new-MARK") == 0 ||
			    strcmp(chain, CHAIN_OUTPUT_MANGLE) == 0 || strcmp(chain, CHAIN_STEER) == 0);
		steered += strcmp(chain, CHAIN_STEER) == 0;
	}
	/* at each level the cgroups of both proxies, the dropped and the refused ones, and at last the refusal */
	assert_int_equal(steered, 3 * 4 + 1);
	messages_clear(&messages);
	batch_clear(&batch);
	held_table_clear(&held);
	ruleset_free(last_ruleset);
	ruleset_free(next_ruleset);
	config_free(last);
	config_free(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_differs),
		cmocka_unit_test(test_cgroups),
		cmocka_unit_test(test_another_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
