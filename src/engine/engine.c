/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/engine.h"

#include "cgroup/mount.h"
#include "cgroup/watch.h"
#include "engine/compile.h"
#include "engine/plan.h"
#include "nft/nft.h"
#include "nft/probe.h"
#include "nft/table.h"
#include "nft/text.h"
#include "policy/policy.h"
#include "route/route.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)

/* Cgroups that can't be watched are looked at this long after the last look, and never more than a tenth of the time.
 */
#define LOOK_INTERVAL USEC_PER_SEC
#define LOOK_COST_FACTOR 9

/* After a transaction that failed, the table is made anew; when that fails too, it is tried again after this long. */
#define RETRY_INTERVAL USEC_PER_SEC

enum { CATCH_UP_MAX = 100 };

struct engine {
	struct config *config;
	struct policy *policy;
	struct ruleset *ruleset;
	struct plan plan;
	struct watch watch;
	struct nft nft;
	struct batch batch;
	char *mount;
	struct fwmark *marks;
	uint64_t next_look;  /* at cgroups without a watch; usec of CLOCK_MONOTONIC */
	uint64_t next_retry; /* likewise; UINT64_MAX: the kernel holds what it should */
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * USEC_PER_SEC + (uint64_t)time.tv_nsec / 1000;
}

static int on_appeared(struct cgroup *cgroup, void *userdata)
{
	struct engine *engine = userdata;

	return plan_appeared(&engine->plan, cgroup);
}

static void on_vanished(struct cgroup *cgroup, void *userdata)
{
	struct engine *engine = userdata;

	plan_vanished(&engine->plan, cgroup, now());
}

static int make_policy(struct engine *engine)
{
	const struct config *config = engine->config;
	const char **patterns = calloc(config->rule_count + 1, sizeof(*patterns));

	if (patterns == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < config->rule_count; i++)
		patterns[i] = config->rules[i].pattern;
	engine->policy = policy_new(patterns, config->rule_count);
	free(patterns);
	return engine->policy != NULL ? 0 : -ENOMEM;
}

static int list_marks(struct engine *engine)
{
	const struct config *config = engine->config;

	engine->marks = calloc(config->proxy_count + 1, sizeof(*engine->marks));
	if (engine->marks == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < config->proxy_count; i++)
		engine->marks[i] = (struct fwmark){config->proxies[i].mark, config->proxies[i].mask};
	return 0;
}

struct engine *engine_new(struct config *config, struct error *error)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (engine == NULL) {
		config_free(config);
		error_set(error, -ENOMEM, "no memory to start");
		return NULL;
	}
	engine->config = config;
	engine->watch.inotify = -1;
	engine->watch.root = -1;
	engine->next_retry = UINT64_MAX;
	engine->next_look = UINT64_MAX;
	engine->ruleset = compile_ruleset(config);
	if (engine->ruleset == NULL || make_policy(engine) < 0 || list_marks(engine) < 0 ||
	    plan_init(&engine->plan, config, engine->policy) < 0) {
		error_set(error, -ENOMEM, "no memory for the rules of the config");
		engine_free(engine);
		return NULL;
	}
	return engine;
}

void engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	nft_close(&engine->nft);
	watch_close(&engine->watch);
	batch_clear(&engine->batch);
	plan_clear(&engine->plan);
	policy_free(engine->policy);
	ruleset_free(engine->ruleset);
	config_free(engine->config);
	free(engine->marks);
	free(engine->mount);
	free(engine);
}

/* Sets when to look at cgroups that have no watch, after a look that began at @begin. */
static void schedule_look(struct engine *engine, uint64_t begin)
{
	uint64_t end = now();

	engine->next_look = UINT64_MAX;
	if (engine->watch.unwatched > 0)
		engine->next_look = end + LOOK_INTERVAL + LOOK_COST_FACTOR * (end - begin);
}

int engine_observe(struct engine *engine, struct error *error)
{
	const struct watch_listener listener = {on_appeared, on_vanished, engine};
	uint64_t begin = now();
	int result = cgroup_mount_find(engine->config->cgroup_root, &engine->mount, error);

	if (result == 0)
		result = watch_open(&engine->watch, engine->mount, &listener, error);
	if (result == 0)
		result = watch_walk(&engine->watch, error);
	schedule_look(engine, begin);
	return result;
}

static struct routing wanted_routing(const struct engine *engine, bool steering)
{
	return (struct routing){
		.table = engine->config->route_table,
		.priority = engine->config->rule_priority,
		.marks = engine->marks,
		.mark_count = steering ? engine->config->proxy_count : 0,
	};
}

/* The whole table, in one transaction. What leads here is always that nothing else is certain. */
static int replace_table(struct engine *engine, struct error *error)
{
	struct step step;
	int result = plan_everything(&engine->plan, engine->watch.tree.root, &step);

	if (result < 0)
		return error_set(error, result, "no memory for the elements of all cgroups");
	batch_begin(&engine->batch);
	result = nft_begin_replacement(&engine->nft, &engine->batch, error);
	if (result < 0)
		return result;
	table_put_contents(&engine->batch, engine->ruleset, &step.levels);
	table_put_elements(&engine->batch, engine->ruleset, step.elements, step.element_count);
	batch_end(&engine->batch);
	result = nft_send(&engine->nft, &engine->batch, error);
	if (result < 0)
		return result;
	plan_done(&engine->plan, &step);
	log_info("table inet " TABLE_NAME ": %zu cgroups below %s, %zu of them with a verdict of their own",
		 engine->watch.tree.count, engine->mount, step.element_count);
	return 0;
}

