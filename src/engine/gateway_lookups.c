/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/gateway_lookups.h"

#include "engine/intervals.h"
#include "engine/layers.h"
#include "util/address.h"
#include "util/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Consecutive rules with the same selector, whose values share maps. */
struct run {
	const struct gateway_rule *rules;
	size_t count;
};

struct writer {
	const struct gateway_lookups *lookups;
	struct ruleset *ruleset;
	struct chain *chain;
	unsigned maps; /* so far */
};

/* A kind of map. */
struct kind {
	const char *name; /* in the names of maps */
	enum set_type type;
	enum statement_kind lookup;
};

static const struct kind by_interface = {"interface", SET_INTERFACE_VERDICTS, STATEMENT_IIFNAME_VMAP};
static const struct kind by_source = {"source", SET_IPV4_VERDICTS, STATEMENT_SADDR_VMAP};
static const struct kind by_source6 = {"source6", SET_IPV6_VERDICTS, STATEMENT_SADDR6_VMAP};
static const struct kind by_mac = {"mac", SET_MAC_VERDICTS, STATEMENT_MAC_VMAP};

/* A map with other elements has another name, since it can't be changed. */
static int add_map(struct writer *writer, const struct kind *kind, const struct interval *intervals, size_t count)
{
	struct set *map = ruleset_add_set(writer->ruleset, "", kind->type);
	char name[NFT_NAME_SIZE];
	int error = map != NULL ? intervals_add(map, intervals, count) : -ENOMEM;

	if (error < 0)
		return error;
	set_sort(map);
	snprintf(name, sizeof(name), "%s%s-%u-%08" PRIx32, writer->lookups->prefix, kind->name, ++writer->maps,
		 set_hash(map));
	/* rules in another chain look up in the same map */
	if (ruleset_find_set(writer->ruleset, name) != NULL)
		ruleset_remove_last_set(writer->ruleset);
	else
		memcpy(map->name, name, sizeof(map->name));
	return chain_add(writer->chain, statement_about(kind->lookup, name));
}

static size_t count_values(const struct run *run)
{
	size_t count = 0;

	for (size_t i = 0; i < run->count; i++)
		count += run->rules[i].value_count;
	return count;
}

/* Returns false if a map of that kind can't have the value. */
static bool make_interval(const struct kind *kind, const struct gateway_value *value, struct interval *interval)
{
	const size_t length = strnlen(value->interface, sizeof(value->interface));

	switch (kind->type) {
	case SET_INTERFACE_VERDICTS:
		if (length > 0 && value->interface[length - 1] == '*')
			*interval = interval_of_prefix(value->interface, length - 1, IFNAMSIZ);
		else
			*interval = interval_of_prefix(value->interface, IFNAMSIZ, IFNAMSIZ);
		return true;
	case SET_MAC_VERDICTS:
		*interval = interval_of_prefix(value->mac, ETH_ALEN, ETH_ALEN);
		return true;
	default:
		if ((value->source.family == AF_INET) != (kind->type == SET_IPV4_VERDICTS))
			return false;
		*interval = interval_of_network(&value->source);
		return true;
	}
}

/* Returns the intervals of a run's values in their order, for free(), or NULL if out of memory. */
static struct interval *list_intervals(const struct writer *writer, const struct kind *kind, const struct run *run,
				       size_t *count)
{
	struct interval *intervals = calloc(count_values(run) + 1, sizeof(*intervals));

	*count = 0;
	for (size_t i = 0; intervals != NULL && i < run->count; i++) {
		const struct gateway_lookups *lookups = writer->lookups;
		const struct gateway_rule *rule = &run->rules[i];
		const struct verdict verdict = lookups->verdict_of(lookups->config, rule->target);
		const struct verdict *kept = verdicts_keep(&writer->ruleset->verdicts, &verdict);

		if (kept == NULL) {
			free(intervals);
			return NULL;
		}
		for (size_t j = 0; j < rule->value_count; j++) {
			if (make_interval(kind, &rule->values[j], &intervals[*count]))
				intervals[(*count)++].verdict = kept;
		}
	}
	return intervals;
}

