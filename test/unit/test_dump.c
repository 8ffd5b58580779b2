/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading a table that the kernel lists, including one unlike ours. */

#include "dumped.h"

enum { NO_VERDICT = 1000 };

static void element(struct elements_list *elements, const void *key, size_t size, int code, const char *target)
{
	struct nlattr *nest = mnl_attr_nest_start(elements->message, NFTA_LIST_ELEM);

	answers_value(elements->message, NFTA_SET_ELEM_KEY, key, size);
	if (code != NO_VERDICT)
		answers_verdict(elements->message, NFTA_SET_ELEM_DATA, code, target);
	mnl_attr_nest_end(elements->message, nest);
}

static void cgroup(struct elements_list *elements, uint64_t id, int code, const char *target)
{
	element(elements, &id, sizeof(id), code, target);
}

static void test_there_is_no_table(void **state)
{
	struct dump dump;

	(void)state;
	answers_to_next();
	answers_refuse(ENOENT);
	read_well(&dump);
	assert_false(dump.state.exists);
	dump_clear(&dump);
}

static void test_chains_and_counters(void **state)
{
	const struct dump_chain *output = NULL;
	struct dump dump;

	(void)state;
	table_is_there();
	list_chains_and_counters();
	empty_list();
	read_well(&dump);
	assert_true(dump.state.exists && !dump.is_incomplete);
	assert_int_equal(dump.state.flags, 3);
	assert_int_equal(dump.chain_count, 2);
	assert_null(dump_find_chain(&dump, "input"));
	assert_false(dump_find_chain(&dump, "DROP-CHAIN")->has_hook);
	output = dump_find_chain(&dump, "output-mangle");
	assert_true(output->has_hook && output->number == NF_INET_LOCAL_OUT && output->priority == -145);
	assert_string_equal(output->type, "route");
	assert_true(dump_find_counter(&dump, "DROP-CHAIN")->bytes == UINT64_C(5000000000));
	assert_null(dump_find_counter(&dump, "x"));
	dump_clear(&dump);
}

/* Whatever a type is that does not fit, no chain of ours has it. */
static void test_hooks_that_cant_be_read(void **state)
{
	struct nlattr *hook = NULL;
	struct nlmsghdr *message = NULL;
	struct dump dump;

	(void)state;
	table_is_there();
	answers_to_next();
	add_hook(chain(TABLE_NAME, "long"), "a-type-of-16-char");
	message = chain(TABLE_NAME, "short");
	hook = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
	mnl_attr_put_u16(message, NFTA_HOOK_HOOKNUM, htons(NF_INET_LOCAL_OUT));
	answers_u32(message, NFTA_HOOK_PRIORITY, 0);
	mnl_attr_nest_end(message, hook);
	mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, "route");
	answers_done();
	empty_list();
	empty_list();
	read_well(&dump);
	assert_int_equal(dump.chain_count, 2);
	for (size_t i = 0; i < dump.chain_count; i++)
		assert_true(dump.chains[i].has_hook && *dump.chains[i].type == '\0');
	dump_clear(&dump);
}

static void test_a_map(void **state)
{
	static const struct {
		int code;
		const char *chain;
		enum verdict_kind kind;
	} verdicts[] = {
		{NFT_RETURN, NULL, VERDICT_RETURN},
		{NF_DROP, NULL, VERDICT_DROP},
		{NFT_CONTINUE, NULL, VERDICT_CONTINUE},
		{NFT_GOTO, "proxy-a", VERDICT_GOTO},
	};
	struct elements_list elements;
	const struct set *map = NULL;
	struct dump dump;

	(void)state;
	table_with_set("cgroup-vmap", SET_CGROUP_VERDICTS);
	answers_to_next();
	/* in two datagrams, and not in their order */
	for (size_t half = 0; half < 2; half++) {
		elements = begin_elements();
		for (size_t i = half; i < COUNT(verdicts); i += 2)
			cgroup(&elements, 300 - i, verdicts[i].code, verdicts[i].chain);
		end_elements(&elements);
		answers_datagram();
	}
	answers_nft(NFT_MSG_NEWSETELEM); /* without any */
	answers_done();
	read_well(&dump);
	map = dump_find_set(&dump, "cgroup-vmap");
	assert_false(dump.is_incomplete);
	assert_int_equal(map->size, 16384);
	assert_int_equal(map->count, COUNT(verdicts));
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		const uint64_t id = 300 - i;
		const struct set_element *found = set_find(map, &id);

		assert_non_null(found);
		assert_int_equal(found->verdict->kind, verdicts[i].kind);
		assert_string_equal(found->verdict->chain, verdicts[i].chain != NULL ? verdicts[i].chain : "");
	}
	dump_clear(&dump);
}

