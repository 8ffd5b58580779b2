/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/container_chains.h"

#include "engine/chains.h"
#include "engine/gateway.h"
#include "engine/names.h"
#include "nft/elements.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_ROOM = 1024 };

/* A hook in which containers are looked up, and in which the same elements have other verdicts. */
struct stage {
	const char *maps[CONTAINER_MAPS];
	const char *bridge; /* the chain of packets from bridges */
	const char *rules;  /* that of the gateway's rules */
	struct verdict (*verdict_of)(const struct config *config, uint32_t target);
};

static struct verdict steering_verdict(const struct config *config, uint32_t target)
{
	return chain_of_target(config, target, CHAIN_CONTAINER_DROP, CHAIN_CONTAINER_REFUSE, CHAIN_CONTAINER_PREFIX);
}

static struct verdict hijacking_verdict(const struct config *config, uint32_t target)
{
	if (!gateway_has_redirect(config, target))
		return (struct verdict){.kind = VERDICT_RETURN};
	return chain_verdict(CHAIN_HIJACK_PREFIX, config->proxies[target - TARGET_FIRST_PROXY].name);
}

static const struct stage steering = {
	.maps = {MAP_CONTAINER_INTERFACE, MAP_CONTAINER_SOURCE, MAP_CONTAINER_SOURCE6},
	.bridge = CHAIN_CONTAINER_BRIDGE,
	.rules = CHAIN_GATEWAY_RULES,
	.verdict_of = steering_verdict,
};

static const struct stage hijacking = {
	.maps = {MAP_HIJACK_INTERFACE, MAP_HIJACK_SOURCE, MAP_HIJACK_SOURCE6},
	.bridge = CHAIN_HIJACK_BRIDGE,
	.rules = CHAIN_REDIRECT_RULES,
	.verdict_of = hijacking_verdict,
};

static const enum set_type types[CONTAINER_SETS] = {
	[CONTAINER_INTERFACE] = SET_IIF_VERDICTS,    [CONTAINER_SOURCE] = SET_IIF_IPV4_VERDICTS,
	[CONTAINER_SOURCE6] = SET_IIF_IPV6_VERDICTS, [CONTAINER_ADDRESS] = SET_IF_IPV4,
	[CONTAINER_ADDRESS6] = SET_IF_IPV6,
};

const char *container_set_name(enum container_set set)
{
	if (set < CONTAINER_MAPS)
		return steering.maps[set];
	return set == CONTAINER_ADDRESS ? SET_CONTAINER_ADDRESS : SET_CONTAINER_ADDRESS6;
}

enum set_type container_set_type(enum container_set set)
{
	return types[set];
}

static struct verdict verdict_of(const struct stage *stage, const struct config *config, uint32_t target)
{
	if (target == TARGET_NO_RULE)
		return chain_verdict("", stage->rules);
	if (target == TARGET_BY_SOURCE)
		return chain_verdict("", stage->bridge);
	return stage->verdict_of(config, target);
}

uint32_t container_target_of(const struct config *config, const struct verdict *verdict)
{
	static const uint32_t special[] = {TARGET_NO_RULE, TARGET_BY_SOURCE};
	const uint32_t count = (uint32_t)(TARGET_FIRST_PROXY + config->proxy_count);

	for (uint32_t target = 0; target < count; target++) {
		const struct verdict own = steering_verdict(config, target);

		if (verdict_equal(&own, verdict))
			return target;
	}
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		const struct verdict own = verdict_of(&steering, config, special[i]);

		if (verdict_equal(&own, verdict))
			return special[i];
	}
	return TARGET_DROP;
}

void container_target_name(const struct verdict *verdict, char *name)
{
	const size_t prefix = strlen(CHAIN_CONTAINER_PREFIX);
	const char *target = "";

	if (verdict->kind == VERDICT_RETURN)
		target = "direct";
	else if (strcmp(verdict->chain, CHAIN_CONTAINER_DROP) == 0)
		target = "drop";
	else if (strcmp(verdict->chain, CHAIN_CONTAINER_REFUSE) == 0)
		target = "refuse";
	else if (strncmp(verdict->chain, CHAIN_CONTAINER_PREFIX, prefix) == 0)
		target = verdict->chain + prefix;
	snprintf(name, NFT_NAME_SIZE, "%s", target);
}

static struct set *need_set(struct ruleset *ruleset, const char *name, enum set_type type)
{
	struct set *set = ruleset_find_set(ruleset, name);

