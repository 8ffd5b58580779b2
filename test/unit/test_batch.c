/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The bytes of transactions. Nothing rejects an attribute that is too long: its 16-bit length wraps around, and the
 * kernel reads only part of it. So these tests parse the bytes like the kernel.
 */

#include "compiled.h"
#include "messages.h"

#include "engine/compile.h"
#include "engine/names.h"
#include "nft/elements.h"
#include "nft/table.h"

#include <stdio.h>
#include <stdlib.h>

#define LONGEST_NAME "0123456789012345678901234567890123456789012345678901234567890123"

static void test_brackets(void **state)
{
	struct batch batch = {0};
	struct messages messages;
	const struct nfgenmsg *head = NULL;

	(void)state;
	batch_begin(&batch);
	table_put_delete(&batch, "t");
	batch_end(&batch);
	assert_false(batch.failed);
	messages = read_messages(&batch);
	assert_int_equal(messages.count, 3);
	for (size_t i = 0; i < messages.count; i++) {
		assert_int_equal(messages.items[i]->nlmsg_seq, BATCH_SEQUENCE_BEGIN + i);
		assert_true(messages.items[i]->nlmsg_flags & NLM_F_REQUEST);
	}
	assert_int_equal(messages.items[0]->nlmsg_type, NFNL_MSG_BATCH_BEGIN);
	assert_int_equal(messages.items[2]->nlmsg_type, NFNL_MSG_BATCH_END);
	head = mnl_nlmsg_get_payload(messages.items[0]);
	assert_int_equal(ntohs(head->res_id), NFNL_SUBSYS_NFTABLES);
	assert_message_is(messages.items[1], NFT_MSG_DELTABLE);
	messages_clear(&messages);
	batch_clear(&batch);
}

/* A batch that is begun again is empty. */
static void test_used_again(void **state)
{
	struct batch batch = {0};
	struct messages messages;

	(void)state;
	for (int i = 0; i < 2; i++) {
		batch_begin(&batch);
		table_put_delete(&batch, "t");
		batch.failed = true;
	}
	batch_begin(&batch);
	assert_false(batch.failed);
	messages = read_messages(&batch);
	assert_int_equal(messages.count, 1);
	assert_int_equal(batch.sequence, BATCH_SEQUENCE_BEGIN);
	messages_clear(&messages);
	batch_clear(&batch);
	assert_null(batch.buffer);
	batch_begin(&batch);
	assert_true(batch.length > 0);
	batch_clear(&batch);
}

static uint64_t id_of(size_t index)
{
	/* no two bytes alike, so that none can be lost or turned around */
	return UINT64_C(0xf1e2d3c400000000) + index;
}

/* What the map says of a cgroup that goes somewhere, which its target's set tells. */
static const struct verdict *in_map(const struct verdict *verdict)
{
	static const struct verdict steered = {.kind = VERDICT_CONTINUE};

	return verdict->kind == VERDICT_GOTO ? &steered : verdict;
}

