/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* How much a round does at a time, whatever users without privileges do: by counting. */

#include "unit.h"

#include "engine/compile.h"
#include "engine/instance.h"
#include "inspect/naming.h"
#include "inspect/round.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	LISTENERS = 100000,
	CGROUPS = 200,
	FIRST_ID = 2,
};

/* What is looked at takes the place of the engine and the kernel (meson.build, wrapped). */
static struct {
	struct instance instance;
	struct cgroup_tree tree;
	const struct cgroup *next;
	bool transparent;
	const char *address;
	uint64_t cgroups; /* in which the listeners are */
	int walked;
	int named;
	uint64_t time;
} fake;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld(1) wants these names for --wrap */
struct instance *__wrap_engine_instance(const struct engine *engine);
const struct cgroup *__wrap_engine_walk_next(struct engine *engine);
int __wrap_listeners_ask(unsigned question, uint16_t port, struct listeners *listeners);
int __wrap_coverage_add(struct coverage *coverage, const struct cgroup *cgroup);
int __wrap_coverage_judge(const struct coverage *coverage, struct problems *problems);
char *__wrap_naming_selector(const char *path, bool *temporary);
char *__real_naming_selector(const char *path, bool *temporary);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

struct instance *__wrap_engine_instance(const struct engine *engine)
{
	(void)engine;
	return &fake.instance;
}

const struct cgroup *__wrap_engine_walk_next(struct engine *engine)
{
	const struct cgroup *cgroup = fake.next;

	(void)engine;
	fake.walked++;
	if (cgroup != NULL)
		fake.next = cgroup_next(cgroup);
	return cgroup;
}

int __wrap_listeners_ask(unsigned question, uint16_t port, struct listeners *listeners)
{
	(void)question;
	listeners->items = calloc(LISTENERS, sizeof(*listeners->items));
	assert_non_null(listeners->items);
	for (size_t i = 0; i < LISTENERS; i++) {
		struct listener *listener = &listeners->items[i];

		/* from the last cgroup to the first, over and over */
		*listener = (struct listener){.cgroup_id = FIRST_ID + (LISTENERS - 1 - i) % fake.cgroups,
					      .family = AF_INET,
					      .protocol = IPPROTO_TCP,
					      .port = port,
					      .transparent = fake.transparent};
		assert_int_equal(inet_pton(AF_INET, fake.address, &listener->address), 1);
	}
	listeners->count = LISTENERS;
	return 0;
}

int __wrap_coverage_add(struct coverage *coverage, const struct cgroup *cgroup)
{
	(void)coverage;
	(void)cgroup;
	return 0;
}

int __wrap_coverage_judge(const struct coverage *coverage, struct problems *problems)
{
	(void)coverage;
	(void)problems;
	return 0;
}

char *__wrap_naming_selector(const char *path, bool *temporary)
{
	fake.named++;
	return __real_naming_selector(path, temporary);
}

static uint64_t count_time(void)
{
	return fake.time++;
}

/* A tree of which all is sent to the proxy. */
static int set_up(void **state)
{
	struct config *config = parse_good("version: 1\n"
					   "tproxies: {p: {mark: 1, port: 2}, q: {mark: 2, port: 3}}\n"
					   "rules: [{match: ., tproxy: p}]\n");
	struct policy *policy = compile_policy(config);
	char name[32];

	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.address = "0.0.0.0";
	fake.transparent = true;
	fake.cgroups = LISTENERS;
	fake.instance.config = config;
	fake.instance.policy = policy;
	assert_int_equal(cgroup_tree_init(&fake.tree, 1), 0);
	assert_int_equal(plan_init(&fake.instance.plan, config, policy), 0);
	for (uint64_t id = FIRST_ID; id < FIRST_ID + CGROUPS; id++) {
		snprintf(name, sizeof(name), "c%ju.service", (uintmax_t)id);
		assert_non_null(cgroup_add(&fake.tree, fake.tree.root, name, id));
	}
	assert_int_equal(plan_decide_all(&fake.instance.plan, fake.tree.root), 0);
	fake.next = fake.tree.root;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	plan_clear(&fake.instance.plan);
	cgroup_tree_clear(&fake.tree);
	policy_free(fake.instance.policy);
	config_free(fake.instance.config);
	return 0;
}

