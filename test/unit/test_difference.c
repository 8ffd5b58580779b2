/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* How the kernel's table is changed into another one: what stays is not touched, what goes is removed. */

#include "compiled.h"
#include "messages.h"

#include "engine/names.h"
#include "nft/difference.h"
#include "nft/hook.h"

#include <stdio.h>
#include <stdlib.h>

#define CONFIG(name, mark) "version: 1\nbypass: [10.0.0.0/8]\ntproxies: {" name ": {mark: " mark ", port: 7893}}\n"

static struct verdict go(const char *chain)
{
	struct verdict verdict = {.kind = VERDICT_GOTO};

	snprintf(verdict.chain, sizeof(verdict.chain), "%s", chain);
	return verdict;
}

/* The kernel's table after loading a ruleset. */
static struct dump dump_of(const struct ruleset *ruleset)
{
	struct dump dump = {.state.exists = true};

	dump.chains = calloc(ruleset->chain_count, sizeof(*dump.chains));
	dump.counters = calloc(ruleset->counter_count, sizeof(*dump.counters));
	dump.sets = calloc(ruleset->set_count, sizeof(*dump.sets));
	if (dump.chains == NULL || dump.counters == NULL || dump.sets == NULL)
		abort();
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		const struct hook *hook = hook_of(ruleset->chains[i].hook);
		struct dump_chain *chain = &dump.chains[dump.chain_count++];

		snprintf(chain->name, sizeof(chain->name), "%s", ruleset->chains[i].name);
		chain->has_hook = hook != NULL;
		if (hook == NULL)
			continue;
		chain->number = hook->number;
		chain->priority = hook->priority;
		snprintf(chain->type, sizeof(chain->type), "%s", hook->type);
	}
	for (size_t i = 0; i < ruleset->counter_count; i++)
		snprintf(dump.counters[dump.counter_count++].name, NFT_NAME_SIZE, "%s", ruleset->counters[i]);
	for (size_t i = 0; i < ruleset->set_count; i++) {
		const struct set *set = &ruleset->sets[i];
		struct set *copy = &dump.sets[dump.set_count++];

		*copy = (struct set){.type = set->type, .size = set->size};
		memcpy(copy->name, set->name, sizeof(copy->name));
		for (size_t j = 0; j < set->count; j++)
			assert_int_equal(
				set_add(copy, set->elements[j].key, set->elements[j].flags, set->elements[j].verdict),
				0);
	}
	return dump;
}

