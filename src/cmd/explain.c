/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/explain.h"
#include "cgroup/lookup.h"
#include "cgroup/mount.h"
#include "cmd/cmd.h"
#include "cmd/load.h"
#include "cmd/output.h"
#include "cmd/pager.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define WINS "\x1b[1m"
#define DIFFERS "\x1b[1;31m"
#define PLAIN "\x1b[0m"

/* The cgroup in question, and the answer. */
struct report {
	const struct config *config;
	const char *path;
	const struct explanation *answer;
};

static bool is_inherited(const struct report *report)
{
	return report->answer->rule != NO_RULE && report->answer->decides < strlen(report->path);
}

/* PATH:LINE of a rule, as compilers have it. */
static void print_place(const struct config *config, const struct config_rule *rule)
{
	const char *file = config->file != NULL ? config->file : "";
	const char *name = strrchr(file, '/');

	if (rule->dropin == NULL)
		output_print_escaped(file, strlen(file));
	else
		output_print_escaped(file, name != NULL ? (size_t)(name + 1 - file) : 0);
	printf("%s:%d", rule->dropin != NULL ? rule->dropin : "", rule->position.line);
}

static void print_target(const struct report *report)
{
	const struct explanation *answer = report->answer;

	printf("target  %s, ", answer->target);
	if (answer->rule == NO_RULE) {
		puts(cgroup_path_level(report->path) > 0 ? "since no rule matches"
							 : "since no rule applies to the root");
		return;
	}
	printf("by rule %" PRId32 " (", answer->rule + 1);
	print_place(report->config, &report->config->rules[answer->rule]);
	puts(")");
	if (is_inherited(report)) {
		fputs("        inherited from ", stdout);
		output_print_escaped(report->path, answer->decides);
		putchar('\n');
	}
}

static void print_kernel(const struct report *report, bool colours)
{
	const struct explanation *answer = report->answer;

	fputs("kernel  ", stdout);
	switch (answer->view) {
	case KERNEL_UNKNOWN:
		printf("unknown: %s\n", answer->reason.text);
		break;
	case KERNEL_IDLE:
		puts("nothing, since cgtproxy is not running");
		break;
	case KERNEL_NO_CGROUP:
		puts("nothing, since the cgroup does not exist");
		break;
	case KERNEL_STEERS:
		fputs(answer->differs && colours ? DIFFERS : "", stdout);
		output_print_escaped(answer->kernel, strlen(answer->kernel));
		puts(answer->differs ? ", which differs from this config; has it been loaded?" : ", too");
		fputs(answer->differs && colours ? PLAIN : "", stdout);
		break;
	}
}

static void print_rules(const struct report *report, bool colours, bool has_legend)
{
	const struct config *config = report->config;
	char place[RULE_PLACE_SIZE];
	int width = (int)strlen("line 1000");

	if (config->rule_count == 0)
		return;
	for (size_t i = 0; i < config->rule_count; i++) {
		int length = (int)strlen(config_rule_place(&config->rules[i], place));

		width = length > width ? length : width;
	}
	putchar('\n');
	if (has_legend)
		puts(is_inherited(report) ? "The rules, matched against that ancestor:" : "The rules:");
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct config_rule *rule = &config->rules[i];
		bool wins = report->answer->rule == (int32_t)i;

		printf("%s%s %3zu  %-*s %-8s %-10s %s%s\n", wins && colours ? WINS : "", wins ? "->" : "  ", i + 1,
		       width, config_rule_place(rule, place), report->answer->matched[i] ? "matches" : "no",
		       config_target_name(config, rule->target), rule->selector, wins && colours ? PLAIN : "");
	}
}

static void print_text(const struct report *report, bool has_legend)
{
	bool colours = output_has_colours();

	fputs("cgroup  ", stdout);
	output_print_escaped(report->path, strlen(report->path));
	putchar('\n');
	print_target(report);
	print_kernel(report, colours);
	print_rules(report, colours, has_legend);
}

static json_t *json_of_rules(const struct report *report)
{
	const struct config *config = report->config;
	json_t *rules = json_array();

	for (size_t i = 0; i < config->rule_count; i++) {
		const struct config_rule *rule = &config->rules[i];

		json_array_append_new(rules,
				      json_pack("{s:I, s:s?, s:i, s:s, s:s, s:b}", "rule", (json_int_t)i + 1, "dropin",
						rule->dropin, "line", rule->position.line, "selector", rule->selector,
						"target", config_target_name(config, rule->target), "matches",
						(int)report->answer->matched[i]));
	}
	return rules;
}

