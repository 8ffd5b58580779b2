/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/explain.h"

#include "cmd/containers.h"

#include "cmd/output.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static json_t *text(const char *text)
{
	return text != NULL ? output_json(text, strlen(text)) : json_null();
}

static json_t *json_of_rules(const struct config *config, const struct explanation *answer)
{
	json_t *rules = json_array();

	for (size_t i = 0; i < config->rule_count; i++) {
		const struct config_rule *rule = &config->rules[i];

		json_array_append_new(rules,
				      json_pack("{s:I, s:s?, s:i, s:s, s:s, s:b}", "rule", (json_int_t)i + 1, "dropin",
						rule->dropin, "line", rule->position.line, "selector", rule->selector,
						"target", config_target_name(config, rule->target), "matches",
						(int)answer->matched[i]));
	}
	return rules;
}

static json_t *json_of_address(const struct endpoint *endpoint)
{
	char address[INET6_ADDRSTRLEN] = "";

	if (endpoint->family == 0)
		return json_null();
	inet_ntop(endpoint->family, &endpoint->ip6, address, sizeof(address));
	return json_string(address);
}

static json_t *json_of_port(const struct endpoint *endpoint)
{
	return endpoint->port != 0 ? json_integer(endpoint->port) : json_null();
}

json_t *explain_json_of_trace(const struct trace *trace)
{
	static const char *const outcomes[] = {
		[TRACE_DIRECT] = "direct", [TRACE_PROXY] = "proxy",   [TRACE_HIJACK] = "dns-hijack",
		[TRACE_DROP] = "drop",	   [TRACE_REFUSE] = "refuse",
	};
	static const char *const reasons[] = {
		[REASON_TARGET] = "target",	  [REASON_BYPASS] = "bypass",
		[REASON_LOCAL] = "bypass-local",  [REASON_HIJACK] = "dns-hijack",
		[REASON_IPV6] = "ipv6",		  [REASON_UDP] = "udp",
		[REASON_OTHER] = "other",	  [REASON_MULTICAST] = "multicast",
		[REASON_BROADCAST] = "broadcast", [REASON_NOT_FORWARDED] = "not-forwarded",
		[REASON_CONTAINER] = "container",
	};
	const struct destination *destination = &trace->packet.destination;
	const bool is_other = destination->protocol != IPPROTO_TCP && destination->protocol != IPPROTO_UDP;
	char entry[INET6_ADDRSTRLEN + 8] = "";
	json_t *json = json_object();

	if (trace->bypass.family != 0) {
		inet_ntop(trace->bypass.family, &trace->bypass.ip6, entry, sizeof(entry));
		snprintf(entry + strlen(entry), 8, "/%u", trace->bypass.prefix);
	}
	json_object_set_new(json, "protocol",
			    json_string(is_other ? "other" : explain_protocol(destination->protocol)));
	json_object_set_new(json, "port", json_of_port(&destination->to));
	json_object_set_new(json, "outcome", json_string(outcomes[trace->outcome]));
	json_object_set_new(json, "reason",
			    json_string(trace->dns.kind != RELAY_DNS_OFF ? "relay-dns" : reasons[trace->reason]));
	json_object_set_new(json, "fake_ip", json_boolean(trace->is_fake));
	json_object_set_new(json, "bypass", *entry != '\0' ? json_string(entry) : json_null());
	json_object_set_new(json, "proxy", *trace->proxy != '\0' ? text(trace->proxy) : json_null());
	json_object_set_new(json, "server", json_of_address(&trace->server));
	json_object_set_new(json, "server_port", json_of_port(&trace->server));
	json_object_set_new(json, "listening",
			    trace->outcome == TRACE_PROXY ? json_boolean(!trace->is_unheard) : json_null());
	return json;
}

static void add_explanation(const struct question *question, const struct explanation *answer, json_t *json)
{
	const struct config *config = question->explainer->instance->config;
	const bool is_broken = question->explainer->is_broken;
	const bool has_rule = answer->rule != NO_RULE;
	const bool steers = answer->view == KERNEL_STEERS;
	const char *dropin = has_rule ? config->rules[answer->rule].dropin : NULL;
	json_t *traffic = json_array();

	json_object_set_new(json, "path", text(answer->path));
	json_object_set_new(json, "rule", has_rule ? json_integer(answer->rule + 1) : json_null());
	json_object_set_new(json, "line",
			    has_rule ? json_integer(config->rules[answer->rule].position.line) : json_null());
	json_object_set_new(json, "dropin", text(dropin));
	json_object_set_new(json, "target", is_broken ? json_null() : text(answer->target));
	json_object_set_new(json, "inherited_from",
			    explanation_is_inherited(answer) ? output_json(answer->path, answer->decides)
							     : json_null());
	json_object_set_new(json, "kernel", steers ? text(answer->kernel) : json_null());
	json_object_set_new(json, "agrees", steers && !is_broken ? json_boolean(!answer->differs) : json_null());
	json_object_set_new(json, "rules", json_of_rules(config, answer));
	for (size_t i = 0; i < answer->trace_count; i++)
		json_array_append_new(traffic, explain_json_of_trace(&answer->traces[i]));
	json_object_set_new(json, "traffic", question->destination != NULL ? json_incref(traffic) : json_null());
	json_decref(traffic);
}