/* The ids of the cgroups in messages of a type, in their order. */
static size_t list_ids(const struct messages *messages, const char *set, int type, uint64_t *ids)
{
	size_t count = 0;

	for (size_t i = 0; i < messages->count; i++) {
		const struct nlattr *element = NULL;

		if (!message_is(messages->items[i], type) || !message_is_of_set(messages->items[i], set))
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

static struct messages change(struct batch *batch, const struct dump *held, const struct ruleset *wanted)
{
	assert_true(difference_is_possible(held, wanted));
	batch_begin(batch);
	assert_int_equal(difference_put(batch, held, wanted), 0);
	batch_end(batch);
	assert_false(batch->failed);
	return read_messages(batch);
}

/* A config's table, and the one that the kernel holds. */
struct tables {
	struct config *config;
	struct ruleset *last;
	struct ruleset *wanted;
	struct dump held;
};

static struct tables make_tables(const struct element *last, size_t last_count, const struct element *wanted,
				 size_t wanted_count)
{
	struct tables tables = {.config = parse_good(CONFIG("p", "3000"))};

	tables.last =
		compile_for(tables.config, &(const struct contents){.elements = last, .element_count = last_count});
	tables.wanted =
		compile_for(tables.config, &(const struct contents){.elements = wanted, .element_count = wanted_count});
	tables.held = dump_of(tables.last);
	return tables;
}

static void tables_clear(struct tables *tables)
{
	dump_clear(&tables->held);
	ruleset_free(tables->last);
	ruleset_free(tables->wanted);
	config_free(tables->config);
}

static void test_nothing_differs(void **state)
{
	const struct verdict verdict = go("proxy-p");
	const struct element last[] = {{7, &verdict}, {9, &verdict}};
	const struct element wanted[] = {{9, &verdict}, {7, &verdict}};
	struct tables tables = make_tables(last, 2, wanted, 2);
	struct batch batch = {0};
	struct messages messages = change(&batch, &tables.held, tables.wanted);

	(void)state;
	/* rules are never compared; all else is left alone, but for the anonymous sets of the rules */
	assert_int_equal(count_type(&messages, NFT_MSG_DELSETELEM), 0);
	for (size_t i = 0; i < tables.wanted->set_count; i++)
		assert_int_equal(count_elements_of(&messages, tables.wanted->sets[i].name), 0);
	assert_int_equal(count_type(&messages, NFT_MSG_DELSET), 0);
	assert_int_equal(count_type(&messages, NFT_MSG_DELCHAIN), 0);
	assert_int_equal(count_type(&messages, NFT_MSG_DELOBJ), 0);
	assert_int_equal(count_type(&messages, NFT_MSG_DELTABLE), 0);
	messages_clear(&messages);
	batch_begin(&batch);
	assert_false(difference_put_removals(&batch, &tables.held, tables.wanted));
	batch_clear(&batch);
	tables_clear(&tables);
}

static void check_ids(const struct messages *messages, const char *set, int type, const uint64_t *wanted, size_t count)
{
	uint64_t ids[8];

	assert_int_equal(list_ids(messages, set, type, ids), count);
	assert_memory_equal(ids, wanted, count * sizeof(*ids));
}

static void test_cgroups(void **state)
{
	const struct verdict proxy = go("proxy-p");
	const struct verdict drop = go("DROP-CHAIN");
	const struct verdict direct = {.kind = VERDICT_RETURN};
	/* 1 goes, 2 stays, 3 changes its target, 4 comes, 5 goes, 6 stays, 7 comes, 8 is steered no more */
	const struct element last[] = {{1, &drop}, {2, &drop}, {3, &drop}, {5, &direct}, {6, &direct}, {8, &drop}};
	const struct element wanted[] = {{7, &proxy}, {6, &direct}, {4, &drop}, {3, &proxy}, {2, &drop}, {8, &direct}};
	struct tables tables = make_tables(last, COUNT(last), wanted, COUNT(wanted));
	struct batch batch = {0};
	struct messages messages = change(&batch, &tables.held, tables.wanted);

	(void)state;
	check_ids(&messages, MAP_CGROUP, NFT_MSG_DELSETELEM, (const uint64_t[]){1, 5, 8}, 3);
	check_ids(&messages, MAP_CGROUP, NFT_MSG_NEWSETELEM, (const uint64_t[]){4, 7, 8}, 3);
	check_ids(&messages, "DROP-CHAIN", NFT_MSG_DELSETELEM, (const uint64_t[]){1, 3, 8}, 3);
	check_ids(&messages, "DROP-CHAIN", NFT_MSG_NEWSETELEM, (const uint64_t[]){4}, 1);
	check_ids(&messages, "proxy-p", NFT_MSG_DELSETELEM, NULL, 0);
	check_ids(&messages, "proxy-p", NFT_MSG_NEWSETELEM, (const uint64_t[]){3, 7}, 2);
	messages_clear(&messages);
	batch_clear(&batch);
	tables_clear(&tables);
}

/* What can't be changed in the kernel. */
static void test_no_way(void **state)
{
	const struct verdict direct = {.kind = VERDICT_RETURN};
	const struct element elements[] = {{1, &direct}, {2, &direct}};
	struct tables tables = make_tables(NULL, 0, elements, COUNT(elements));
	struct dump *held = &tables.held;

	(void)state;
	assert_true(difference_is_possible(held, tables.wanted));
	held->is_incomplete = true;
	assert_false(difference_is_possible(held, tables.wanted));
	held->is_incomplete = false;
	for (size_t i = 0; i < held->chain_count; i++) {
		held->chains[i].has_hook ^= true;
		assert_false(difference_is_possible(held, tables.wanted));
		held->chains[i].has_hook ^= true;
		held->chains[i].priority++;
		assert_int_equal(difference_is_possible(held, tables.wanted), !held->chains[i].has_hook);
		held->chains[i].priority--;
	}
	for (size_t i = 0; i < held->set_count; i++) {
		const struct set kept = held->sets[i];

		held->sets[i].type = SET_UNKNOWN;
		assert_false(difference_is_possible(held, tables.wanted));
		held->sets[i].type = kept.type;
		held->sets[i].size = kept.size > 0 ? 1 : 16384;
		assert_false(difference_is_possible(held, tables.wanted));
		held->sets[i].size = kept.size;
	}
	/* one that is large enough stays as large as it is */
	assert_true(difference_is_possible(held, tables.wanted));
	for (size_t i = 0; i < held->set_count; i++)
		held->sets[i].size *= 2;
	assert_true(difference_is_possible(held, tables.wanted));
	difference_keep_sizes(held, tables.wanted);
	assert_int_equal(ruleset_find_set(tables.wanted, MAP_CGROUP)->size, 2 * 16384);
	tables_clear(&tables);
}

static size_t count_preparing_rules(const struct messages *messages)
{
	size_t steered = 0;

	for (size_t i = 0; i < messages->count; i++) {
		const char *chain = NULL;

		if (!message_is(messages->items[i], NFT_MSG_NEWRULE))
			continue;
		chain = mnl_attr_get_str(attribute_of(messages->items[i], NFTA_RULE_CHAIN));
		assert_true(strcmp(chain, "tproxy-new") == 0 || strcmp(chain, "proxy-new") == 0 ||
			    strcmp(chain, CHAIN_STEER) == 0);
		steered += strcmp(chain, CHAIN_STEER) == 0;
	}
	return steered;
}

/* Nothing that is in force may go yet, but for the rules that others take the place of meanwhile. */
static void check_preparation(struct batch *batch, const struct dump *held, const struct ruleset *wanted)
{
	struct ruleset *meanwhile = ruleset_new();
	struct messages messages;

	assert_non_null(meanwhile);
	assert_int_equal(chain_add(ruleset_add_chain(meanwhile, CHAIN_STEER, HOOK_NONE), RETURN), 0);
	batch_begin(batch);
	difference_put_preparation(batch, held, wanted, meanwhile);
	batch_end(batch);
	messages = read_messages(batch);
	assert_int_equal(count_type(&messages, NFT_MSG_DELRULE), 1);
	assert_int_equal(count_type(&messages, NFT_MSG_DELCHAIN) + count_type(&messages, NFT_MSG_DELSETELEM), 0);
	assert_int_equal(count_type(&messages, NFT_MSG_DELSET), 0);
	assert_int_equal(count_preparing_rules(&messages), 1);
	messages_clear(&messages);
	ruleset_free(meanwhile);
}

static struct messages remove_rest(struct batch *batch, const struct dump *held, const struct ruleset *wanted)
{
	batch_begin(batch);
	assert_true(difference_put_removals(batch, held, wanted));
	batch_end(batch);
	assert_false(batch->failed);
	return read_messages(batch);
}

/* Chains, sets and counters of a proxy that is no more go after all that led to them. */
static void test_another_proxy(void **state)
{
	struct config *last = parse_good(CONFIG("old", "3000"));
	struct config *next = parse_good(CONFIG("new", "3001"));
	struct ruleset *last_ruleset = compile_for(last, &(const struct contents){.element_count = 0});
	struct ruleset *next_ruleset = compile_for(next, &(const struct contents){.element_count = 0});
	struct dump held = dump_of(last_ruleset);
	struct batch batch = {0};
	struct messages messages = change(&batch, &held, next_ruleset);

	(void)state;
	assert_int_equal(count_type(&messages, NFT_MSG_DELCHAIN), 0);
	assert_int_equal(count_type(&messages, NFT_MSG_DELOBJ), 0);
	assert_int_equal(count_type(&messages, NFT_MSG_DELSET), 0);
	assert_int_equal(count_elements_of(&messages, MAP_MARK), 1);
	assert_int_equal(count_elements_of(&messages, SET_BYPASS), 0);
	messages_clear(&messages);
	messages = remove_rest(&batch, &held, next_ruleset);
	assert_int_equal(count_type(&messages, NFT_MSG_DELCHAIN), 2);
	assert_int_equal(count_type(&messages, NFT_MSG_DELOBJ), 1);
	assert_int_equal(count_type(&messages, NFT_MSG_DELSET), 1);
	/* besides those, only what begins and ends the batch */
	assert_int_equal(messages.count, 2 + 4);
	messages_clear(&messages);
	check_preparation(&batch, &held, next_ruleset);
	batch_clear(&batch);
	dump_clear(&held);
	ruleset_free(last_ruleset);
	ruleset_free(next_ruleset);
	config_free(last);
	config_free(next);
}

#define GATEWAY(rules) CONFIG("p", "3000") "gateway: {rules: [" rules "]}\n"

/* The name of a ruleset's map of interfaces. */
static const char *map_of(const struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->set_count; i++) {
		if (ruleset->sets[i].type == SET_INTERFACE_VERDICTS)
			return ruleset->sets[i].name;
	}
	fail_msg("there is no such map");
	return "";
}

/* Maps that can't be changed are filled before rules lead there, and removed when none has led there for some time. */
static void test_constant_maps(void **state)
{
	struct config *last = parse_good(GATEWAY("{interface: br0, tproxy: p}"));
	struct config *next = parse_good(GATEWAY("{interface: [br0, br1], tproxy: p}"));
	struct ruleset *last_ruleset = compile_for(last, &(const struct contents){.element_count = 0});
	struct ruleset *next_ruleset = compile_for(next, &(const struct contents){.element_count = 0});
	struct ruleset *meanwhile = ruleset_new();
	struct dump held = dump_of(last_ruleset);
	struct batch batch = {0};
	struct messages messages;

	(void)state;
	batch_begin(&batch);
	difference_put_preparation(&batch, &held, next_ruleset, meanwhile);
	batch_end(&batch);
	messages = read_messages(&batch);
	assert_int_equal(count_elements_of(&messages, map_of(next_ruleset)), 4); /* each has an end */
	assert_int_equal(count_type(&messages, NFT_MSG_NEWSET), 1);
	messages_clear(&messages);
	messages = change(&batch, &held, next_ruleset);
	assert_int_equal(count_elements_of(&messages, map_of(next_ruleset)), 0);
	assert_int_equal(count_type(&messages, NFT_MSG_DELSETELEM), 0);
	messages_clear(&messages);
	messages = remove_rest(&batch, &held, next_ruleset);
	assert_int_equal(count_type(&messages, NFT_MSG_DELSET), 1);
	assert_string_equal(mnl_attr_get_str(attribute_of(messages.items[1], NFTA_SET_NAME)), map_of(last_ruleset));
	messages_clear(&messages);
	batch_clear(&batch);
	dump_clear(&held);
	ruleset_free(meanwhile);
	ruleset_free(last_ruleset);
	ruleset_free(next_ruleset);
	config_free(last);
	config_free(next);
}

/* One of the same name that is not the same can only be exchanged. */
static void test_a_constant_map_that_differs(void **state)
{
	struct config *config = parse_good(GATEWAY("{interface: br0, tproxy: p}"));
	struct ruleset *ruleset = compile_for(config, &(const struct contents){.element_count = 0});
	struct dump held = dump_of(ruleset);
	const struct verdict elsewhere = go("elsewhere");
	struct set *map = held.sets;

	(void)state;
	while (map->type != SET_INTERFACE_VERDICTS)
		map++;
	assert_true(difference_is_possible(&held, ruleset));
	map->elements[0].verdict = &elsewhere;
	assert_false(difference_is_possible(&held, ruleset));
	map->elements[0].verdict = ruleset_find_set(ruleset, map->name)->elements[0].verdict;
	assert_true(difference_is_possible(&held, ruleset));
	map->elements[0].key[0]++;
	assert_false(difference_is_possible(&held, ruleset));
	map->elements[0].key[0]--;
	map->count--;
	assert_false(difference_is_possible(&held, ruleset));
	dump_clear(&held);
	ruleset_free(ruleset);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_differs), cmocka_unit_test(test_cgroups),
		cmocka_unit_test(test_no_way),		cmocka_unit_test(test_another_proxy),
		cmocka_unit_test(test_constant_maps),	cmocka_unit_test(test_a_constant_map_that_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
