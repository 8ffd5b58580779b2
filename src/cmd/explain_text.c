/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/explain.h"

#include "cgroup/lookup.h"
#include "cmd/output.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#define WINS "\x1b[1m"
#define DIFFERS "\x1b[1;31m"
#define PLAIN "\x1b[0m"

enum { PROCESSES_SHOWN = 10 }; /* of a cgroup */

static void print_escaped(const char *text)
{
	output_print_escaped(text, strlen(text));
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

static void print_target(const struct config *config, const struct explanation *answer)
{
	printf("target  %s, ", answer->target);
	if (answer->rule == NO_RULE) {
		puts(cgroup_path_level(answer->path) > 0 ? "since no rule matches"
							 : "since no rule applies to the root");
		return;
	}
	printf("by rule %" PRId32 " (", answer->rule + 1);
	print_place(config, &config->rules[answer->rule]);
	puts(")");
	if (explanation_is_inherited(answer)) {
		fputs("        inherited from ", stdout);
		output_print_escaped(answer->path, answer->decides);
		putchar('\n');
	}
}

static void print_kernel(const struct explainer *explainer, const struct explanation *answer, bool colours)
{
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
		print_escaped(answer->kernel);
		if (explainer->is_broken)
			putchar('\n');
		else
			puts(answer->differs ? ", which differs from this config; has it been loaded?" : ", too");
		fputs(answer->differs && colours ? PLAIN : "", stdout);
		break;
	}
}

static void print_rules(const struct config *config, const struct explanation *answer, bool colours, bool has_legend)
{
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
		puts(explanation_is_inherited(answer) ? "The rules, matched against that ancestor:" : "The rules:");
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct config_rule *rule = &config->rules[i];
		bool wins = answer->rule == (int32_t)i;

		printf("%s%s %3zu  %-*s %-8s %-10s %s%s\n", wins && colours ? WINS : "", wins ? "->" : "  ", i + 1,
		       width, config_rule_place(rule, place), answer->matched[i] ? "matches" : "no",
		       config_target_name(config, rule->target), rule->selector, wins && colours ? PLAIN : "");
	}
}

static void print_process(const struct member *member, const char *label)
{
	printf("%-8s%" PRIu32 " (", label, member->pid);
	print_escaped(member->name);
	fputs("), user ", stdout);
	print_escaped(member->user);
	if (*member->command != '\0') {
		fputs(": ", stdout);
		print_escaped(member->command);
	}
	putchar('\n');
	if (member->has_other_network)
		puts("        in another network namespace");
}

static void print_processes(const struct report *report, const struct explanation *answer, const char *label)
{
	size_t count = 0;

	for (size_t i = 0; i < report->members.count; i++) {
		if (report->members.items[i].explained == answer->path && count++ < PROCESSES_SHOWN)
			print_process(&report->members.items[i], label);
	}
	if (count > PROCESSES_SHOWN)
		printf("        and %zu more\n", count - PROCESSES_SHOWN);
}

static void print_outcome(const struct trace *trace)
{
	char server[ENDPOINT_SIZE];

	switch (trace->outcome) {
	case TRACE_DIRECT:
		fputs("direct", stdout);
		break;
	case TRACE_DROP:
		fputs("dropped", stdout);
		break;
	case TRACE_REFUSE:
		fputs("refused", stdout);
		break;
	case TRACE_PROXY:
		printf("to %s, on port %u", trace->proxy, trace->server.port);
		fputs(trace->is_unheard ? ", where no socket accepts TPROXY" : "", stdout);
		break;
	case TRACE_HIJACK:
		printf("to %s, by dns-hijack of %s", endpoint_write(&trace->server, server), trace->proxy);
		break;
	}
}

static void print_key(const struct trace *trace, const char *since, const char *key)
{
	printf(", since %s\"%s\" of %s is \"%s\"", since, key, trace->proxy,
	       trace->outcome == TRACE_REFUSE ? "refuse" : "direct");
}

