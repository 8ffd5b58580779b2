/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/containers.h"
#include "cmd/output.h"
#include "cmd/status.h"
#include "nft/table.h"

#include <jansson.h>
#include <string.h>

/* jansson treats NULL as out of memory, so only the last call needs to be checked. */

static json_t *json_of_time(time_t moment)
{
	char text[32] = "";
	struct tm utc;

	if (moment == 0 || gmtime_r(&moment, &utc) == NULL)
		return json_null();
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return json_string(text);
}

static json_t *json_of_part(enum status_part part)
{
	if (part == STATUS_THERE || part == STATUS_MISSING || part == STATUS_BEHIND)
		return json_boolean(part == STATUS_THERE);
	return json_null();
}

static json_t *json_of_priority(const struct status_routing *routing)
{
	return routing->priority != 0 ? json_integer(routing->priority) : json_null();
}

static json_t *json_of_path(const char *path)
{
	return output_json(path, strlen(path));
}

static json_t *json_of_daemon(const struct status *status)
{
	if (!status->is_running)
		return json_null();
	return json_pack("{sI so}", "pid", (json_int_t)status->pid, "since", json_of_time(status->since));
}

static json_t *json_of_config(const struct status *status)
{
	static const char *const states[] = {
		[STATUS_CONFIG_UNKNOWN] = "unknown",	   [STATUS_CONFIG_BUILT_IN] = "built-in",
		[STATUS_CONFIG_CURRENT] = "current",	   [STATUS_CONFIG_CHANGED] = "changed",
		[STATUS_CONFIG_UNREADABLE] = "unreadable", [STATUS_CONFIG_OTHER] = "other",
	};

	return json_pack("{so ss so}", "file",
			 *status->stamp.file != '\0' ? json_of_path(status->stamp.file) : json_null(), "state",
			 states[status->config], "loaded", json_of_time(status->stamp.loaded));
}

static json_t *json_of_table(const struct status *status)
{
	const struct table_state *table = &status->table;

	if (!table->exists)
		return json_null();
	return json_pack("{sb sb so sI}", "complete", status->is_whole, "protected", (table->flags & TABLE_OWNER) != 0,
			 "owner", table->owner != 0 ? json_integer(table->owner) : json_null(), "elements",
			 (json_int_t)status->elements);
}

static json_t *json_of_listeners(const struct status_target *target)
{
	json_t *listeners = json_array();

	for (size_t i = 0; i < target->listener_count; i++)
		json_array_append_new(listeners, json_of_path(target->listeners[i]));
	return listeners;
}

static json_t *json_of_mark(const struct fwmark *mark)
{
	if (mark->mask == 0)
		return json_null();
	return json_pack("{sI sI}", "value", (json_int_t)mark->value, "mask", (json_int_t)mark->mask);
}

static json_t *json_of_relay(const struct status_relay *relay)
{
	if (!relay->exists)
		return json_null();
	return json_pack("{so ss so}", "upstream", output_json(relay->upstream, strlen(relay->upstream)), "dns",
			 relay->dns, "connections",
			 relay->is_counted ? json_integer((json_int_t)relay->connections) : json_null());
}

static json_t *json_of_target(const struct status *status, const struct status *before,
			      const struct status_target *target)
{
	struct status_rate rate;
	json_t *json = json_pack("{ss sI sI so so}", "name", target->name, "cgroups", (json_int_t)target->cgroups,
				 "sockets", (json_int_t)target->sockets, "packets",
				 target->is_counted ? json_integer((json_int_t)target->packets) : json_null(), "bytes",
				 target->is_counted ? json_integer((json_int_t)target->bytes) : json_null());

	if (before != NULL) {
		bool is_known = status_rate(status, before, target, &rate);

		json_object_set_new(json, "packets_per_second", is_known ? json_real(rate.packets) : json_null());
		json_object_set_new(json, "bytes_per_second", is_known ? json_real(rate.bytes) : json_null());
	}
	if (target->is_proxy) {
		bool is_known = target->port != 0;

		json_object_set_new(json, "port", is_known ? json_integer(target->port) : json_null());
		json_object_set_new(json, "mark", json_of_mark(&target->mark));
		if (target->file_port != 0)
			json_object_set_new(json, "file_port", json_integer(target->file_port));
		if (target->file_mark.mask != 0)
			json_object_set_new(json, "file_mark", json_of_mark(&target->file_mark));
		json_object_set_new(json, "listening", is_known ? json_boolean(target->is_listened_to) : json_null());
		json_object_set_new(json, "listeners", is_known ? json_of_listeners(target) : json_null());
		json_object_set_new(json, "relay", json_of_relay(&target->relay));
	}
	return json;
}

