/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The message about a kernel that lacks a feature that the table needs. */

#include "compiled.h"
#include "messages.h"

#include "nft/probe.h"

#include <errno.h>

enum { NO_KEY = -1 };

#define HIJACKING "version: 1\ntproxies: {p: {mark: 3000, port: 7893, dns-hijack: {ip: 127.0.0.1, port: 53}}}\n"

/* An expression that the kernel does not have. */
struct lack {
	const char *expression;
	int key; /* of a "ct" expression; NO_KEY for any */
	const char *said;
};

static const struct lack *lacking;
static bool refuses_all;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld(1) wants these names for --wrap */
int __wrap_nft_send(struct nft *nft, struct batch *batch, struct error *error);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static bool is_lacking(const struct nlattr *expression)
{
	const struct nlattr *data = find_nested(expression, NFTA_EXPR_DATA);
	const struct nlattr *key = data != NULL && lacking->key != NO_KEY ? find_nested(data, NFTA_CT_KEY) : NULL;

	return strcmp(mnl_attr_get_str(nested(expression, NFTA_EXPR_NAME)), lacking->expression) == 0 &&
	       (lacking->key == NO_KEY || (key != NULL && ntohl(mnl_attr_get_u32(key)) == (uint32_t)lacking->key));
}

int __wrap_nft_send(struct nft *nft, struct batch *batch, struct error *error)
{
	struct messages messages = read_messages(batch);
	int result = refuses_all ? -EOPNOTSUPP : 0;

	(void)nft;
	for (size_t i = 0; i < messages.count; i++) {
		const struct nlattr *expression = NULL;

		if (!message_is(messages.items[i], NFT_MSG_NEWRULE))
			continue;
		mnl_attr_for_each_nested(expression, attribute_of(messages.items[i], NFTA_RULE_EXPRESSIONS)) result =
			is_lacking(expression) ? -EOPNOTSUPP : result;
	}
	messages_clear(&messages);
	return result < 0 ? error_set(error, result, "the kernel refuses a rule") : 0;
}

static void test_what_is_missing_is_named(void **state)
{
	static const struct lack lacks[] = {
		{"socket", NO_KEY, "CONFIG_NFT_SOCKET"}, {"tproxy", NO_KEY, "CONFIG_NFT_TPROXY"},
		{"ct", NO_KEY, "CONFIG_NFT_CT"},	 {"ct", NFT_CT_LABELS, "CONFIG_NF_CONNTRACK_LABELS"},
		{"fib", NO_KEY, "CONFIG_NFT_FIB_INET"},	 {"reject", NO_KEY, "CONFIG_NFT_REJECT_INET"},
		{"nat", NO_KEY, "CONFIG_NFT_NAT"},	 {"redir", NO_KEY, "CONFIG_NFT_REDIR"},
	};
	struct config *config = parse_good(HIJACKING "rules: [{match: /p, tproxy: p}]\n"
						     "gateway: {rules: [{interface: lan0, tproxy: p}]}\n");
	const struct contents contents = {0};
	struct ruleset *ruleset = compile_for(config, &contents);
	struct nft nft = {0};
	struct error error;

	(void)state;
	assert_non_null(ruleset);
	for (size_t i = 0; i < COUNT(lacks); i++) {
		lacking = &lacks[i];
		assert_int_equal(nft_dry_run(&nft, ruleset, &error), -EOPNOTSUPP);
		if (strstr(error.text, lacks[i].said) == NULL)
			fail_msg("without %s: %s", lacks[i].said, error.text);
	}
	ruleset_free(ruleset);
	config_free(config);
}

/* What only a gateway needs is not missed without one, whatever else the kernel refuses. */
static void test_what_is_not_needed_is_not_missed(void **state)
{
	static const struct lack redirect = {"redir", NO_KEY, NULL};
	struct config *config = parse_good(HIJACKING "rules: [{match: /p, tproxy: p}]\n");
	const struct contents contents = {0};
	struct ruleset *ruleset = compile_for(config, &contents);
	struct nft nft = {0};
	struct error error;

	(void)state;
	lacking = &redirect;
	assert_int_equal(nft_dry_run(&nft, ruleset, &error), 0);
	refuses_all = true;
	assert_int_equal(nft_dry_run(&nft, ruleset, &error), -EOPNOTSUPP);
	assert_null(strstr(error.text, "CONFIG_NFT_REDIR"));
	refuses_all = false;
	ruleset_free(ruleset);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_missing_is_named),
		cmocka_unit_test(test_what_is_not_needed_is_not_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
