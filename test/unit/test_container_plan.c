/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Which elements containers have, and what changes them. */

#include "random.h"
#include "world.h"

#include "engine/container_chains.h"
#include "engine/container_plan.h"
#include "engine/names.h"
#include "util/log.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define CONTAINERS_CONFIG                                                                                              \
	"version: 1\ncontainers: true\n"                                                                               \
	"tproxies: {p: {mark: 1, port: 1}, q: {mark: 2, port: 2}}\n"                                                   \
	"rules:\n"                                                                                                     \
	"  - {match: /p$, tproxy: p}\n"                                                                                \
	"  - {match: /q$, tproxy: q}\n"                                                                                \
	"  - {match: /drop$, drop: true}\n"                                                                            \
	"  - {match: /refuse$, refuse: true}\n"                                                                        \
	"  - {match: /direct$, direct: true}\n"

enum {
	VETH = 7,
	BRIDGE = 8,
	OTHER_VETH = 9,
	KEY_TEXT_SIZE = 128,
	CONTAINERS = 4,
};

static struct container_address address_of(const char *text)
{
	struct container_address address = {.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET};

	assert_int_equal(inet_pton(address.family, text, &address.ip6), 1);
	return address;
}

/* What src/container knows. */
static struct {
	struct container items[CONTAINERS];
	struct container_interface interfaces[CONTAINERS];
	struct container_address addresses[CONTAINERS][2];
	const struct cgroup *cgroups[CONTAINERS][3];
	size_t count;
	bool is_settled;
} known;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld's names */

struct container *__wrap_containers_next(const struct containers *containers, const struct container *container);
bool __wrap_containers_are_settled(const struct containers *containers);

struct container *__wrap_containers_next(const struct containers *containers, const struct container *container)
{
	const size_t next = container != NULL ? (size_t)(container - known.items) + 1 : 0;

	assert_non_null(containers);
	return next < known.count ? &known.items[next] : NULL;
}

