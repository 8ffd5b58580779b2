/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/explain.h"

#include "cgroup/lookup.h"
#include "cmd/columns.h"
#include "cmd/output.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WINS "\x1b[1m"
#define DIFFERS "\x1b[1;31m"
#define PLAIN "\x1b[0m"

enum {
	MATCHES_WIDTH = 8,
	PROCESSES_SHOWN = 10, /* of a cgroup */
};

static void print_escaped(const char *text)
{
	output_print_escaped(text, strlen(text));
}

/* Returns a text from users as it is shown, for free(), or NULL if out of memory. */
static char *shown(const char *text, size_t length)
{
	char *out = malloc(ESCAPED_SIZE(length));

	if (out != NULL)
		escape_but_backslash(out, ESCAPED_SIZE(length), text, length);
	return out;
}

/* PATH:LINE of a rule, as compilers have it; for free(), or NULL if out of memory. */
static char *write_place(const struct config *config, const struct config_rule *rule)
{
	const char *file = config->file != NULL ? config->file : "";
	const char *name = strrchr(file, '/');
	const size_t directory_length = name != NULL ? (size_t)(name + 1 - file) : 0;
	CLEANUP(freep) char *path = shown(file, rule->dropin != NULL ? directory_length : strlen(file));
	char *place = NULL;

	if (path == NULL ||
	    asprintf(&place, "%s%s:%d", path, rule->dropin != NULL ? rule->dropin : "", rule->position.line) < 0)
		return NULL;
	return place;
}

static void print_target(const struct config *config, const struct explanation *answer)
{
	CLEANUP(freep) char *place = NULL;

	explain_print_label(_("target"));
	if (answer->rule == NO_RULE) {
		printf(cgroup_path_level(answer->path) > 0 ? _("%s, since no rule matches\n")
							   : _("%s, since no rule applies to the root\n"),
		       answer->target);
		return;
	}
	place = write_place(config, &config->rules[answer->rule]);
	printf(_("%s, by rule %" PRId32 " (%s)\n"), answer->target, answer->rule + 1, place != NULL ? place : "");
	if (explanation_is_inherited(answer)) {
		CLEANUP(freep) char *ancestor = shown(answer->path, answer->decides);

		explain_print_label("");
		printf(_("inherited from %s\n"), ancestor != NULL ? ancestor : "");
	}
}

static void print_verdict(const struct explainer *explainer, const struct explanation *answer)
{
	CLEANUP(freep) char *target = shown(answer->kernel, strlen(answer->kernel));
	const char *known = target != NULL ? target : "";

	if (explainer->is_broken)
		puts(known);
	else if (answer->differs)
		printf(_("%s, which differs from this config; has it been loaded?\n"), known);
	else
		printf(_("%s, too\n"), known);
}

static void print_kernel(const struct explainer *explainer, const struct explanation *answer, bool colours)
{
	explain_print_label(_("kernel"));
	switch (answer->view) {
	case KERNEL_UNKNOWN:
		printf(_("unknown: %s\n"), answer->reason.text);
		break;
	case KERNEL_IDLE:
		puts(_("nothing, since cgtproxy is not running"));
		break;
	case KERNEL_NO_CGROUP:
		puts(_("nothing, since the cgroup does not exist"));
		break;
	case KERNEL_STEERS:
		fputs(answer->differs && colours ? DIFFERS : "", stdout);
		print_verdict(explainer, answer);
		fputs(answer->differs && colours ? PLAIN : "", stdout);
		break;
	}
}

static size_t width_of_places(const struct config *config)
{
	const struct config_rule usual = {.position.line = 1000};
	char place[RULE_PLACE_SIZE];
	size_t width = text_width(config_rule_place(&usual, place));

	for (size_t i = 0; i < config->rule_count; i++) {
		const size_t used = text_width(config_rule_place(&config->rules[i], place));

		width = used > width ? used : width;
	}
	return width;
}