/* Returns 0 or -ENOMEM. */
static int look_up(struct writer *writer, const struct kind *kind, const struct run *run)
{
	size_t count = 0;
	CLEANUP(freep) struct interval *intervals = list_intervals(writer, kind, run, &count);
	int error = intervals != NULL ? 0 : -ENOMEM;

	if (error == 0)
		error = intervals_flatten(&intervals, &count, set_definition(kind->type)->key_size);
	return error == 0 && count > 0 ? add_map(writer, kind, intervals, count) : error;
}

static bool has_every_name(const struct interval *interval)
{
	const struct interval all = interval_of_prefix("", 0, IFNAMSIZ);

	return memcmp(interval->first, all.first, IFNAMSIZ) == 0 && memcmp(interval->last, all.last, IFNAMSIZ) == 0;
}

/* nft has no notation for all names, and they need no map. */
static int add_layer(struct writer *writer, const struct interval *intervals, size_t count)
{
	if (count == 1 && has_every_name(intervals)) {
		const struct statement statement = {.kind = STATEMENT_VERDICT, .verdict = *intervals->verdict};
		int error = chain_add(writer->chain, statement);

		return error == 0 ? 1 : error;
	}
	return count > 0 ? add_map(writer, &by_interface, intervals, count) : 0;
}

/*
 * Prefixes that have other names in them are not cut, since nft has no notation for what would be left, but looked up
 * later. Returns whether all packets match, 0 or 1, or -ENOMEM.
 */
static int look_up_interfaces(struct writer *writer, const struct run *run)
{
	size_t count = 0;
	CLEANUP(freep) struct interval *intervals = list_intervals(writer, &by_interface, run, &count);
	CLEANUP(freep) size_t *layers = calloc(count + 1, sizeof(*layers));
	CLEANUP(freep) struct interval *layer = calloc(count + 1, sizeof(*layer));
	size_t done = 0;
	int result = 0;

	if (intervals == NULL || layers == NULL || layer == NULL)
		return -ENOMEM;
	result = layers_make(intervals, &count, IFNAMSIZ, layers);
	for (size_t at = 0; done < count && result == 0; at++) {
		size_t in_layer = 0;

		for (size_t i = 0; i < count; i++) {
			if (layers[i] == at)
				layer[in_layer++] = intervals[i];
		}
		done += in_layer;
		result = add_layer(writer, layer, in_layer);
	}
	return result;
}

static int look_up_run(struct writer *writer, const struct run *run)
{
	int error = 0;

	switch (run->rules->selector) {
	case GATEWAY_INTERFACE:
		return look_up_interfaces(writer, run);
	case GATEWAY_SOURCE:
		error = look_up(writer, &by_source, run);
		return error == 0 ? look_up(writer, &by_source6, run) : error;
	case GATEWAY_MAC:
		return look_up(writer, &by_mac, run);
	}
	return 0;
}

/* Rules at the end whose packets are left alone make no difference, unless those that match none are not. */
static size_t count_rules(const struct gateway_lookups *lookups)
{
	const struct gateway *gateway = &lookups->config->gateway;
	size_t count = gateway->rule_count;

	while (!lookups->is_complete && count > 0 &&
	       lookups->verdict_of(lookups->config, gateway->rules[count - 1].target).kind == VERDICT_RETURN)
		count--;
	return count;
}

int gateway_write_lookups(const struct gateway_lookups *lookups, struct ruleset *ruleset, struct chain *chain)
{
	struct writer writer = {.lookups = lookups, .ruleset = ruleset, .chain = chain};
	const struct gateway_rule *rules = lookups->config->gateway.rules;
	const size_t count = count_rules(lookups);
	int result = 0;

	for (size_t i = 0; i < count && result == 0;) {
		struct run run = {.rules = &rules[i]};

		while (i < count && rules[i].selector == run.rules->selector) {
			run.count++;
			i++;
		}
		result = look_up_run(&writer, &run);
	}
	return result;
}