bool __wrap_containers_are_settled(const struct containers *containers)
{
	assert_non_null(containers);
	return known.is_settled;
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static struct containers *some_containers(void)
{
	return (struct containers *)&known;
}

/* A container with these addresses. */
static struct container *add(struct container_interface interface, const char *ip, const char *ip6)
{
	const size_t i = known.count++;
	struct container *container = &known.items[i];

	known.interfaces[i] = interface;
	*container = (struct container){
		.number = i + 1,
		.interfaces = &known.interfaces[i],
		.interface_count = 1,
		.addresses = known.addresses[i],
		.cgroups = known.cgroups[i],
	};
	if (ip != NULL)
		known.addresses[i][container->address_count++] = address_of(ip);
	if (ip6 != NULL)
		known.addresses[i][container->address_count++] = address_of(ip6);
	return container;
}

static void runs(struct container *container, const struct cgroup *cgroup)
{
	known.cgroups[container->number - 1][container->cgroup_count++] = cgroup;
}

static const struct container_interface unbridged = {VETH, VETH, false};
static const struct container_interface bridged = {BRIDGE, VETH, true};
static const struct container_interface bridged_too = {BRIDGE, OTHER_VETH, true};

struct scene {
	struct world *world;
	struct container_plan plan;
};

/* Counts the warnings, of which there are many. */
static void count_warning(int priority, const char *message, void *data)
{
	size_t *count = data;

	(void)message;
	*count += priority == LOG_WARNING;
}

static struct scene begin(const char *config)
{
	struct scene scene = {.world = world_new(config)};

	memset(&known, 0, sizeof(known));
	known.is_settled = true;
	container_plan_init(&scene.plan, scene.world->config);
	return scene;
}

static void end(struct scene *scene)
{
	container_plan_clear(&scene->plan);
	world_free(scene->world);
}

static void make(struct scene *scene)
{
	assert_int_equal(container_plan_make(&scene->plan, some_containers(), &scene->world->plan), 0);
}

/* An element as text, like "container-source 8 . 10.0.0.2". */
static void write_key(const struct container_element *element, char text[KEY_TEXT_SIZE])
{
	const size_t size = set_definition(container_set_type(element->set))->key_size;
	char address[INET6_ADDRSTRLEN] = "";
	uint32_t index = 0;

	memcpy(&index, element->key, sizeof(index));
	if (size > sizeof(index))
		inet_ntop(size == 8 ? AF_INET : AF_INET6, element->key + sizeof(index), address, sizeof(address));
	snprintf(text, KEY_TEXT_SIZE, "%s %u%s%s", container_set_name(element->set), index,
		 *address != '\0' ? " . " : "", address);
}

static const struct container_element *find(const struct container_elements *elements, const char *wanted)
{
	char text[KEY_TEXT_SIZE];

	for (size_t i = 0; i < elements->count; i++) {
		write_key(&elements->items[i], text);
		if (strcmp(text, wanted) == 0)
			return &elements->items[i];
	}
	return NULL;
}

static uint32_t target(const struct scene *scene, const char *wanted)
{
	const struct container_element *element = find(&scene->plan.wanted, wanted);

	assert_non_null(element);
	return element->target;
}

static void test_unbridged(void **state)
{
	struct scene scene = begin(CONTAINERS_CONFIG);

	(void)state;
	runs(add(unbridged, "10.0.0.2", "2001:db8::2"), appear(scene.world, scene.world->tree.root, "q"));
	make(&scene);
	assert_int_equal(scene.plan.wanted.count, 3);
	assert_int_equal(target(&scene, "container-interface 7"), TARGET_FIRST_PROXY + 1);
	target(&scene, "container-address 7 . 10.0.0.2");
	target(&scene, "container-address6 7 . 2001:db8::2");
	end(&scene);
}

/* The bridge is shared, and an address on it decides. */
static void test_bridged(void **state)
{
	struct scene scene = begin(CONTAINERS_CONFIG);
	struct cgroup *root = scene.world->tree.root;

	(void)state;
	runs(add(bridged, "10.0.0.2", "2001:db8::2"), appear(scene.world, root, "p"));
	runs(add(bridged_too, "10.0.0.3", NULL), appear(scene.world, root, "direct"));
	make(&scene);
	assert_int_equal(scene.plan.wanted.count, 7);
	assert_int_equal(target(&scene, "container-interface 8"), TARGET_BY_SOURCE);
	assert_int_equal(target(&scene, "container-source 8 . 10.0.0.2"), TARGET_FIRST_PROXY);
	assert_int_equal(target(&scene, "container-source6 8 . 2001:db8::2"), TARGET_FIRST_PROXY);
	assert_int_equal(target(&scene, "container-source 8 . 10.0.0.3"), TARGET_DIRECT);
	end(&scene);
}

static void test_same_address_on_a_bridge(void **state)
{
	struct scene scene = begin(CONTAINERS_CONFIG);
	struct cgroup *root = scene.world->tree.root;

	(void)state;
	runs(add(bridged, "10.0.0.2", NULL), appear(scene.world, root, "direct"));
	runs(add(bridged_too, "10.0.0.2", NULL), appear(scene.world, root, "q"));
	make(&scene);
	assert_int_equal(scene.plan.wanted.count, 3);
	assert_int_equal(target(&scene, "container-source 8 . 10.0.0.2"), TARGET_FIRST_PROXY + 1);
	end(&scene);
}

static void test_strictest_target_counts(void **state)
{
	/* each is stricter than the next */
	static const char *const names[] = {"drop", "refuse", "p", "q", "direct", "no-rule"};
	size_t warnings = 0;
	struct scene scene = begin(CONTAINERS_CONFIG);
	struct cgroup *cgroups[COUNT(names)] = {NULL};
	struct container *container = add(unbridged, NULL, NULL);

	(void)state;
	log_redirect(count_warning, &warnings);
	for (size_t i = 0; i < COUNT(names); i++)
		cgroups[i] = appear(scene.world, scene.world->tree.root, names[i]);
	for (size_t i = 0; i < COUNT(names); i++) {
		uint32_t own = 0;

		container->cgroup_count = 0;
		runs(container, cgroups[i]);
		make(&scene);
		own = target(&scene, "container-interface 7");
		for (size_t j = i; j < COUNT(names); j++) {
			container->cgroup_count = 0;
			runs(container, cgroups[j]);
			runs(container, cgroups[i]);
			make(&scene);
			assert_int_equal(target(&scene, "container-interface 7"), own);
		}
	}
	assert_int_equal(target(&scene, "container-interface 7"), TARGET_NO_RULE);
	log_redirect(NULL, NULL);
	assert_int_equal(warnings, 1);
	end(&scene);
}

static void test_last_target_stays(void **state)
{
	struct scene scene = begin(CONTAINERS_CONFIG);
	struct container *container = add(unbridged, NULL, NULL);

	(void)state;
	make(&scene);
	assert_int_equal(scene.plan.wanted.count, 0);
	runs(container, appear(scene.world, scene.world->tree.root, "drop"));
	make(&scene);
	container->cgroup_count = 0;
	make(&scene);
	assert_int_equal(target(&scene, "container-interface 7"), TARGET_DROP);
	/* another one, with the same interface */
	container->number = 5;
	make(&scene);
	assert_int_equal(scene.plan.wanted.count, 0);
	end(&scene);
}

static void assert_step(const struct scene *scene, size_t added, size_t removed)
{
	struct container_step step = {0};

	assert_int_equal(container_plan_delta(&scene->plan, &step), 0);
	assert_int_equal(step.added.count, added);
	assert_int_equal(step.removed.count, removed);
	container_step_clear(&step);
}

static void test_changes(void **state)
{
	struct scene scene = begin(CONTAINERS_CONFIG);
	struct cgroup *root = scene.world->tree.root;
	struct container *container = add(bridged, "10.0.0.2", NULL);

	(void)state;
	assert_step(&scene, 0, 0);
	runs(container, appear(scene.world, root, "p"));
	make(&scene);
	assert_step(&scene, 3, 0);
	container_plan_commit(&scene.plan);
	assert_step(&scene, 0, 0);
	make(&scene);
	assert_step(&scene, 0, 0);
	/* its address */
	known.addresses[0][0] = address_of("10.0.0.3");
	make(&scene);
	assert_step(&scene, 2, 2);
	container_plan_commit(&scene.plan);
	/* its target */
	container->cgroup_count = 0;
	runs(container, appear(scene.world, root, "q"));
	make(&scene);
	assert_step(&scene, 1, 1);
	container_plan_commit(&scene.plan);
	known.count = 0;
	make(&scene);
	assert_step(&scene, 0, 3);
	end(&scene);
}

static void test_without_containers(void **state)
{
	struct scene scene = begin(CONTAINERS_CONFIG);

	(void)state;
	runs(add(unbridged, "10.0.0.2", NULL), appear(scene.world, scene.world->tree.root, "p"));
	make(&scene);
	container_plan_commit(&scene.plan);
	assert_int_equal(container_plan_make(&scene.plan, NULL, &scene.world->plan), 0);
	assert_step(&scene, 0, 2);
	end(&scene);
}

/* A table as the last run left it. */
static struct dump left_by(const struct scene *scene, const struct container_elements *elements)
{
	struct ruleset *ruleset = ruleset_new();
	struct dump dump = {0};

	assert_int_equal(container_add_sets(ruleset, scene->world->config, elements), 0);
	dump.state.exists = true;
	dump.sets = ruleset->sets;
	dump.set_count = ruleset->set_count;
	dump.verdicts = ruleset->verdicts;
	ruleset->sets = NULL;
	ruleset->set_count = 0;
	ruleset->verdicts = (struct verdicts){0};
	ruleset_free(ruleset);
	return dump;
}

static void adopt_own(struct scene *scene)
{
	struct dump dump = left_by(scene, &scene->plan.wanted);

	container_plan_clear(&scene->plan);
	container_plan_init(&scene->plan, scene->world->config);
	assert_int_equal(container_plan_adopt(&scene->plan, &dump), 0);
	dump_clear(&dump);
}

static void test_last_run_counts_until_all_are_known(void **state)
{
	struct scene scene = begin(CONTAINERS_CONFIG);
	struct container *container = add(bridged, "10.0.0.2", "2001:db8::2");

	(void)state;
	runs(container, appear(scene.world, scene.world->tree.root, "refuse"));
	make(&scene);
	adopt_own(&scene);
	/* nothing is known yet */
	known.is_settled = false;
	known.count = 0;
	make(&scene);
	assert_int_equal(scene.plan.wanted.count, 5);
	assert_int_equal(target(&scene, "container-interface 8"), TARGET_BY_SOURCE);
	assert_int_equal(target(&scene, "container-source6 8 . 2001:db8::2"), TARGET_REFUSE);
	/* the container is known, and nothing in it: it keeps its target */
	known.count = 1;
	container->cgroup_count = 0;
	make(&scene);
	known.is_settled = true;
	make(&scene);
	make(&scene);
	assert_int_equal(target(&scene, "container-source 8 . 10.0.0.2"), TARGET_REFUSE);
	known.count = 0;
	make(&scene);
	assert_int_equal(scene.plan.wanted.count, 0);
	end(&scene);
}

/* Each target's verdict stands for it again. */
static void test_targets_of_verdicts(void **state)
{
	static const uint32_t targets[] = {TARGET_DIRECT,	   TARGET_DROP,	   TARGET_REFUSE,   TARGET_FIRST_PROXY,
					   TARGET_FIRST_PROXY + 1, TARGET_NO_RULE, TARGET_BY_SOURCE};
	struct scene scene = begin(CONTAINERS_CONFIG);

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		struct container_element element = {.set = CONTAINER_INTERFACE, .target = targets[i], .key = {1}};
		const struct container_elements elements = {&element, 1, 1};
		struct dump dump = left_by(&scene, &elements);

		assert_int_equal(container_target_of(scene.world->config, dump.sets[0].elements[0].verdict),
				 targets[i]);
		dump_clear(&dump);
	}
	/* that of a proxy that is no more */
	assert_int_equal(container_target_of(scene.world->config,
					     &(struct verdict){.kind = VERDICT_GOTO, .chain = "container-other"}),
			 TARGET_DROP);
	end(&scene);
}