/* Reads one message of elements of the cgroup map; @seen elements were in those before it. Returns how many it has. */
static size_t check_elements(const struct nlmsghdr *message, uint16_t type, const struct verdict *verdicts, size_t seen)
{
	const struct nlattr *list = attribute_of(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	const struct nlattr *element = NULL;
	size_t count = 0;

	assert_message_is(message, type);
	assert_string_equal(mnl_attr_get_str(attribute_of(message, NFTA_SET_ELEM_LIST_TABLE)), "cgtproxy");
	assert_string_equal(mnl_attr_get_str(attribute_of(message, NFTA_SET_ELEM_LIST_SET)), "cgroup-vmap");
	mnl_attr_for_each_nested(element, list)
	{
		const struct nlattr *key = nested(nested(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);

		assert_int_equal(mnl_attr_get_payload_len(key), sizeof(uint64_t));
		assert_int_equal(mnl_attr_get_u64(key), id_of(seen + count));
		if (verdicts != NULL)
			assert_verdict(nested(nested(element, NFTA_SET_ELEM_DATA), NFTA_DATA_VERDICT),
				       in_map(&verdicts[(seen + count) % 3]));
		else
			assert_null(find_nested(element, NFTA_SET_ELEM_DATA));
		count++;
	}
	return count;
}

static const struct verdict three_verdicts[] = {
	{.kind = VERDICT_RETURN},
	{.kind = VERDICT_GOTO, .chain = "DROP-CHAIN"},
	{.kind = VERDICT_GOTO, .chain = "proxy-" LONGEST_NAME},
};

static const struct verdict three_longest_verdicts[] = {
	{.kind = VERDICT_GOTO, .chain = "proxy-" LONGEST_NAME},
	{.kind = VERDICT_GOTO, .chain = "proxy-" LONGEST_NAME},
	{.kind = VERDICT_GOTO, .chain = "proxy-" LONGEST_NAME},
};

static void check_messages_of_elements(const struct batch *batch, uint16_t type, const struct verdict *verdicts,
				       size_t count)
{
	struct messages messages = read_messages(batch);
	size_t seen = 0;
	size_t of_map = 0;

	for (size_t i = 1; i + 1 < messages.count; i++) {
		size_t got = 0;

		if (!message_is_of_set(messages.items[i], "cgroup-vmap"))
			continue;
		got = check_elements(messages.items[i], type, verdicts, seen);
		assert_within(got, 1, ELEMENTS_PER_MESSAGE);
		seen += got;
		of_map++;
	}
	assert_int_equal(of_map, (count + ELEMENTS_PER_MESSAGE - 1) / ELEMENTS_PER_MESSAGE);
	assert_int_equal(seen, count);
	messages_clear(&messages);
}

static void check_count(size_t count, const struct verdict *verdicts)
{
	struct element *elements = calloc(count + 1, sizeof(*elements));
	struct batch batch = {0};

	assert_non_null(elements);
	for (size_t i = 0; i < count; i++)
		elements[i] = (struct element){.cgroup_id = id_of(i), .verdict = &verdicts[i % 3]};
	batch_begin(&batch);
	steering_put_elements(&batch, elements, count);
	batch_end(&batch);
	assert_false(batch.failed);
	check_messages_of_elements(&batch, NFT_MSG_NEWSETELEM, verdicts, count);
	batch_begin(&batch);
	steering_delete_elements(&batch, elements, count);
	batch_end(&batch);
	assert_false(batch.failed);
	check_messages_of_elements(&batch, NFT_MSG_DELSETELEM, NULL, count);
	batch_clear(&batch);
	free(elements);
}

static void test_elements(void **state)
{
	static const size_t counts[] = {0, 1, 2, 499, 500, 501, 1000, 1001, 20000};

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++) {
		check_count(counts[i], three_verdicts);
		check_count(counts[i], three_longest_verdicts);
	}
}

/* Counts the elements of a target's set, and checks that they are every third, from @first on. */
static size_t count_in_set(const struct batch *batch, uint16_t type, const char *set, size_t first)
{
	struct messages messages = read_messages(batch);
	size_t count = 0;

	for (size_t i = 1; i + 1 < messages.count; i++) {
		const struct nlmsghdr *message = messages.items[i];
		const struct nlattr *element = NULL;
		size_t in_message = 0;

		assert_message_is(message, type);
		if (!message_is_of_set(message, set))
			continue;
		mnl_attr_for_each_nested(element, attribute_of(message, NFTA_SET_ELEM_LIST_ELEMENTS))
		{
			const struct nlattr *key = nested(nested(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);

			assert_int_equal(mnl_attr_get_u64(key), id_of(first + 3 * count));
			assert_null(find_nested(element, NFTA_SET_ELEM_DATA));
			count++;
			in_message++;
		}
		assert_within(in_message, 1, ELEMENTS_PER_MESSAGE);
	}
	messages_clear(&messages);
	return count;
}

/* A cgroup that goes to a target is in the target's set; one that goes direct is in none. */
static void test_targets(void **state)
{
	const size_t each = 1001;
	struct element *elements = calloc(3 * each, sizeof(*elements));
	struct batch batch = {0};

	(void)state;
	assert_non_null(elements);
	for (size_t i = 0; i < 3 * each; i++)
		elements[i] = (struct element){.cgroup_id = id_of(i), .verdict = &three_verdicts[i % 3]};
	for (int removal = 0; removal < 2; removal++) {
		const uint16_t type = removal ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM;

		batch_begin(&batch);
		if (removal)
			steering_delete_elements(&batch, elements, 3 * each);
		else
			steering_put_elements(&batch, elements, 3 * each);
		batch_end(&batch);
		assert_false(batch.failed);
		for (size_t i = 1; i < COUNT(three_verdicts); i++)
			assert_int_equal(count_in_set(&batch, type, three_verdicts[i].chain, i), each);
	}
	batch_clear(&batch);
	free(elements);
}

/* An existing element is not an error: that requires a message without NLM_F_EXCL. */
static void test_flags(void **state)
{
	const struct element element = {.cgroup_id = 1, .verdict = three_verdicts};
	struct batch batch = {0};
	struct messages messages;

	(void)state;
	batch_begin(&batch);
	steering_put_elements(&batch, &element, 1);
	table_put_new(&batch, TABLE_NAME, TABLE_OWNER | TABLE_PERSIST, 0);
	table_put_new(&batch, TABLE_NAME, 0, NLM_F_EXCL);
	messages = read_messages(&batch);
	assert_int_equal(messages.items[1]->nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE);
	assert_int_equal(messages.items[2]->nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE);
	assert_int_equal(ntohl(mnl_attr_get_u32(attribute_of(messages.items[2], NFTA_TABLE_FLAGS))), 6);
	assert_int_equal(messages.items[3]->nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
	assert_int_equal(ntohl(mnl_attr_get_u32(attribute_of(messages.items[3], NFTA_TABLE_FLAGS))), 0);
	messages_clear(&messages);
	batch_clear(&batch);
}

static struct ruleset *compile(const char *text, struct config **config)
{
	struct ruleset *ruleset = NULL;

	*config = parse_good(text);
	ruleset = compile_for(*config, &(const struct contents){.element_count = 0});
	return ruleset;
}

/* Writes what a set of "bypass" holds, as "0a000001 0a000002|": first addresses, and with "|" what is behind an end. */
static void list_intervals(const struct messages *messages, const char *set, char *out, size_t size)
{
	size_t used = 0;

	*out = '\0';
	for (size_t i = 0; i < messages->count; i++) {
		const struct nlattr *element = NULL;

		if (!message_is(messages->items[i], NFT_MSG_NEWSETELEM) ||
		    strcmp(mnl_attr_get_str(attribute_of(messages->items[i], NFTA_SET_ELEM_LIST_SET)), set) != 0)
			continue;
		mnl_attr_for_each_nested(element, attribute_of(messages->items[i], NFTA_SET_ELEM_LIST_ELEMENTS))
		{
			const struct nlattr *key = nested(nested(element, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
			const struct nlattr *flags = find_nested(element, NFTA_SET_ELEM_FLAGS);
			const uint8_t *bytes = mnl_attr_get_payload(key);

			used += (size_t)snprintf(out + used, size - used, "%s", used > 0 ? " " : "");
			for (size_t j = 0; j < mnl_attr_get_payload_len(key); j++)
				used += (size_t)snprintf(out + used, size - used, "%02x", bytes[j]);
			if (flags != NULL) {
				assert_int_equal(ntohl(mnl_attr_get_u32(flags)), NFT_SET_ELEM_INTERVAL_END);
				used += (size_t)snprintf(out + used, size - used, "|");
			}
		}
	}
}

/* An interval that ends with the last address has no end in the set. */
static void test_intervals(void **state)
{
	static const struct {
		const char *list;
		const char *set;
		const char *elements;
	} examples[] = {
		{"", "bypass", ""},
		{"10.0.0.1", "bypass", "0a000001 0a000002|"},
		{"10.0.0.0/8, 192.168.0.255", "bypass", "0a000000 0b000000| c0a800ff c0a80100|"},
		{"0.0.0.0/0", "bypass", "00000000"},
		{"255.255.255.255, 0.0.0.0", "bypass", "00000000 00000001| ffffffff"},
		{"'::/0'", "bypass6", "00000000000000000000000000000000"},
		{"'::1'", "bypass6", "00000000000000000000000000000001 00000000000000000000000000000002|"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct batch batch = {0};
		struct config *config = NULL;
		struct ruleset *ruleset = NULL;
		struct messages messages;
		char text[256];

		snprintf(text, sizeof(text), "version: 1\nbypass: [%s]\n", examples[i].list);
		ruleset = compile(text, &config);
		batch_begin(&batch);
		table_put_contents(&batch, ruleset);
		assert_false(batch.failed);
		messages = read_messages(&batch);
		list_intervals(&messages, examples[i].set, text, sizeof(text));
		assert_string_equal(text, examples[i].elements);
		messages_clear(&messages);
		batch_clear(&batch);
		ruleset_free(ruleset);
		config_free(config);
	}
}

/* As large as configs get: all messages are well-formed, and split rather than too long. */
static void test_large_contents(void **state)
{
	enum { PROXIES = PROXIES_MAX, NETWORKS = 3000 };
	struct contents contents = {.element_count = 0};
	struct batch batch = {0};
	struct config *config = NULL;
	struct ruleset *ruleset = NULL;
	struct messages messages;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	assert_non_null(out);
	fputs("version: 1\nstrict: true\nbypass:\n", out);
	for (unsigned i = 0; i < NETWORKS; i++)
		fprintf(out, "  - 10.%u.%u.1\n  - fd00::%x:0:1\n", i / 256, i % 256, i);
	fputs("tproxies:\n", out);
	for (unsigned i = 1; i <= PROXIES; i++)
		fprintf(out, "  %.60s%04u: {mark: %u, port: %u, no-udp: true, dns-hijack: {ip6: '::1', tcp: on}}\n",
			LONGEST_NAME, i, i, 1000 + i);
	assert_int_equal(fclose(out), 0);
	config = parse_good(text);
	memset(&contents.levels, true, sizeof(contents.levels));
	ruleset = compile_for(config, &contents);
	batch_begin(&batch);
	table_put_contents(&batch, ruleset);
	batch_end(&batch);
	assert_false(batch.failed);
	messages = read_messages(&batch);
	for (size_t i = 0; i < messages.count; i++)
		assert_int_equal(messages.items[i]->nlmsg_seq, BATCH_SEQUENCE_BEGIN + i);
	assert_int_equal(count_elements_of(&messages, "bypass"), 2 * NETWORKS);
	assert_int_equal(count_elements_of(&messages, "bypass6"), 2 * NETWORKS);
	assert_int_equal(count_elements_of(&messages, "mark-vmap"), PROXIES);
	assert_int_equal(count_elements_of(&messages, "mark-dns-vmap"), PROXIES);
	messages_clear(&messages);
	batch_clear(&batch);
	ruleset_free(ruleset);
	config_free(config);
	free(text);
}

/* What the kernel refuses is reported by name. */
static void test_describe(void **state)
{
	static const char *const wanted[] = {
		"the table cgtproxy",
		"removing the table cgtproxy",
		"the counter proxy-p",
		"the chain proxy-p",
		"the chain prerouting",
		"a rule of the chain proxy-p",
		"a rule of the chain output-mangle",
		"the set bypass",
		"elements of the set mark-vmap",
		"elements of the set cgroup-vmap",
		"removing elements of the set cgroup-vmap",
		"removing the rules of the chain output-mangle",
		"the transaction",
	};
	const struct element element = {.cgroup_id = 1, .verdict = three_verdicts};
	struct batch batch = {0};
	struct config *config = NULL;
	struct ruleset *ruleset = compile("version: 1\ntproxies: {p: {mark: 1, port: 1}}\n", &config);
	char text[128];

	(void)state;
	batch_describe(&batch, BATCH_SEQUENCE_BEGIN, text, sizeof(text));
	assert_string_equal(text, "the transaction");
	batch_begin(&batch);
	table_put_new(&batch, TABLE_NAME, 0, 0);
	table_put_delete(&batch, TABLE_NAME);
	table_put_contents(&batch, ruleset);
	steering_put_elements(&batch, &element, 1);
	steering_delete_elements(&batch, &element, 1);
	table_delete_rules(&batch, TABLE_NAME, CHAIN_OUTPUT_MANGLE);
	batch_end(&batch);
	for (size_t i = 0; i < COUNT(wanted); i++) {
		bool said = false;

		for (uint32_t sequence = BATCH_SEQUENCE_BEGIN; sequence <= batch.sequence; sequence++) {
			batch_describe(&batch, sequence, text, sizeof(text));
			said |= strcmp(text, wanted[i]) == 0;
		}
		if (!said)
			fail_msg("never said: %s", wanted[i]);
	}
	/* the brackets, and what is not there */
	batch_describe(&batch, BATCH_SEQUENCE_BEGIN, text, sizeof(text));
	assert_string_equal(text, "the transaction");
	batch_describe(&batch, batch.sequence + 1, text, sizeof(text));
	assert_string_equal(text, "the transaction");
	batch_describe(&batch, BATCH_SEQUENCE_BEGIN + 1, text, sizeof("the tab"));
	assert_string_equal(text, "the tab");
	batch_clear(&batch);
	ruleset_free(ruleset);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_brackets),  cmocka_unit_test(test_used_again),
		cmocka_unit_test(test_elements),  cmocka_unit_test(test_flags),
		cmocka_unit_test(test_intervals), cmocka_unit_test(test_large_contents),
		cmocka_unit_test(test_describe),  cmocka_unit_test(test_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