static int print_json(const struct report *report, enum json_format format)
{
	const struct explanation *answer = report->answer;
	bool has_rule = answer->rule != NO_RULE;
	bool steers = answer->view == KERNEL_STEERS;
	const char *file = report->config->file;
	const char *dropin = has_rule ? report->config->rules[answer->rule].dropin : NULL;
	json_auto_t *json = json_object();

	json_object_set_new(json, "path", output_json(report->path, strlen(report->path)));
	json_object_set_new(json, "file", file != NULL ? output_json(file, strlen(file)) : json_null());
	json_object_set_new(json, "rule", has_rule ? json_integer(answer->rule + 1) : json_null());
	json_object_set_new(json, "line",
			    has_rule ? json_integer(report->config->rules[answer->rule].position.line) : json_null());
	json_object_set_new(json, "dropin", dropin != NULL ? json_string(dropin) : json_null());
	json_object_set_new(json, "target", json_string(answer->target));
	json_object_set_new(json, "inherited_from",
			    is_inherited(report) ? output_json(report->path, answer->decides) : json_null());
	json_object_set_new(json, "kernel", steers ? output_json(answer->kernel, strlen(answer->kernel)) : json_null());
	json_object_set_new(json, "agrees", steers ? json_boolean(!answer->differs) : json_null());
	if (json_object_set_new(json, "rules", json_of_rules(report)) < 0)
		return -ENOMEM;
	return output_write_json(json, format, stdout);
}

static bool parse_pid(const char *text, uint32_t *pid)
{
	unsigned long long number = 0;

	if (*text == '\0' || strlen(text) > 10 || text[strspn(text, "0123456789")] != '\0')
		return false;
	number = strtoull(text, NULL, 10);
	if (number == 0 || number > INT32_MAX)
		return false;
	*pid = (uint32_t)number;
	return true;
}

/* Returns the exit code. */
static int find_path(const struct arguments *arguments, const char *mount, char *path)
{
	struct error error;
	uint32_t pid = 0;

	if (arguments->pid == NULL) {
		if (cgroup_path_parse(arguments->words[0], mount, path, &error) == 0)
			return EXIT_OK;
		log_error("%s", error.text);
		return EXIT_USAGE;
	}
	if (!parse_pid(arguments->pid, &pid)) {
		log_error("--pid: expected a process ID; see cgtproxy explain --help");
		return EXIT_USAGE;
	}
	if (cgroup_path_of_process(pid, mount, path, &error) == 0)
		return EXIT_OK;
	log_error("%s", error.text);
	return EXIT_ERROR;
}

static int explain_and_print(const struct arguments *arguments, struct instance *instance, const char *mount,
			     const char *path)
{
	CLEANUP(explanation_clear) struct explanation answer = {0};
	const struct report report = {instance->config, path, &answer};
	int result = explain_cgroup(instance, mount, path, &answer);

	if (result == 0)
		pager_open(arguments);
	if (result == 0 && arguments->json != JSON_FORMAT_OFF)
		result = print_json(&report, arguments->json);
	else if (result == 0)
		print_text(&report, !arguments->no_legend);
	if (result < 0) {
		log_error("no memory to explain it");
		return EXIT_ERROR;
	}
	return answer.differs ? EXIT_DIFFERS : EXIT_OK;
}

int cmd_explain(const struct arguments *arguments)
{
	CLEANUP(instance_freep) struct instance *instance = NULL;
	CLEANUP(freep) char *mount = NULL;
	CLEANUP(freep) char *path = NULL;
	struct config *config = NULL;
	struct error error;
	int code = EXIT_OK;

	if (arguments->count + (arguments->pid != NULL) != 1) {
		log_error("explain takes a cgroup path or --pid. Usage: cgtproxy [-c FILE] explain CGROUP|--pid PID "
			  "[--json]");
		return EXIT_USAGE;
	}
	config = load_config(arguments);
	if (config == NULL)
		return EXIT_ERROR;
	instance = instance_new(config);
	path = malloc(CGROUP_PATH_SIZE);
	if (instance == NULL || path == NULL) {
		log_error("no memory for the rules of the config");
		return EXIT_ERROR;
	}
	/* without a mount, the config can still be explained */
	if (cgroup_mount_find(instance->config->cgroup_root, &mount, &error) < 0)
		log_warning("%s", error.text);
	code = find_path(arguments, mount, path);
	return code == EXIT_OK ? explain_and_print(arguments, instance, mount, path) : code;
}