/* The rest is read; that it is incomplete must be recorded. */
static void test_elements_that_cant_be_read(void **state)
{
	char too_long[NFT_NAME_SIZE + 1] = "";
	struct elements_list elements;
	const struct {
		int code;
		const char *chain;
	} strange[] = {{NFT_JUMP, "a"}, {NFT_GOTO, NULL}, {NFT_GOTO, too_long}, {NF_QUEUE, NULL}, {NO_VERDICT, NULL}};

	(void)state;
	memset(too_long, 'a', NFT_NAME_SIZE);
	for (size_t i = 0; i <= COUNT(strange); i++) {
		struct dump dump;

		answers_clear(NULL);
		table_with_set("cgroup-vmap", SET_CGROUP_VERDICTS);
		answers_to_next();
		elements = begin_elements();
		cgroup(&elements, 1, NFT_RETURN, NULL);
		if (i < COUNT(strange))
			cgroup(&elements, 2, strange[i].code, strange[i].chain);
		else
			element(&elements, "key", 4, NFT_RETURN, NULL);
		cgroup(&elements, 3, NFT_RETURN, NULL);
		end_elements(&elements);
		answers_done();
		read_well(&dump);
		assert_true(dump.is_incomplete);
		assert_int_equal(dump.sets[0].count, 2);
		dump_clear(&dump);
	}
}