static void print_reason(const struct trace *trace)
{
	char entry[INET6_ADDRSTRLEN] = "";

	switch (trace->reason) {
	case REASON_TARGET:
	case REASON_HIJACK:
		break;
	case REASON_BYPASS:
		inet_ntop(trace->bypass.family, &trace->bypass.ip6, entry, sizeof(entry));
		if (trace->bypass.family != 0)
			printf(", since bypass has %s/%u", entry, trace->bypass.prefix);
		else
			fputs(", since the bypass set in force has it", stdout);
		break;
	case REASON_LOCAL:
		fputs(", since the address is this host's (bypass-local)", stdout);
		break;
	case REASON_IPV6:
		print_key(trace, "", "ipv6");
		break;
	case REASON_UDP:
		print_key(trace, "", "udp");
		break;
	case REASON_OTHER:
		print_key(trace, "", "other");
		break;
	case REASON_MULTICAST:
		print_key(trace, "it is multicast, and ", "other");
		break;
	case REASON_BROADCAST:
		print_key(trace, "it is a broadcast, and ", "other");
		break;
	}
}

static void print_traffic(const struct question *question, const struct explanation *answer)
{
	char to[ENDPOINT_SIZE];

	if (question->destination == NULL)
		return;
	printf("to      %s%s\n", endpoint_write(&question->destination->to, to),
	       question->destination->type == ADDRESS_UNREACHABLE ? ", where this host has no route" : "");
	if (answer->trace_count == 0)
		puts("        unknown, since it depends on the config file, which has errors");
	for (size_t i = 0; i < answer->trace_count; i++) {
		const struct trace *trace = &answer->traces[i];
		const uint8_t protocol = trace->packet.destination.protocol;
		const bool is_dns = question->destination->to.port == 0 && trace->packet.destination.to.port != 0;

		printf("  %-6s ", protocol != IPPROTO_TCP && protocol != IPPROTO_UDP ? "other"
				  : is_dns ? (protocol == IPPROTO_TCP ? "tcp:53" : "udp:53")
					   : explain_protocol(protocol));
		print_outcome(trace);
		print_reason(trace);
		putchar('\n');
	}
}

static void print_socket(const struct stray *stray)
{
	char local[ENDPOINT_SIZE];
	char remote[ENDPOINT_SIZE];
	const struct open_socket *socket = &stray->socket;

	printf("  %-4s %s", explain_protocol(socket->protocol), endpoint_write(&socket->local, local));
	if (socket->is_listening)
		fputs(", listening", stdout);
	else if (socket->remote.port != 0)
		printf(" -> %s", endpoint_write(&socket->remote, remote));
	fputs(": ", stdout);
	print_escaped(*stray->target != '\0' ? stray->target : "unknown target");
	fputs(", ", stdout);
	print_escaped(stray->path != NULL ? stray->path : "a removed cgroup");
	putchar('\n');
}

static void print_sockets(const struct strays *strays, bool colours, bool has_legend)
{
	if (strays->count > 0)
		putchar('\n');
	if (strays->count > 0 && has_legend)
		printf("%sSockets that belong to another cgroup%s, which decides where their traffic goes:\n",
		       colours ? WINS : "", colours ? PLAIN : "");
	for (size_t i = 0; i < strays->count; i++)
		print_socket(&strays->items[i]);
	if (strays->unknown > 0)
		printf("\nThe sockets of %zu process%s are not known: reading them needs root.\n", strays->unknown,
		       strays->unknown == 1 ? "" : "es");
}

static void print_name(const struct subject *subject)
{
	printf("%-7s ", application_key(subject->kind));
	print_escaped(subject->id);
	if (strcmp(subject->id, subject->name) != 0) {
		fputs(" (", stdout);
		print_escaped(subject->name);
		putchar(')');
	}
	if (subject->users != NULL && subject->kind != APPLICATION_USER) {
		fputs(", of ", stdout);
		print_escaped(subject->users);
	}
	puts(subject->runs ? "" : ", not running; systemd would start it in this cgroup:");
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

/* A group: all cgroups with the same explanation. */
static void print_group(const struct question *question, const struct report *report, size_t first)
{
	const struct explanation *answer = &report->items[first];

	for (size_t i = first; i < report->count; i++) {
		if (i != first && !is_alike(answer, &report->items[i]))
			continue;
		fputs("cgroup  ", stdout);
		print_escaped(report->items[i].path);
		putchar('\n');
		if (report->subject.is_named)
			print_processes(report, &report->items[i], "");
	}
	if (!question->explainer->is_broken)
		print_target(question->explainer->instance->config, answer);
	print_kernel(question->explainer, answer, output_has_colours());
	print_traffic(question, answer);
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
		print_processes(report, &report->items[0], "process");
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