static void print_rule(const struct config *config, const struct explanation *answer, size_t i, size_t place_width)
{
	const struct config_rule *rule = &config->rules[i];
	const char *matches = answer->matched[i] ? _("matches") : _("no");
	char place[RULE_PLACE_SIZE];

	printf("%s %3zu  %s", answer->rule == (int32_t)i ? "->" : "  ", i + 1, config_rule_place(rule, place));
	text_pad(place, place_width, stdout);
	printf(" %s", matches);
	text_pad(matches, MATCHES_WIDTH, stdout);
	printf(" %-10s %s", config_target_name(config, rule->target), rule->selector);
}

static void print_rules(const struct config *config, const struct explanation *answer, bool colours, bool has_legend)
{
	const size_t place_width = width_of_places(config);

	if (config->rule_count == 0)
		return;
	putchar('\n');
	if (has_legend)
		puts(explanation_is_inherited(answer) ? _("The rules, matched against that ancestor:")
						      : _("The rules:"));
	for (size_t i = 0; i < config->rule_count; i++) {
		const bool is_bold = answer->rule == (int32_t)i && colours;

		fputs(is_bold ? WINS : "", stdout);
		print_rule(config, answer, i, place_width);
		puts(is_bold ? PLAIN : "");
	}
}

static void print_process(const struct member *member, const char *label)
{
	CLEANUP(freep) char *name = shown(member->name, strlen(member->name));
	CLEANUP(freep) char *user = shown(member->user, strlen(member->user));

	explain_print_label(label);
	printf(_("%" PRIu32 " (%s), user %s"), member->pid, name != NULL ? name : "", user != NULL ? user : "");
	if (*member->command != '\0') {
		fputs(_(": "), stdout);
		print_escaped(member->command);
	}
	putchar('\n');
	if (member->has_other_network) {
		explain_print_label("");
		puts(_("in another network namespace"));
	}
}

static void print_processes(const struct report *report, const struct explanation *answer, const char *label)
{
	size_t count = 0;

	for (size_t i = 0; i < report->members.count; i++) {
		if (report->members.items[i].explained == answer->path && count++ < PROCESSES_SHOWN)
			print_process(&report->members.items[i], label);
	}
	if (count > PROCESSES_SHOWN) {
		explain_print_label("");
		printf(_("and %zu more"), count - PROCESSES_SHOWN);
		putchar('\n');
	}
}

static void print_socket(const struct stray *stray)
{
	char local[ENDPOINT_SIZE];
	char remote[ENDPOINT_SIZE];
	const struct open_socket *socket = &stray->socket;
	const char *target = *stray->target != '\0' ? stray->target : _("unknown target");
	const char *path = stray->path != NULL ? stray->path : _("a removed cgroup");
	CLEANUP(freep) char *shown_target = shown(target, strlen(target));
	CLEANUP(freep) char *shown_path = shown(path, strlen(path));

	printf("  %-4s %s", explain_protocol(socket->protocol), endpoint_write(&socket->local, local));
	if (socket->is_listening)
		fputs(_(", listening"), stdout);
	else if (socket->remote.port != 0)
		printf(" -> %s", endpoint_write(&socket->remote, remote));
	fputs(_(": "), stdout);
	printf(_("%s, %s"), shown_target != NULL ? shown_target : "", shown_path != NULL ? shown_path : "");
	putchar('\n');
}

static void print_sockets(const struct strays *strays, bool colours, bool has_legend)
{
	if (strays->count > 0)
		putchar('\n');
	if (strays->count > 0 && has_legend)
		printf(_("%sSockets that belong to another cgroup%s, which decides where their traffic goes:\n"),
		       colours ? WINS : "", colours ? PLAIN : "");
	for (size_t i = 0; i < strays->count; i++)
		print_socket(&strays->items[i]);
	if (strays->unknown > 0)
		printf(ngettext("\nThe sockets of %zu process are not known: reading them needs root.\n",
				"\nThe sockets of %zu processes are not known: reading them needs root.\n",
				strays->unknown),
		       strays->unknown);
}