/* Those of the cgroups that were explained; null if containers are not covered. */
static json_t *json_of_containers(const struct question *question, const struct report *report)
{
	const struct container_list *list = question->containers;
	json_t *containers = list != NULL ? json_array() : json_null();

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		bool is_explained = false;

		for (size_t j = 0; j < report->count; j++)
			is_explained = is_explained || container_is_below(&list->items[i], report->items[j].path);
		if (is_explained)
			json_array_append_new(containers, container_json(&list->items[i]));
	}
	return containers;
}

static json_t *json_of_sockets(const struct strays *strays)
{
	json_t *sockets = json_array();

	for (size_t i = 0; i < strays->count; i++) {
		const struct stray *stray = &strays->items[i];
		json_t *json = json_object();
		const bool is_connected = stray->socket.remote.port != 0;

		json_object_set_new(json, "protocol", json_string(explain_protocol(stray->socket.protocol)));
		json_object_set_new(json, "listening", json_boolean(stray->socket.is_listening));
		json_object_set_new(json, "local", json_of_address(&stray->socket.local));
		json_object_set_new(json, "local_port", json_of_port(&stray->socket.local));
		json_object_set_new(json, "remote",
				    is_connected ? json_of_address(&stray->socket.remote) : json_null());
		json_object_set_new(json, "remote_port", json_of_port(&stray->socket.remote));
		json_object_set_new(json, "cgroup", text(stray->path));
		json_object_set_new(json, "target", *stray->target != '\0' ? text(stray->target) : json_null());
		json_array_append_new(sockets, json);
	}
	return sockets;
}

static json_t *json_of_processes(const struct report *report)
{
	json_t *processes = json_array();

	for (size_t i = 0; i < report->members.count; i++) {
		const struct member *member = &report->members.items[i];
		json_t *json = json_object();

		json_object_set_new(json, "pid", json_integer(member->pid));
		json_object_set_new(json, "name", text(member->name));
		json_object_set_new(json, "user", text(member->user));
		json_object_set_new(json, "command", *member->command != '\0' ? text(member->command) : json_null());
		json_object_set_new(json, "cgroup", text(member->explained));
		json_object_set_new(json, "own_network", json_boolean(member->has_other_network));
		json_array_append_new(processes, json);
	}
	return processes;
}

json_t *explain_json_of_destination(const struct destination *destination)
{
	static const char *const types[] = {
		[ADDRESS_UNREACHABLE] = "unreachable", [ADDRESS_REMOTE] = "remote",	  [ADDRESS_LOCAL] = "local",
		[ADDRESS_BROADCAST] = "broadcast",     [ADDRESS_MULTICAST] = "multicast",
	};
	json_t *json = json_object();

	json_object_set_new(json, "address", json_of_address(&destination->to));
	json_object_set_new(json, "port", json_of_port(&destination->to));
	json_object_set_new(json, "type", json_string(types[destination->type]));
	return json;
}

static void add_subject(const struct question *question, const struct report *report, json_t *json)
{
	const struct subject *subject = &report->subject;
	json_t *cgroups = NULL;

	if (!subject->is_named) {
		add_explanation(question, &report->items[0], json);
		return;
	}
	cgroups = json_array();
	json_object_set_new(json, "kind", json_string(application_key(subject->kind)));
	json_object_set_new(json, "id", text(subject->id));
	json_object_set_new(json, "name", text(subject->name));
	json_object_set_new(json, "users", text(subject->users));
	json_object_set_new(json, "running", json_boolean(subject->runs));
	for (size_t i = 0; i < report->count; i++) {
		json_t *cgroup = json_object();

		add_explanation(question, &report->items[i], cgroup);
		json_array_append_new(cgroups, cgroup);
	}
	json_object_set_new(json, "cgroups", cgroups);
}

int explain_print_json(const struct answer *answer, enum json_format format)
{
	const struct question *question = answer->question;
	const struct report *report = answer->report;
	json_auto_t *json = json_object();

	json_object_set_new(json, "file", text(question->explainer->instance->config->file));
	add_subject(question, report, json);
	json_object_set_new(json, "to",
			    question->destination != NULL ? explain_json_of_destination(question->destination)
							  : json_null());
	json_object_set_new(json, "processes", json_of_processes(report));
	json_object_set_new(json, "sockets", json_of_sockets(&report->strays));
	json_object_set_new(json, "containers", json_of_containers(question, report));
	if (json_object_set_new(json, "advice", text(answer->advice)) < 0)
		return -ENOMEM;
	return output_write_json(json, format, stdout);
}
