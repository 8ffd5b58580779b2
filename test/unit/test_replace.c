/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* What remains when a transaction of a table exchange fails. */

#include "messages.h"

#include "nft/owner.h"
#include "nft/replace.h"

#include <errno.h>

/* The kernel's side of nft_replace() (meson.build, wrapped): it has one of our tables of another shape. */
static struct {
	bool was_exchanged;
	bool has_next;
	size_t sent;
	size_t failing; /* number of the transaction that is refused */
	bool is_ours;	/* the table is of our shape */
	bool refuses_changes;
} fake;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld(1) wants these names for --wrap */
int __wrap_dump_read(struct nft *nft, struct dump *dump, struct error *error);
int __wrap_nft_adopt(struct nft *nft, const struct table_state *state, struct error *error);
bool __wrap_nft_can_change(const struct nft *nft, const struct table_state *state);
int __wrap_nft_query_table(struct nft *nft, const char *table, struct table_state *state, struct error *error);
int __wrap_nft_send(struct nft *nft, struct batch *batch, struct error *error);
void __wrap_grace_period(void);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

int __wrap_dump_read(struct nft *nft, struct dump *dump, struct error *error)
{
	(void)nft;
	(void)error;
	*dump = (struct dump){.state.exists = true, .is_incomplete = !fake.was_exchanged && !fake.is_ours};
	return 0;
}

int __wrap_nft_adopt(struct nft *nft, const struct table_state *state, struct error *error)
{
	(void)nft;
	(void)state;
	(void)error;
	return 0;
}

bool __wrap_nft_can_change(const struct nft *nft, const struct table_state *state)
{
	(void)nft;
	(void)state;
	return true;
}

int __wrap_nft_query_table(struct nft *nft, const char *table, struct table_state *state, struct error *error)
{
	(void)error;
	assert_string_equal(table, TABLE_NAME "-next");
	*state = (struct table_state){.exists = fake.has_next, .owner = fake.has_next ? nft->netlink.port : 0};
	return 0;
}

static bool makes_a_table(const struct messages *messages)
{
	for (size_t i = 0; i < messages->count; i++) {
		if (message_is(messages->items[i], NFT_MSG_NEWTABLE) ||
		    message_is(messages->items[i], NFT_MSG_DELTABLE))
			return true;
	}
	return false;
}

int __wrap_nft_send(struct nft *nft, struct batch *batch, struct error *error)
{
	struct messages messages = read_messages(batch);

	(void)nft;
	if (++fake.sent == fake.failing || (fake.refuses_changes && !makes_a_table(&messages))) {
		messages_clear(&messages);
		return error_set(error, -ENOBUFS, "refused");
	}
	for (size_t i = 0; i < messages.count; i++) {
		const int type = type_of(messages.items[i]);
		const char *name = NULL;

		if (type != NFT_MSG_NEWTABLE && type != NFT_MSG_DELTABLE)
			continue;
		name = mnl_attr_get_str(attribute_of(messages.items[i], NFTA_TABLE_NAME));
		if (strcmp(name, TABLE_NAME) == 0) {
			fake.was_exchanged |= type == NFT_MSG_NEWTABLE;
			continue;
		}
		assert_string_equal(name, TABLE_NAME "-next");
		/* no second one over what was left of the first */
		assert_int_equal(fake.has_next, type == NFT_MSG_DELTABLE);
		fake.has_next = type == NFT_MSG_NEWTABLE;
	}
	messages_clear(&messages);
	return 0;
}

void __wrap_grace_period(void)
{
}

static int write_nothing(const struct dump *held, struct ruleset *meanwhile, void *userdata)
{
	(void)held;
	(void)meanwhile;
	(void)userdata;
	return 0;
}

/* Whichever transaction of an exchange fails, nothing is left of the table that stands in meanwhile. */
static void test_an_exchange_that_fails(void **state)
{
	enum { TRANSACTIONS = 3 };
	const struct preparation preparation = {.write = write_nothing};
	struct ruleset *ruleset = ruleset_new();
	struct nft nft = {.netlink = {.port = 4711}};
	struct error error;

	(void)state;
	assert_non_null(ruleset);
	for (size_t failing = 0; failing <= TRANSACTIONS; failing++) {
		memset(&fake, 0, sizeof(fake));
		fake.failing = failing;
		assert_int_equal(nft_replace(&nft, ruleset, &preparation, &error), 0);
		assert_true(fake.was_exchanged);
		assert_false(fake.has_next);
		assert_true(fake.sent >= TRANSACTIONS + (failing > 0));
	}
	ruleset_free(ruleset);
}

/* A table that the kernel refuses to change for an unforeseen reason is exchanged in the end. */
static void test_a_change_that_is_always_refused(void **state)
{
	const struct preparation preparation = {.write = write_nothing};
	struct ruleset *ruleset = ruleset_new();
	struct nft nft = {.netlink = {.port = 4711}};
	struct error error;

	(void)state;
	assert_non_null(ruleset);
	assert_non_null(ruleset_add_set(ruleset, "some", SET_CGROUPS));
	memset(&fake, 0, sizeof(fake));
	fake.is_ours = fake.refuses_changes = true;
	assert_int_equal(nft_replace(&nft, ruleset, &preparation, &error), 0);
	assert_true(fake.was_exchanged);
	assert_false(fake.has_next);
	ruleset_free(ruleset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_exchange_that_fails),
		cmocka_unit_test(test_a_change_that_is_always_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
