/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/explain.h"

#include "cgroup/lookup.h"
#include "config/load.h"
#include "engine/compile.h"
#include "socket/listeners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct config *built_in(void)
{
	struct diagnostics diagnostics = {0};
	struct config *config = NULL;

	config_parse(config_default, strlen(config_default), &config, &diagnostics);
	diagnostics_clear(&diagnostics);
	return config;
}

int explainer_open(struct config *config, const char *mount, struct explainer *explainer)
{
	const struct contents nothing = {.element_count = 0};

	*explainer = (struct explainer){.mount = mount, .is_broken = config == NULL};
	if (config == NULL)
		config = built_in();
	if (config == NULL)
		return -ENOMEM;
	explainer->instance = instance_new(config);
	if (explainer->instance == NULL)
		return -ENOMEM;
	explainer->ruleset = compile_ruleset(explainer->instance->config, &explainer->instance->steering, &nothing);
	if (explainer->ruleset == NULL)
		return -ENOMEM;
	kernel_read(&explainer->kernel);
	if (explainer->kernel.view != KERNEL_STEERS)
		return 0;
	if (kernel_copy_containers(&explainer->kernel, explainer->ruleset) < 0)
		return -ENOMEM;
	return kernel_copy_bypass(&explainer->kernel, explainer->ruleset);
}

/* The root has no element and no level that the kernel could look up, so no rule applies to it. */
static bool is_root(const char *path)
{
	return cgroup_path_level(path) == 0;
}

static int ask_config(struct instance *instance, struct explanation *explanation)
{
	const struct config *config = instance->config;

	explanation->matched = calloc(config->rule_count + 1, sizeof(*explanation->matched));
	if (explanation->matched == NULL)
		return -ENOMEM;
	explanation->rule = NO_RULE;
	explanation->decides = strlen(explanation->path);
	if (!is_root(explanation->path))
		explanation->rule = policy_match_nearest(instance->policy, explanation->path, &explanation->decides);
	if (explanation->rule == RULE_UNKNOWN)
		return -ENOMEM;
	if (explanation->rule != NO_RULE &&
	    !policy_match_each(instance->policy, explanation->path, explanation->decides, explanation->matched))
		return -ENOMEM;
	explanation->target = config_target_name(
		config, explanation->rule == NO_RULE ? TARGET_DIRECT : config->rules[explanation->rule].target);
	return 0;
}

static enum kernel_view ask_kernel(const struct explainer *explainer, struct explanation *explanation)
{
	uint64_t ids[CGROUP_DEPTH_MAX + 1];
	int count = 0;

	if (explainer->kernel.view != KERNEL_STEERS) {
		explanation->reason = explainer->kernel.reason;
		return explainer->kernel.view;
	}
	if (explainer->mount == NULL) {
		error_set(&explanation->reason, -ENOENT, "there is no cgroup2 mount");
		return KERNEL_UNKNOWN;
	}
	count = cgroup_find_ids(explainer->mount, explanation->path, ids, &explanation->reason);
	if (count < 0)
		return KERNEL_UNKNOWN;
	if (count <= (int)cgroup_path_level(explanation->path))
		return KERNEL_NO_CGROUP;
	kernel_find_target(&explainer->kernel, ids, count, explanation->kernel);
	return KERNEL_STEERS;
}

int explain_cgroup(struct explainer *explainer, const char *path, struct explanation *explanation)
{
	int result = 0;

	*explanation = (struct explanation){.path = strdup(path)};
	if (explanation->path == NULL)
		return -ENOMEM;
	result = ask_config(explainer->instance, explanation);
	if (result < 0)
		return result;
	explanation->view = ask_kernel(explainer, explanation);
	explanation->differs = !explainer->is_broken && explanation->view == KERNEL_STEERS &&
			       strcmp(explanation->kernel, explanation->target) != 0;
	return 0;
}

const char *explanation_target(const struct explanation *explanation)
{
	return explanation->view == KERNEL_STEERS ? explanation->kernel : explanation->target;
}

bool explanation_is_inherited(const struct explanation *explanation)
{
	return explanation->rule != NO_RULE && explanation->decides < strlen(explanation->path);
}

bool explain_is_listened_to(const struct trace *trace)
{
	const struct destination *destination = &trace->packet.destination;
	struct listeners listeners = {0};
	bool found = listeners_find(trace->server.port, &listeners) < 0;

	for (size_t i = 0; i < listeners.count && !found; i++)
		found = listeners.items[i].protocol == destination->protocol && listeners.items[i].transparent &&
			listener_takes_family(&listeners.items[i], (uint8_t)destination->to.family);
	listeners_clear(&listeners);
	return found;
}

static void add_trace(const struct explainer *explainer, struct packet packet, struct explanation *explanation)
{
	struct trace *trace = &explanation->traces[explanation->trace_count];

	*trace = (struct trace){.packet = packet};
	if (!trace_packet(explainer->ruleset, explainer->instance->config, explanation_target(explanation), trace))
		return;
	/* this is a key of the config */
	if (explainer->is_broken && trace->reason == REASON_LOCAL)
		return;
	trace->is_unheard = trace->outcome == TRACE_PROXY && trace->server.port != 0 && !explain_is_listened_to(trace);
	explanation->trace_count++;
}

/* Without a port, DNS is shown apart where it goes elsewhere. */
static void add_traces(const struct explainer *explainer, const struct destination *destination, uint8_t protocol,
		       struct explanation *explanation)
{
	struct packet packet = {.destination = *destination};
	const size_t before = explanation->trace_count;

	packet.destination.protocol = protocol;
	add_trace(explainer, packet, explanation);
	if (destination->to.port != 0 || explanation->trace_count == before)
		return;
	packet.destination.to.port = DNS_PORT;
	add_trace(explainer, packet, explanation);
	if (explanation->traces[explanation->trace_count - 1].outcome != TRACE_HIJACK)
		explanation->trace_count--;
}

void explain_packets(const struct explainer *explainer, const struct destination *destination,
		     struct explanation *explanation)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};

	for (size_t i = 0; i < sizeof(protocols); i++) {
		if (destination->protocol == 0 || destination->protocol == protocols[i])
			add_traces(explainer, destination, protocols[i], explanation);
	}
	if (destination->protocol == 0 && destination->to.port == 0)
		add_trace(explainer,
			  (struct packet){
				  .destination = {destination->to,
						  destination->to.family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6,
						  destination->type}},
			  explanation);
}

void explanation_clear(struct explanation *explanation)
{
	free(explanation->path);
	free(explanation->matched);
	*explanation = (struct explanation){0};
}

void explainer_clear(struct explainer *explainer)
{
	kernel_clear(&explainer->kernel);
	ruleset_free(explainer->ruleset);
	instance_free(explainer->instance);
	*explainer = (struct explainer){0};
}