/* A round before the last question about a proxy, after a start. */
static struct round begin(uint32_t proxy)
{
	return (struct round){
		.is_running = true,
		.is_first = true,
		.is_walking = true,
		.proxy = proxy,
		.question = LISTENER_QUESTIONS - 1,
		.surroundings = {.ip = {.exists = true, .family = AF_INET, .ip.s_addr = htonl(INADDR_LOOPBACK)}}};
}

/* The smallest piece. */
static bool go_on(struct round *round)
{
	return round_go_on(round, NULL, NULL, 0, count_time);
}

/* Anyone can listen there, but gets nothing by TPROXY. */
static void forgets_listeners_that_tproxy_does_not_find(void **state)
{
	static const struct {
		const char *address;
		bool transparent;
	} cases[] = {{"127.0.0.2", false}, {"127.0.0.2", true}, {"0.0.0.0", false}, {"127.0.0.1", false}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct round round = begin(0);

		fake.address = cases[i].address;
		fake.transparent = cases[i].transparent;
		assert_true(go_on(&round));
		assert_int_equal(round.proxy, 1);
		assert_int_equal(round.cgroups.count, 0);
		round_end(&round);
	}
}

static void keeps_few_cgroups_of_a_proxy(void **state)
{
	struct round round = begin(0);
	size_t count = 0;

	(void)state;
	assert_true(go_on(&round));
	assert_int_equal(round.cgroups.count, PROXY_CGROUPS_MAX);
	for (size_t i = 1; i < round.cgroups.count; i++)
		assert_true(round.cgroups.items[i - 1].id < round.cgroups.items[i].id);
	/* of the next proxy as many, which are the same */
	round.question = LISTENER_QUESTIONS - 1;
	assert_true(go_on(&round));
	assert_int_equal(round.cgroups.count, 2 * PROXY_CGROUPS_MAX);
	assert_non_null(proxy_cgroups_find(&round.cgroups, FIRST_ID + LISTENERS - 1, &count));
	assert_int_equal(count, 2);
	assert_null(proxy_cgroups_find(&round.cgroups, FIRST_ID, &count));
	assert_int_equal(count, 0);
	round_end(&round);
}

static void has_each_cgroup_once(void **state)
{
	struct round round = begin(0);

	(void)state;
	fake.cgroups = 3;
	assert_true(go_on(&round));
	assert_int_equal(round.cgroups.count, 3);
	round_end(&round);
}

/* Then events can be handled. */
static void looks_at_the_clock_after_each_cgroup(void **state)
{
	struct round round = begin(2);

	(void)state;
	for (int i = 1; i <= CGROUPS; i++) {
		assert_true(go_on(&round));
		assert_int_equal(fake.walked, i);
		assert_int_equal(fake.time, i);
	}
	round_end(&round);
}

static void describes_no_more_problems_than_are_shown(void **state)
{
	struct round round = begin(1);

	(void)state;
	round.proxy = 0;
	fake.cgroups = CGROUPS;
	assert_true(go_on(&round));
	round.proxy = 2;
	while (go_on(&round))
		;
	assert_int_equal(round.result, 0);
	assert_int_equal(round.found[AREA_PROXIES].count, PROBLEMS_MAX);
	assert_int_equal(problems_total(&round.found[AREA_PROXIES]), PROXY_CGROUPS_MAX);
	assert_int_equal(fake.named, PROBLEMS_MAX);
	round_end(&round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(forgets_listeners_that_tproxy_does_not_find, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_few_cgroups_of_a_proxy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(has_each_cgroup_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(looks_at_the_clock_after_each_cgroup, set_up, tear_down),
		cmocka_unit_test_setup_teardown(describes_no_more_problems_than_are_shown, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
