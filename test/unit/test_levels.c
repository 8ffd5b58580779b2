/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Which cgroup levels can be looked up from a cgroup namespace, and which failures are handled elsewhere. */

#include "messages.h"

#include "cgroup/mount.h"
#include "cgroup/tree.h"
#include "engine/levels.h"
#include "nft/nft.h"

#include <errno.h>

/* The kernel's side (meson.build, wrapped). */
static struct {
	uint32_t deepest; /* level that it takes */
	int refusal;	  /* negative errno for others */
} fake;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld(1) wants these names for --wrap */
bool __wrap_cgroup_mount_is_whole(const char *path);
int __wrap_nft_open(struct nft *nft, struct error *error);
int __wrap_nft_send(struct nft *nft, struct batch *batch, struct error *error);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

bool __wrap_cgroup_mount_is_whole(const char *path)
{
	(void)path;
	return false;
}

int __wrap_nft_open(struct nft *nft, struct error *error)
{
	(void)nft;
	(void)error;
	return 0;
}

static uint32_t level_of(const struct nlmsghdr *rule)
{
	const struct nlattr *expression = NULL;

	mnl_attr_for_each_nested(expression, attribute_of(rule, NFTA_RULE_EXPRESSIONS))
	{
		if (strcmp(mnl_attr_get_str(nested(expression, NFTA_EXPR_NAME)), "socket") == 0)
			return ntohl(mnl_attr_get_u32(nested(nested(expression, NFTA_EXPR_DATA), NFTA_SOCKET_LEVEL)));
	}
	return 0;
}

int __wrap_nft_send(struct nft *nft, struct batch *batch, struct error *error)
{
	struct messages messages = read_messages(batch);
	uint32_t level = 0;

	(void)nft;
	for (size_t i = 0; i < messages.count; i++) {
		if (message_is(messages.items[i], NFT_MSG_NEWRULE))
			level += level_of(messages.items[i]);
	}
	messages_clear(&messages);
	assert_true(level > 0);
	return level > fake.deepest ? error_set(error, fake.refusal, "the kernel refuses a rule") : 0;
}

static int find(uint32_t deepest, int refusal, uint32_t *found)
{
	struct error error;

	fake.deepest = deepest;
	fake.refusal = refusal;
	return levels_find("/", found, &error);
}

static void test_levels(void **state)
{
	uint32_t found = 0;

	(void)state;
	assert_int_equal(find(CGROUP_LEVEL_MAX - 3, -EOPNOTSUPP, &found), 0);
	assert_int_equal(found, CGROUP_LEVEL_MAX - 4);
	assert_int_equal(find(CGROUP_LEVEL_MAX, -EOPNOTSUPP, &found), -ENOTSUP);
	assert_int_equal(find(0, -ENOBUFS, &found), -ENOBUFS);
}

/* Other code reports these, with what to do. */
static void test_nothing_can_be_asked(void **state)
{
	static const int refusals[] = {-EPERM, -ENOENT, -EOPNOTSUPP};

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		uint32_t found = 0;

		assert_int_equal(find(0, refusals[i], &found), 0);
		assert_int_equal(found, CGROUP_DEPTH_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_nothing_can_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