	return set != NULL ? set : ruleset_add_set(ruleset, name, type);
}

static int add_to_map(struct ruleset *ruleset, const struct config *config, const struct stage *stage,
		      const struct container_element *element)
{
	const struct verdict verdict = verdict_of(stage, config, element->target);
	struct set *map = need_set(ruleset, stage->maps[element->set], types[element->set]);

	return map != NULL ? ruleset_map(ruleset, map, element->key, &verdict) : -ENOMEM;
}

static int add_to_set(struct ruleset *ruleset, const struct container_element *element)
{
	struct set *set = need_set(ruleset, container_set_name(element->set), types[element->set]);

	return set != NULL ? set_add(set, element->key, 0, NULL) : -ENOMEM;
}

static int fill(struct ruleset *ruleset, const struct config *config, const struct container_elements *elements)
{
	const bool hijacks = gateway_has_redirects(config);
	int error = 0;

	for (size_t i = 0; i < elements->count && error == 0; i++) {
		const struct container_element *element = &elements->items[i];

		if (element->set >= CONTAINER_MAPS) {
			error = add_to_set(ruleset, element);
			continue;
		}
		error = add_to_map(ruleset, config, &steering, element);
		if (error == 0 && hijacks)
			error = add_to_map(ruleset, config, &hijacking, element);
	}
	return error;
}

static void set_size(struct ruleset *ruleset, enum container_set set)
{
	struct set *added = ruleset_find_set(ruleset, container_set_name(set));
	struct set *other = set < CONTAINER_MAPS ? ruleset_find_set(ruleset, hijacking.maps[set]) : NULL;

	added->size = set_room(added->count, LEAST_ROOM);
	if (other != NULL)
		other->size = added->size;
}

int container_add_sets(struct ruleset *ruleset, const struct config *config, const struct container_elements *elements)
{
	const bool hijacks = gateway_has_redirects(config);
	int error = 0;

	for (enum container_set set = 0; set < CONTAINER_SETS && error == 0; set++) {
		if (ruleset_add_set(ruleset, container_set_name(set), types[set]) == NULL)
			error = -ENOMEM;
		if (error == 0 && set < CONTAINER_MAPS && hijacks &&
		    ruleset_add_set(ruleset, hijacking.maps[set], types[set]) == NULL)
			error = -ENOMEM;
	}
	if (error == 0)
		error = fill(ruleset, config, elements);
	for (enum container_set set = 0; set < CONTAINER_SETS && error == 0; set++)
		set_size(ruleset, set);
	return error;
}

typedef void put_function(struct batch *batch, const char *table, const struct set *set,
			  const struct set_element *elements, size_t count);

static void change_elements(struct batch *batch, put_function *put, const struct config *config,
			    const struct container_elements *elements)
{
	CLEANUP(ruleset_freep) struct ruleset *ruleset = elements->count > 0 ? ruleset_new() : NULL;

	if (elements->count == 0)
		return;
	if (ruleset == NULL || fill(ruleset, config, elements) < 0) {
		batch->failed = true;
		return;
	}
	for (size_t i = 0; i < ruleset->set_count; i++) {
		const struct set *set = &ruleset->sets[i];

		put(batch, ruleset->table, set, set->elements, set->count);
	}
}

void container_put_elements(struct batch *batch, const struct config *config, const struct container_elements *elements)
{
	change_elements(batch, elements_put, config, elements);
}

void container_delete_elements(struct batch *batch, const struct config *config,
			       const struct container_elements *elements)
{
	change_elements(batch, elements_delete, config, elements);
}

/* What containers send to each other is left alone, wherever it is routed to one of its addresses. */
static struct chain *add_chain_for_others(struct ruleset *ruleset, const char *name, bool steers)
{
	struct chain *chain = ruleset_add_chain(ruleset, name, HOOK_NONE);

	if (chain == NULL || (steers && gateway_add_false_beginnings(chain) < 0) ||
	    chain_add(chain, {.kind = STATEMENT_OIF_DADDR_IN, .name = SET_CONTAINER_ADDRESS}, RETURN) < 0 ||
	    chain_add(chain, {.kind = STATEMENT_OIF_DADDR6_IN, .name = SET_CONTAINER_ADDRESS6}, RETURN) < 0)
		return NULL;
	return chain;
}

