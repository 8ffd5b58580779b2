/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any text as a config. It is refused with a reason, or becomes a ruleset with well-formed netlink messages and a text
 * that is safe on a terminal.
 */

#include "fuzz.h"

#include "config/load.h"
#include "engine/compile.h"
#include "nft/elements.h"
#include "nft/table.h"
#include "nft/text.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

enum {
	ELEMENTS = ELEMENTS_PER_MESSAGE + 1, /* so that they take two messages */
	ATTRIBUTE_DEPTH_MAX = 8,
};

static void check_attributes(const char *at, size_t left, int depth)
{
	CHECK(depth < ATTRIBUTE_DEPTH_MAX);
	while (left > 0) {
		const struct nlattr *attribute = (const struct nlattr *)at;
		size_t aligned = 0;

		CHECK(mnl_attr_ok(attribute, (int)left));
		aligned = MNL_ALIGN(attribute->nla_len);
		CHECK(aligned <= left);
		if (attribute->nla_type & NLA_F_NESTED)
			check_attributes(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute),
					 depth + 1);
		at += aligned;
		left -= aligned;
	}
}

static void check_messages(const struct batch *batch)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)batch->buffer;
	int left = (int)batch->length;
	uint32_t sequence = BATCH_SEQUENCE_BEGIN;
	uint16_t type = 0;
	char subject[256];

	CHECK(!batch->failed);
	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left), sequence++) {
		const size_t head = MNL_ALIGN(sizeof(struct nfgenmsg));
		const char *payload = mnl_nlmsg_get_payload(message);
		size_t length = mnl_nlmsg_get_payload_len(message);

		type = message->nlmsg_type;
		CHECK(message->nlmsg_seq == sequence);
		CHECK((type == NFNL_MSG_BATCH_BEGIN) == (sequence == BATCH_SEQUENCE_BEGIN));
		CHECK(length >= head);
		check_attributes(payload + head, length - head, 0);
		batch_describe(batch, sequence, subject, sizeof(subject));
		CHECK(is_harmless(subject, strlen(subject)));
	}
	CHECK(left == 0);
	CHECK(type == NFNL_MSG_BATCH_END);
}

static void send_ruleset(const struct ruleset *ruleset)
{
	struct batch batch = {0};

	batch_begin(&batch);
	table_put_new(&batch, TABLE_NAME, TABLE_OWNER | TABLE_PERSIST, 0);
	table_put_contents(&batch, ruleset);
	batch_end(&batch);
	check_messages(&batch);
	batch_clear(&batch);
}

static void print_ruleset(const struct ruleset *ruleset)
{
	char path[] = "/a \"quoted\" \x1b[31m\xff\n$(cgroup)";
	const struct cgroup_name name = {.id = 1, .path = path};
	const struct cgroup_names names = {.items = &name, .count = 1, .root = "unified"};
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	CHECK(out != NULL);
	ruleset_print(out, ruleset, &names);
	CHECK(fclose(out) == 0);
	for (char *line = text, *end = NULL; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		line += strspn(line, "\t");
		CHECK(is_harmless(line, (size_t)(end - line)));
	}
	free(text);
}

/* The table of a config, with cgroups that go to each of its targets. */
static void use(const struct config *config)
{
	/* the first level, one that others stand between, and the last that the kernel can look up */
	struct contents contents = {.levels = {.has = {[1] = true, [5] = true, [CGROUP_LEVEL_MAX] = true}}};
	size_t targets = TARGET_FIRST_PROXY + config->proxy_count;
	struct verdict *verdicts = calloc(targets, sizeof(*verdicts));
	struct element *elements = calloc(ELEMENTS, sizeof(*elements));
	struct steering steering;
	struct ruleset *ruleset = NULL;

	CHECK(verdicts != NULL && elements != NULL);
	for (uint32_t target = 0; target < targets; target++)
		verdicts[target] = compile_verdict(config, target);
	for (size_t i = 0; i < ELEMENTS; i++)
		elements[i] = (struct element){.cgroup_id = i, .verdict = &verdicts[i % targets]};
	contents.elements = elements;
	contents.element_count = ELEMENTS;
	CHECK(compile_steering(config, &steering) == 0);
	ruleset = compile_ruleset(config, &steering, &contents);
	CHECK(ruleset != NULL);
	send_ruleset(ruleset);
	print_ruleset(ruleset);
	ruleset_free(ruleset);
	steering_clear(&steering);
	free(elements);
	free(verdicts);
}

static void check_gateway(const struct config *config)
{
	const struct gateway *gateway = &config->gateway;

	CHECK(gateway->rule_count <= GATEWAY_RULES_MAX);
	CHECK(gateway->enabled || (gateway->rule_count == 0 && !config->containers));
	for (size_t i = 0; i < gateway->rule_count; i++) {
		const struct gateway_rule *rule = &gateway->rules[i];

		CHECK(is_harmless(rule->text, strlen(rule->text)));
		CHECK(rule->value_count > 0);
		CHECK(rule->target < TARGET_FIRST_PROXY + config->proxy_count);
		for (size_t j = 0; j < rule->value_count && rule->selector == GATEWAY_INTERFACE; j++) {
			const size_t length = strnlen(rule->values[j].interface, IFNAMSIZ);

			CHECK(length > 0 && length < IFNAMSIZ);
		}
	}
}

static void check_diagnostics(const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];

		CHECK(*item->text != '\0');
		CHECK(is_harmless(item->text, strlen(item->text)));
		CHECK(item->position.line >= 0 && item->position.column >= 0);
		CHECK(item->severity != SEVERITY_ERROR || diagnostics->has_error);
	}
}

/* Whether a reader that stops at non-text and treats the rest as absent would lose rules. */
static bool is_text(const uint8_t *data, size_t size)
{
	uint32_t character = 0;

	while (size > 0) {
		size_t bytes = utf8_character(data, size, &character);

		if (bytes == 0 || character == 0)
			return false;
		data += bytes;
		size -= bytes;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diagnostics diagnostics = {0};
	struct config *config = NULL;
	int result = config_parse((const char *)data, size, &config, &diagnostics);

	CHECK((result == 0) == (config != NULL));
	CHECK((result == 0) == !diagnostics.has_error);
	CHECK(result != 0 || is_text(data, size));
	check_diagnostics(&diagnostics);
	diagnostics_clear(&diagnostics);
	if (config == NULL)
		return 0;
	check_gateway(config);
	use(config);
	config_free(config);
	return 0;
}