static void print_name(const struct subject *subject)
{
	CLEANUP(freep) char *users = subject->users != NULL ? shown(subject->users, strlen(subject->users)) : NULL;

	printf("%-7s ", application_key(subject->kind));
	print_escaped(subject->id);
	if (strcmp(subject->id, subject->name) != 0) {
		fputs(" (", stdout);
		print_escaped(subject->name);
		putchar(')');
	}
	if (users != NULL && subject->kind != APPLICATION_USER)
		printf(_(", of %s"), users);
	puts(subject->runs ? "" : _(", not running; systemd would start it in this cgroup:"));
}

static bool is_alike(const struct explanation *one, const struct explanation *other)
{
	return one->rule == other->rule && one->view == other->view && one->differs == other->differs &&
	       strcmp(explanation_target(one), explanation_target(other)) == 0 && !explanation_is_inherited(one) &&
	       !explanation_is_inherited(other);
}

/* Whether an explanation was printed with an earlier one that is alike. */
static bool is_printed(const struct report *report, size_t item)
{
	for (size_t i = 0; i < item; i++) {
		if (is_alike(&report->items[i], &report->items[item]))
			return true;
	}
	return false;
}

void explain_print_container(const struct listed_container *container)
{
	CLEANUP(freep) char *name = shown(container->name, strlen(container->name));
	CLEANUP(freep) char *target = shown(container->target, strlen(container->target));

	explain_print_label(_("network"));
	printf("%s%s", name != NULL ? name : "", *container->name != '\0' ? _(": ") : "");
	if (*container->target == '\0')
		fputs(_("left to the rules of the gateway"), stdout);
	else
		fputs(target != NULL ? target : "", stdout);
	fputs(container->is_partly ? _(", but not all of its addresses") : "", stdout);
	putchar('\n');
	for (size_t i = 0; i < container->address_count; i++) {
		explain_print_label("");
		puts(container->addresses[i]);
	}
}

static void print_containers(const struct question *question, const char *path)
{
	const struct container_list *list = question->containers;

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		if (container_is_below(&list->items[i], path))
			explain_print_container(&list->items[i]);
	}
}

/* A group: all cgroups with the same explanation. */
static void print_group(const struct question *question, const struct report *report, size_t first)
{
	const struct explanation *answer = &report->items[first];

	for (size_t i = first; i < report->count; i++) {
		if (i != first && !is_alike(answer, &report->items[i]))
			continue;
		explain_print_label(_("cgroup"));
		print_escaped(report->items[i].path);
		putchar('\n');
		if (report->subject.is_named)
			print_processes(report, &report->items[i], "");
	}
	if (!question->explainer->is_broken)
		print_target(question->explainer->instance->config, answer);
	print_kernel(question->explainer, answer, output_has_colours());
	for (size_t i = first; i < report->count; i++) {
		if (i == first || is_alike(answer, &report->items[i]))
			print_containers(question, report->items[i].path);
	}
	explain_print_traffic(question, answer);
}

void explain_print_text(const struct answer *answer, bool has_legend)
{
	const struct question *question = answer->question;
	const struct report *report = answer->report;
	const bool colours = output_has_colours();
	size_t groups = 0;

	if (report->subject.is_named)
		print_name(&report->subject);
	else if (question->pid != 0)
		print_processes(report, &report->items[0], _("process"));
	for (size_t i = 0; i < report->count; i++) {
		if (is_printed(report, i))
			continue;
		if (groups++ > 0)
			putchar('\n');
		print_group(question, report, i);
	}
	if (groups == 1)
		print_rules(question->explainer->instance->config, &report->items[0], colours, has_legend);
	print_sockets(&report->strays, colours, has_legend);
	if (answer->advice != NULL)
		printf("\n%s\n", answer->advice);
}