static int send_step(struct engine *engine, const struct step *step, struct error *error)
{
	batch_begin(&engine->batch);
	table_put_elements(&engine->batch, engine->ruleset, step->elements, step->element_count);
	if (step->levels_changed)
		table_put_levels(&engine->batch, engine->ruleset, &step->levels);
	table_delete_elements(&engine->batch, engine->ruleset, step->removed, step->removed_count);
	batch_end(&engine->batch);
	return nft_send(&engine->nft, &engine->batch, error);
}

/* Makes the table anew while running; a failure is told and tried again, since stopping would open what was closed. */
static int heal(struct engine *engine, struct error *error)
{
	int result = replace_table(engine, error);

	engine->next_retry = UINT64_MAX;
	if (result == 0 || result == -EBUSY)
		return result;
	log_error("can't make the table anew, which is tried again every second: %s", error->text);
	engine->next_retry = now() + RETRY_INTERVAL;
	return 0;
}

static int advance(struct engine *engine, struct error *error)
{
	struct step step;
	int result = 0;

	if (engine->next_retry != UINT64_MAX)
		return engine->next_retry <= now() ? heal(engine, error) : 0;
	result = plan_changes(&engine->plan, now(), &step);
	if (result < 0)
		return error_set(error, result, "no memory for the elements of new cgroups");
	if (step.element_count > 0 || step.removed_count > 0 || step.levels_changed) {
		result = send_step(engine, &step, error);
		if (result < 0) {
			log_warning("%s; the whole table is made anew", error->text);
			return heal(engine, error);
		}
	}
	plan_done(&engine->plan, &step);
	return 0;
}

/* What came while the table was made; not for ever, since somebody may go on making cgroups. */
static int catch_up(struct engine *engine, struct error *error)
{
	int events = 1;

	for (int i = 0; i < CATCH_UP_MAX && events > 0; i++)
		events = engine_handle_events(engine, error);
	return events < 0 ? events : 0;
}

/*
 * Routes come before the table and go after it, so that a mark always leads somewhere. What an earlier run left of them
 * goes last: its table was in force until now.
 */
int engine_enforce(struct engine *engine, struct error *error)
{
	const struct routing routing = wanted_routing(engine, true);
	int result = nft_open(&engine->nft, error);

	if (result == 0)
		result = nft_own(&engine->nft, error);
	if (result == 0)
		result = nft_try(&engine->nft, engine->ruleset, error);
	if (result == 0)
		result = route_add(&routing, error);
	if (result == 0)
		result = replace_table(engine, error);
	if (result == 0)
		result = catch_up(engine, error);
	if (result == 0)
		result = route_remove_others(&routing, error);
	return result;
}

int engine_fd(const struct engine *engine)
{
	return engine->watch.inotify;
}

int engine_handle_events(struct engine *engine, struct error *error)
{
	size_t unwatched = engine->watch.unwatched;
	int events = watch_read(&engine->watch, error);
	int result = 0;

	if (events < 0)
		return events;
	if (engine->watch.unwatched > 0 && unwatched == 0)
		schedule_look(engine, now());
	result = advance(engine, error);
	return result < 0 ? result : events;
}

uint64_t engine_deadline(const struct engine *engine)
{
	uint64_t deadline = departed_next_expiry(&engine->plan.departed);

	if (engine->next_look < deadline)
		deadline = engine->next_look;
	return engine->next_retry < deadline ? engine->next_retry : deadline;
}

int engine_handle_deadline(struct engine *engine, struct error *error)
{
	uint64_t begin = now();

	if (engine->next_look <= begin) {
		int result = watch_walk_unwatched(&engine->watch, error);

		if (result < 0)
			return result;
		schedule_look(engine, begin);
	}
	return advance(engine, error);
}

int engine_stop(struct engine *engine, struct error *error)
{
	const struct routing nothing = wanted_routing(engine, false);
	int result = 0;

	if (engine->config->on_stop == ON_STOP_KEEP) {
		log_info("on-stop is keep: all verdicts stay in force");
		return 0;
	}
	result = nft_remove_table(&engine->nft, error);
	return result < 0 ? result : route_remove_others(&nothing, error);
}

/* How nft names the mount: below /sys/fs/cgroup, which it takes for granted. NULL when it can't. */
static const char *root_for_nft(const char *mount)
{
	static const char assumed[] = "/sys/fs/cgroup";
	size_t length = strlen(assumed);

	if (strncmp(mount, assumed, length) != 0)
		return NULL;
	if (mount[length] == '\0')
		return ".";
	return mount[length] == '/' ? mount + length + 1 : NULL;
}

static void free_paths(struct path_element *elements, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(elements[i].path);
	free(elements);
}

int engine_render(struct engine *engine, FILE *out, struct error *error)
{
	const struct cgroup_tree *tree = &engine->watch.tree;
	struct path_element *elements = calloc(tree->count + 1, sizeof(*elements));
	struct path_elements list = {.elements = elements, .root = root_for_nft(engine->mount)};
	struct step step;
	int result = elements != NULL ? plan_everything(&engine->plan, tree->root, &step) : -ENOMEM;

	for (const struct cgroup *cgroup = tree->root; cgroup != NULL && result == 0; cgroup = cgroup_next(cgroup)) {
		char *path = NULL;

		if (!plan_has_element(&engine->plan, cgroup))
			continue;
		cgroup_path(cgroup, engine->plan.path);
		path = strdup(engine->plan.path);
		if (path == NULL)
			result = -ENOMEM;
		else
			elements[list.count++] = (struct path_element){path, plan_verdict(&engine->plan, cgroup)};
	}
	if (result == 0)
		ruleset_print(out, engine->ruleset, &step.levels, &list);
	else
		error_set(error, result, "no memory to write the ruleset");
	free_paths(elements, list.count);
	return result;
}