/* After a reload, a container without cgroups has the target of the same name, or is dropped. */
static void test_reload(void **state)
{
	struct scene scene = begin(CONTAINERS_CONFIG);
	struct config *config =
		parse_good("version: 1\ncontainers: true\ntproxies: {new: {mark: 3, port: 3}, q: {mark: 2, "
			   "port: 2}}\n");
	struct container_plan next;
	struct container *one = add(unbridged, NULL, NULL);
	struct container *other = add((struct container_interface){OTHER_VETH, OTHER_VETH, false}, NULL, NULL);

	(void)state;
	runs(one, appear(scene.world, scene.world->tree.root, "p"));
	runs(other, appear(scene.world, scene.world->tree.root, "q"));
	make(&scene);
	one->cgroup_count = 0;
	other->cgroup_count = 0;
	container_plan_init(&next, config);
	assert_int_equal(container_plan_follow(&next, &scene.plan), 0);
	container_plan_clear(&scene.plan);
	scene.plan = next;
	make(&scene);
	assert_int_equal(target(&scene, "container-interface 7"), TARGET_DROP);
	assert_int_equal(target(&scene, "container-interface 9"), TARGET_FIRST_PROXY + 1);
	end(&scene);
	config_free(config);
}

static uint32_t below(uint32_t *random, size_t limit)
{
	return next_random(random) % (uint32_t)limit;
}