static void test_ends_of_intervals(void **state)
{
	static const uint8_t addresses[][4] = {{10, 0, 0, 0}, {11, 0, 0, 0}};
	struct elements_list elements;
	struct nlattr *nest = NULL;
	struct dump dump;

	(void)state;
	table_with_set("bypass", SET_IPV4_INTERVALS);
	answers_to_next();
	elements = begin_elements();
	nest = mnl_attr_nest_start(elements.message, NFTA_LIST_ELEM);
	answers_value(elements.message, NFTA_SET_ELEM_KEY, addresses[1], sizeof(addresses[1]));
	answers_u32(elements.message, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	mnl_attr_nest_end(elements.message, nest);
	element(&elements, addresses[0], sizeof(addresses[0]), NO_VERDICT, NULL);
	end_elements(&elements);
	answers_done();
	read_well(&dump);
	assert_int_equal(dump.sets[0].count, 2);
	assert_memory_equal(dump.sets[0].elements[0].key, addresses[0], 4);
	assert_int_equal(dump.sets[0].elements[0].flags, 0);
	assert_int_equal(dump.sets[0].elements[1].flags, NFT_SET_ELEM_INTERVAL_END);
	dump_clear(&dump);
}

/* In a map, only its beginning has a verdict; what ends comes before what begins there. */
static void test_intervals_of_a_map(void **state)
{
	static const uint8_t addresses[][4] = {{10, 0, 0, 0}, {11, 0, 0, 0}};
	struct elements_list elements;
	struct nlattr *nest = NULL;
	struct dump dump;

	(void)state;
	table_with_set("gateway-source-1", SET_IPV4_VERDICTS);
	answers_to_next();
	elements = begin_elements();
	element(&elements, addresses[1], sizeof(addresses[1]), NFT_GOTO, "there");
	nest = mnl_attr_nest_start(elements.message, NFTA_LIST_ELEM);
	answers_value(elements.message, NFTA_SET_ELEM_KEY, addresses[1], sizeof(addresses[1]));
	answers_u32(elements.message, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	mnl_attr_nest_end(elements.message, nest);
	element(&elements, addresses[0], sizeof(addresses[0]), NFT_RETURN, NULL);
	end_elements(&elements);
	answers_done();
	read_well(&dump);
	assert_false(dump.is_incomplete);
	assert_int_equal(dump.sets[0].count, 3);
	assert_int_equal(dump.sets[0].elements[0].verdict->kind, VERDICT_RETURN);
	assert_int_equal(dump.sets[0].elements[1].flags, NFT_SET_ELEM_INTERVAL_END);
	assert_null(dump.sets[0].elements[1].verdict);
	assert_string_equal(dump.sets[0].elements[2].verdict->chain, "there");
	dump_clear(&dump);
}

/* Their elements are not asked for. */
static void test_sets_that_are_not_like_ours(void **state)
{
	const struct set_definition cgroups = *set_definition(SET_CGROUPS);
	struct set_definition other = cgroups;
	struct dump dump;

	(void)state;
	table_is_there();
	empty_list();
	empty_list();
	answers_to_next();
	other.flags |= NFT_SET_TIMEOUT;
	set_like("with-timeout", &other, false);
	other = cgroups;
	other.key_type++;
	set_like("of-another-type", &other, false);
	other = cgroups;
	other.key_size = 4;
	set_like("too-small", &other, false);
	set_like("no-map", set_definition(SET_CGROUP_VERDICTS), false);
	other = cgroups;
	other.flags |= NFT_SET_ANONYMOUS;
	set_like("__set0", &other, false);
	answers_nft(NFT_MSG_NEWSET); /* not even a name */
	answers_done();
	read_well(&dump);
	assert_true(dump.is_incomplete);
	assert_int_equal(dump.set_count, 4);
	for (size_t i = 0; i < dump.set_count; i++)
		assert_int_equal(dump.sets[i].type, SET_UNKNOWN);
	assert_null(dump_find_set(&dump, "__set0"));
	dump_clear(&dump);
}

/* A chain, a counter or a set of that name, or none of it. */
static void list_one(size_t which, const char *name)
{
	table_is_there();
	answers_to_next();
	if (which == 0)
		chain(TABLE_NAME, name);
	answers_done();
	answers_to_next();
	if (which == 1)
		counter(name, NFT_OBJECT_COUNTER);
	answers_done();
	answers_to_next();
	if (which == 2)
		set(name, SET_CGROUPS);
	answers_done();
}

/* The longest that fits, and one more. */
static void test_names_that_are_too_long(void **state)
{
	(void)state;
	for (size_t which = 0; which < 3; which++) {
		for (size_t length = NFT_NAME_SIZE - 1; length <= NFT_NAME_SIZE; length++) {
			const bool fits = length < NFT_NAME_SIZE;
			char name[NFT_NAME_SIZE + 1] = "";
			struct dump dump;

			answers_clear(NULL);
			memset(name, 'a', length);
			list_one(which, name);
			if (which == 2 && fits)
				empty_list();
			read_well(&dump);
			assert_int_equal(dump.is_incomplete, !fits);
			assert_int_equal(dump.chain_count + dump.counter_count + dump.set_count, fits);
			dump_clear(&dump);
		}
	}
}

static void test_what_has_no_name(void **state)
{
	struct dump dump;

	(void)state;
	list_one(0, NULL);
	read_well(&dump);
	assert_true(dump.is_incomplete);
	assert_int_equal(dump.chain_count, 0);
	dump_clear(&dump);
}

static void test_an_object_that_is_no_counter(void **state)
{
	struct dump dump;

	(void)state;
	table_is_there();
	empty_list();
	answers_to_next();
	counter("quota", NFT_OBJECT_QUOTA);
	answers_done();
	empty_list();
	read_well(&dump);
	assert_true(dump.is_incomplete);
	assert_int_equal(dump.counter_count, 0);
	dump_clear(&dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_there_is_no_table, answers_clear),
		cmocka_unit_test_teardown(test_chains_and_counters, answers_clear),
		cmocka_unit_test_teardown(test_hooks_that_cant_be_read, answers_clear),
		cmocka_unit_test_teardown(test_a_map, answers_clear),
		cmocka_unit_test_teardown(test_elements_that_cant_be_read, answers_clear),
		cmocka_unit_test_teardown(test_ends_of_intervals, answers_clear),
		cmocka_unit_test_teardown(test_intervals_of_a_map, answers_clear),
		cmocka_unit_test_teardown(test_sets_that_are_not_like_ours, answers_clear),
		cmocka_unit_test_teardown(test_names_that_are_too_long, answers_clear),
		cmocka_unit_test_teardown(test_what_has_no_name, answers_clear),
		cmocka_unit_test_teardown(test_an_object_that_is_no_counter, answers_clear),
	};

	return cmocka_run_group_tests(tests, answers_open, answers_close);
}