static json_t *json_of_targets(const struct status *status, const struct status *before)
{
	json_t *targets = json_array();

	for (size_t i = 0; i < status->target_count; i++)
		json_array_append_new(targets, json_of_target(status, before, &status->targets[i]));
	return targets;
}

static json_t *json_of_fence(const struct status *status)
{
	if (!status->fence.is_counted)
		return json_null();
	return json_pack("{sI sI}", "packets", (json_int_t)status->fence.packets, "bytes",
			 (json_int_t)status->fence.bytes);
}

static json_t *json_of_cgroups(const struct status *status)
{
	json_t *cgroups = json_array();

	for (size_t i = 0; status->cgroups != NULL && i < status->cgroup_count; i++)
		json_array_append_new(cgroups, json_pack("{so ss}", "path", json_of_path(status->cgroups[i].path),
							 "target", status->targets[status->cgroups[i].target].name));
	return cgroups;
}

static json_t *json_of_gateway_targets(const struct status *status, const struct status *before)
{
	json_t *targets = json_array();

	for (size_t i = 0; i < status->gateway.target_count; i++) {
		const struct status_gateway_target *target = &status->gateway.targets[i];
		struct status_rate rate;
		bool has_rate = status_gateway_rate(status, before, target, &rate);
		json_t *json = json_object();

		json_object_set_new(json, "name", json_string(target->name));
		json_object_set_new(json, "packets",
				    target->is_counted ? json_integer((json_int_t)target->packets) : json_null());
		json_object_set_new(json, "bytes",
				    target->is_counted ? json_integer((json_int_t)target->bytes) : json_null());
		if (before != NULL) {
			json_object_set_new(json, "packets_per_second",
					    has_rate ? json_real(rate.packets) : json_null());
			json_object_set_new(json, "bytes_per_second", has_rate ? json_real(rate.bytes) : json_null());
		}
		json_array_append_new(targets, json);
	}
	return targets;
}

static json_t *json_of_gateway_rules(const struct status_gateway *gateway)
{
	json_t *rules = json_array();

	for (size_t i = 0; i < gateway->rule_count; i++) {
		const struct status_gateway_rule *rule = &gateway->rules[i];
		json_t *absent = json_array();

		for (size_t j = 0; j < rule->absent_count; j++)
			json_array_append_new(absent, json_of_path(rule->absent[j]));
		json_array_append_new(rules, json_pack("{si so ss so}", "line", rule->line, "selector",
						       json_of_path(rule->selector), "target", rule->target, "absent",
						       absent));
	}
	return rules;
}

static json_t *json_of_gateway(const struct status *status, const struct status *before)
{
	const struct status_gateway *gateway = &status->gateway;
	const bool is_known = gateway->has_rules;

	if (!gateway->exists)
		return json_null();
	return json_pack("{so so so so so}", "mark", json_of_mark(&gateway->mark), "strict",
			 is_known ? json_boolean(gateway->is_strict) : json_null(), "containers",
			 is_known ? json_boolean(gateway->has_containers) : json_null(), "targets",
			 json_of_gateway_targets(status, before), "rules",
			 is_known ? json_of_gateway_rules(gateway) : json_null());
}

static json_t *json_of_containers(const struct status *status)
{
	json_t *list = NULL;

	if (!status->covers_containers)
		return json_null();
	list = json_array();
	for (size_t i = 0; i < status->containers.count; i++)
		json_array_append_new(list, container_json(&status->containers.items[i]));
	return list;
}

static json_t *json_of_problems(const struct problems *problems)
{
	json_t *list = json_array();

	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];

		json_array_append_new(list,
				      json_pack("{ss ss ss ss?}", "kind", problem_kind_name(problem->kind), "about",
						problem->about, "text", problem->text, "cure", problem->cure));
	}
	return list;
}

int status_write_json(const struct status *status, const struct status *before, enum json_format format, FILE *out)
{
	json_auto_t *json = json_pack(
		"{sb sb sb so so so s{so so} s{so so} s{so so} so so so so so so}", "running", status->is_running,
		"ready", status->is_running && status->table.exists && status->is_whole, "complete",
		status_is_complete(status), "daemon", json_of_daemon(status), "config", json_of_config(status), "table",
		json_of_table(status), "policy_rules", "ipv4", json_of_part(status->routes.ip.rules), "ipv6",
		json_of_part(status->routes.ip6.rules), "rule_priority", "ipv4", json_of_priority(&status->routes.ip),
		"ipv6", json_of_priority(&status->routes.ip6), "routes", "ipv4", json_of_part(status->routes.ip.route),
		"ipv6", json_of_part(status->routes.ip6.route), "fence", json_of_fence(status), "problems",
		json_of_problems(&status->problems), "targets", json_of_targets(status, before), "cgroups",
		json_of_cgroups(status), "gateway", json_of_gateway(status, before), "containers",
		json_of_containers(status));

	return output_write_json(json, format, out);
}