/* A change that is taken in by itself leads to what all containers together lead to. */
static void test_changes_one_by_one(void **state)
{
	static const char *const addresses[] = {"10.0.0.2", "10.0.0.3", "10.0.0.4"};
	struct scene scene = begin(CONTAINERS_CONFIG);
	struct container_plan whole;
	const struct cgroup *cgroups[] = {
		appear(scene.world, scene.world->tree.root, "p"),
		appear(scene.world, scene.world->tree.root, "drop"),
		appear(scene.world, scene.world->tree.root, "direct"),
		appear(scene.world, scene.world->tree.root, "no-rule"),
	};
	uint64_t number = CONTAINERS;
	uint32_t random = 1;
	size_t warnings = 0;

	(void)state;
	log_redirect(count_warning, &warnings);
	container_plan_init(&whole, scene.world->config);
	for (size_t i = 0; i < CONTAINERS; i++)
		add(bridged, NULL, NULL);
	for (unsigned round = 0; round < 5000; round++) {
		struct container *container = &known.items[below(&random, CONTAINERS)];
		const size_t i = (size_t)(container - known.items);

		/* sometimes it ends, and there is another one in its place; the last, so that numbers ascend */
		if (below(&random, 10) == 0 && i == CONTAINERS - 1) {
			const struct container gone = {.number = container->number, .is_gone = true};

			assert_int_equal(container_plan_take(&scene.plan, &gone, &scene.world->plan), 0);
			container->number = ++number;
			container->cgroup_count = 0;
		}
		known.interfaces[i] = (struct container_interface){BRIDGE, VETH + (uint32_t)i, below(&random, 2) == 0};
		known.interfaces[i].iif = known.interfaces[i].bridged ? BRIDGE : 100 + (uint32_t)i;
		container->address_count = below(&random, 3);
		for (size_t j = 0; j < container->address_count; j++)
			known.addresses[i][j] = address_of(addresses[below(&random, COUNT(addresses))]);
		container->cgroup_count = below(&random, 3);
		for (size_t j = 0; j < container->cgroup_count; j++)
			known.cgroups[i][j] = cgroups[below(&random, COUNT(cgroups))];
		assert_int_equal(container_plan_take(&scene.plan, container, &scene.world->plan), 0);
		assert_int_equal(container_plan_finish(&scene.plan, some_containers()), 0);
		assert_int_equal(container_plan_make(&whole, some_containers(), &scene.world->plan), 0);
		assert_int_equal(scene.plan.wanted.count, whole.wanted.count);
		if (whole.wanted.count > 0)
			assert_memory_equal(scene.plan.wanted.items, whole.wanted.items,
					    whole.wanted.count * sizeof(*whole.wanted.items));
	}
	container_plan_clear(&whole);
	log_redirect(NULL, NULL);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unbridged),
		cmocka_unit_test(test_bridged),
		cmocka_unit_test(test_same_address_on_a_bridge),
		cmocka_unit_test(test_strictest_target_counts),
		cmocka_unit_test(test_last_target_stays),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_without_containers),
		cmocka_unit_test(test_last_run_counts_until_all_are_known),
		cmocka_unit_test(test_targets_of_verdicts),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_changes_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