/* CONTAINER-DROP, CONTAINER-REFUSE, container-NAME: on to the gateway's chain of that target. */
static int add_target(struct ruleset *ruleset, const struct config *config, uint32_t target)
{
	const struct verdict own = steering_verdict(config, target);
	struct chain *chain = add_chain_for_others(ruleset, own.chain, true);

	return chain != NULL ? chain_add(chain, {.kind = STATEMENT_VERDICT, .verdict = gateway_verdict(config, target)})
			     : -ENOMEM;
}

/* hijack-NAME: the container engine's name server, at an address of this host, is left alone. */
static int add_hijack(struct ruleset *ruleset, const struct config *config, uint32_t target)
{
	const struct verdict own = hijacking_verdict(config, target);
	struct chain *chain = add_chain_for_others(ruleset, own.chain, false);
	int error = chain != NULL ? chain_add(chain, {.kind = STATEMENT_DADDR_LOCAL}, RETURN) : -ENOMEM;

	return error == 0 ? chain_add(chain,
				      {.kind = STATEMENT_VERDICT, .verdict = gateway_redirect_verdict(config, target)})
			  : error;
}

static int write_sources(struct chain *chain, const struct stage *stage)
{
	int error = chain_add(chain, statement_about(STATEMENT_IIF_SADDR_VMAP, stage->maps[CONTAINER_SOURCE]));

	return error == 0 ? chain_add(chain, statement_about(STATEMENT_IIF_SADDR6_VMAP, stage->maps[CONTAINER_SOURCE6]))
			  : error;
}

/*
 * From a bridge that has containers, other devices send as well. With strict, what neither a container's address nor a
 * rule of the gateway is for may be from a container that is about to be known.
 */
static int add_steering(struct ruleset *ruleset, const struct config *config)
{
	struct chain *chain = ruleset_add_chain(ruleset, CHAIN_GATEWAY_RULES, HOOK_NONE);
	int error = chain != NULL ? gateway_write_rules(ruleset, chain, config, config->gateway.strict) : -ENOMEM;

	if (error < 0)
		return error;
	chain = ruleset_add_chain(ruleset, CHAIN_CONTAINER_BRIDGE, HOOK_NONE);
	error = chain != NULL ? write_sources(chain, &steering) : -ENOMEM;
	return error == 0 ? gateway_write_rules(ruleset, chain, config, config->gateway.strict || config->strict)
			  : error;
}

static int add_hijacking(struct ruleset *ruleset, const struct config *config)
{
	struct chain *chain = ruleset_add_chain(ruleset, CHAIN_REDIRECT_RULES, HOOK_NONE);
	int error = chain != NULL ? gateway_write_redirect_rules(ruleset, chain, config) : -ENOMEM;

	if (error < 0)
		return error;
	chain = ruleset_add_chain(ruleset, CHAIN_HIJACK_BRIDGE, HOOK_NONE);
	error = chain != NULL ? write_sources(chain, &hijacking) : -ENOMEM;
	return error == 0 ? chain_add(chain, statement_goto(CHAIN_REDIRECT_RULES)) : error;
}

int container_add_chains(struct ruleset *ruleset, const struct config *config)
{
	const uint32_t count = (uint32_t)(TARGET_FIRST_PROXY + config->proxy_count);
	int error = add_steering(ruleset, config);

	if (error == 0 && gateway_has_redirects(config))
		error = add_hijacking(ruleset, config);
	for (uint32_t target = 0; target < count && error == 0; target++) {
		if (target != TARGET_DIRECT)
			error = add_target(ruleset, config, target);
		if (error == 0 && gateway_has_redirect(config, target))
			error = add_hijack(ruleset, config, target);
	}
	return error;
}

/* The kernel itself knows that a veth is one, however new it is. */
int container_write_prerouting(struct chain *chain, const struct config *config)
{
	int error = chain_add(chain, statement_about(STATEMENT_IIF_VMAP, steering.maps[CONTAINER_INTERFACE]));

	if (error == 0 && config->strict)
		error = chain_add(chain, {.kind = STATEMENT_IIF_VETH}, statement_goto(CHAIN_GATEWAY_REFUSE));
	return error == 0 ? chain_add(chain, statement_goto(CHAIN_GATEWAY_RULES)) : error;
}

int container_write_prerouting_nat(struct chain *chain)
{
	int error = chain_add(chain, statement_about(STATEMENT_IIF_VMAP, hijacking.maps[CONTAINER_INTERFACE]));

	return error == 0 ? chain_add(chain, statement_goto(CHAIN_REDIRECT_RULES)) : error;
}
