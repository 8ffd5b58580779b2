/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/explain.h"

#include "cmd/columns.h"
#include "cmd/containers.h"
#include "cmd/load.h"
#include "cmd/output.h"
#include "cmd/pager.h"
#include "inspect/gateway_problems.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	MAC_TEXT_SIZE = 3 * ETH_ALEN,
	MATCHES_WIDTH = 8,
};

/* What is printed. */
struct sender_answer {
	const struct config *config;
	const struct explainer *explainer;
	const struct sender *sender;
	const struct destination *destination;	  /* or NULL */
	const struct listed_container *container; /* that it is, or NULL */
	struct sender_explanation explanation;
};

static const char *write_mac(const struct sender *sender, char text[MAC_TEXT_SIZE])
{
	const uint8_t *mac = sender->mac;

	snprintf(text, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return text;
}

static void print_sender(const struct sender *sender)
{
	char address[ENDPOINT_SIZE];
	char mac[MAC_TEXT_SIZE];
	char interface[ESCAPED_SIZE(IFNAMSIZ)];
	const char *separator = "";

	explain_print_label(_("sender"));
	if (sender->source.family != 0) {
		fputs(endpoint_write(&sender->source, address), stdout);
		separator = _(", ");
	}
	if (sender->has_mac) {
		printf("%s%s", separator, write_mac(sender, mac));
		separator = _(", ");
	}
	if (sender->interface[0] != '\0')
		printf(_("%son the interface %s"), separator,
		       escape(interface, sizeof(interface), sender->interface, strlen(sender->interface)));
	putchar('\n');
}

static void print_target(const struct sender_answer *answer)
{
	const struct sender_explanation *explanation = &answer->explanation;

	explain_print_label(_("target"));
	if (explanation->is_container)
		printf(_("%s, as the cgroup of the container that it is\n"), explanation->target);
	else if (!gateway_is_used(answer->config))
		printf(_("%s, since the config has no gateway\n"), explanation->target);
	else if (explanation->rule != NO_RULE)
		printf(_("%s, by the gateway's rule %" PRId32 " (line %d)\n"), explanation->target,
		       explanation->rule + 1, answer->config->gateway.rules[explanation->rule].position.line);
	else if (answer->config->gateway.strict)
		printf(_("%s, since no rule matches and the gateway is strict\n"), explanation->target);
	else
		printf(_("%s, since no rule matches\n"), explanation->target);
}

static void print_kernel(const struct sender_answer *answer)
{
	explain_print_label(_("kernel"));
	if (answer->explanation.view == KERNEL_UNKNOWN)
		printf(_("unknown: %s\n"), answer->explainer->kernel.reason.text);
	else if (answer->explanation.view == KERNEL_IDLE)
		puts(_("nothing, since cgtproxy is not running"));
	else if (answer->explanation.differs)
		puts(_("other rules than this config; has it been loaded?"));
	else
		printf(_("%s, too\n"), answer->explanation.target);
}

static void print_container(const struct listed_container *container)
{
	explain_print_container(container);
	for (size_t i = 0; i < container->cgroup_count; i++) {
		explain_print_label(i == 0 ? _("cgroup") : "");
		output_print_escaped(container->cgroups[i], strlen(container->cgroups[i]));
		putchar('\n');
	}
}

static void print_rules(const struct sender_answer *answer)
{
	const struct gateway *gateway = &answer->config->gateway;

	for (size_t i = 0; i < gateway->rule_count; i++) {
		const struct gateway_rule *rule = &gateway->rules[i];
		const char *matches = gateway_rule_matches(rule, answer->sender) ? _("matches") : _("no");

		printf("%s %3zu  ", answer->explanation.rule == (int32_t)i ? "->" : "  ", i + 1);
		printf(_("line %-4d"), rule->position.line);
		printf(" %s", matches);
		text_pad(matches, MATCHES_WIDTH, stdout);
		printf(" %-10s %s\n", config_target_name(answer->config, rule->target), rule->text);
	}
}

static void print_text(const struct sender_answer *answer)
{
	print_sender(answer->sender);
	print_target(answer);
	print_kernel(answer);
	if (answer->container != NULL)
		print_container(answer->container);
	if (answer->destination != NULL)
		explain_print_traces(answer->destination, answer->explanation.traces, answer->explanation.trace_count);
	print_rules(answer);
}

static json_t *json_of_sender(const struct sender *sender)
{
	char address[ENDPOINT_SIZE];
	char mac[MAC_TEXT_SIZE];
	const char *interface = sender->interface[0] != '\0' ? sender->interface : NULL;
	json_t *json = json_object();

	json_object_set_new(json, "address",
			    sender->source.family != 0 ? json_string(endpoint_write(&sender->source, address))
						       : json_null());
	json_object_set_new(json, "mac", sender->has_mac ? json_string(write_mac(sender, mac)) : json_null());
	json_object_set_new(json, "interface",
			    interface != NULL ? output_json(interface, strlen(interface)) : json_null());
	return json;
}

static json_t *json_of_rules(const struct sender_answer *answer)
{
	const struct gateway *gateway = &answer->config->gateway;
	json_t *rules = json_array();

	for (size_t i = 0; i < gateway->rule_count; i++) {
		const struct gateway_rule *rule = &gateway->rules[i];

		json_array_append_new(rules, json_pack("{sI si so ss sb}", "rule", (json_int_t)i + 1, "line",
						       rule->position.line, "selector",
						       output_json(rule->text, strlen(rule->text)), "target",
						       config_target_name(answer->config, rule->target), "matches",
						       (int)gateway_rule_matches(rule, answer->sender)));
	}
	return rules;
}

static int print_json(const struct sender_answer *answer, enum json_format format)
{
	const struct sender_explanation *explanation = &answer->explanation;
	const bool has_rule = explanation->rule != NO_RULE;
	const char *file = answer->config->file;
	json_t *traffic = json_array();
	json_auto_t *json = json_object();

	json_object_set_new(json, "file", file != NULL ? output_json(file, strlen(file)) : json_null());
	json_object_set_new(json, "sender", json_of_sender(answer->sender));
	json_object_set_new(json, "container",
			    answer->container != NULL ? container_json(answer->container) : json_null());
	json_object_set_new(json, "rule", has_rule ? json_integer(explanation->rule + 1) : json_null());
	json_object_set_new(json, "line",
			    has_rule ? json_integer(answer->config->gateway.rules[explanation->rule].position.line)
				     : json_null());
	json_object_set_new(json, "target", json_string(explanation->target));
	json_object_set_new(json, "agrees",
			    explanation->view == KERNEL_STEERS ? json_boolean(!explanation->differs) : json_null());
	json_object_set_new(json, "rules", json_of_rules(answer));
	for (size_t i = 0; i < explanation->trace_count; i++)
		json_array_append_new(traffic, explain_json_of_trace(&explanation->traces[i]));
	json_object_set_new(json, "to",
			    answer->destination != NULL ? explain_json_of_destination(answer->destination)
							: json_null());
	if (json_object_set_new(json, "traffic", answer->destination != NULL ? json_incref(traffic) : json_null()) <
	    0) {
		json_decref(traffic);
		return -ENOMEM;
	}
	json_decref(traffic);
	return output_write_json(json, format, stdout);
}

/* The container that has the sender's address, or NULL. */
static const struct listed_container *find_container(const struct explainer *explainer, const struct sender *sender,
						     struct cgroup_index *index, struct container_list *list)
{
	char address[ENDPOINT_SIZE];
	struct error error;

	if (sender->source.family == 0 || !kernel_covers_containers(&explainer->kernel))
		return NULL;
	if (cgroup_index_read(index, explainer->instance->config->cgroup_root, &error) < 0 ||
	    container_list_read(&explainer->kernel.table.dump, index, list, &error) < 0) {
		log_warning("%s", error.text);
		return NULL;
	}
	return container_list_find_address(list, endpoint_write(&sender->source, address));
}

int explain_sender(const struct arguments *arguments, const struct sender *sender,
		   const struct destination *destination)
{
	CLEANUP(explainer_clear) struct explainer explainer = {0};
	CLEANUP(cgroup_index_clear) struct cgroup_index index = {0};
	CLEANUP(container_list_clear) struct container_list containers = {0};
	struct config *config = load_config(arguments);
	struct sender_answer answer = {.sender = sender, .destination = destination};

	if (config == NULL)
		return EXIT_ERROR;
	if (explainer_open(config, NULL, &explainer) < 0) {
		log_error("no memory for the rules of the config");
		return EXIT_ERROR;
	}
	answer.config = explainer.instance->config;
	answer.explainer = &explainer;
	sender_explain(&explainer, sender, destination, &answer.explanation);
	answer.container = find_container(&explainer, sender, &index, &containers);
	pager_open(arguments);
	if (arguments->json == JSON_FORMAT_OFF) {
		print_text(&answer);
	} else if (print_json(&answer, arguments->json) < 0) {
		log_error("no memory to explain it");
		return EXIT_ERROR;
	}
	return answer.explanation.differs ? EXIT_DIFFERS : EXIT_OK;
}
