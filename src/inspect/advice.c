/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/advice.h"

#include "config/load.h"
#include "inspect/cures.h"
#include "inspect/known_proxies.h"
#include "inspect/listening.h"
#include "inspect/naming.h"
#include "inspect/proxy_loop.h"
#include "util/cleanup.h"
#include "util/language.h"
#include "util/quote.h"
#include "util/suffix.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define RELOAD "sudo systemctl reload cgtproxy"
#define INIT_SCOPE "/init.scope" /* of systemd itself (systemd.special(7)) */

/* What an advice is about. Each kind returns 1 when it applies and is set, 0, or -ENOMEM. */
struct situation {
	const struct question *question;
	const struct config *config;
	const struct report *report;
	const struct explanation *first;
	char **advice;
};

static int advise(const struct situation *situation, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int advise(const struct situation *situation, const char *format, ...)
{
	va_list arguments;
	int length = 0;

	va_start(arguments, format);
	length = vasprintf(situation->advice, translate(format), arguments);
	va_end(arguments);
	if (length >= 0)
		return 1;
	*situation->advice = NULL;
	return -ENOMEM;
}

static int about_broken_config(const struct situation *situation)
{
	return situation->question->explainer->is_broken
		       ? advise(situation,
				"Correct the config file, see \"cgtproxy check config\": as long as it has errors, the "
				"daemon keeps what it loaded before.")
		       : 0;
}

static bool is_covered(const struct situation *situation)
{
	const struct container_list *list = situation->question->containers;

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		for (size_t j = 0; j < situation->report->count; j++) {
			if (container_is_below(&list->items[i], situation->report->items[j].path))
				return true;
		}
	}
	return false;
}

static int about_network(const struct situation *situation)
{
	const struct members *members = &situation->report->members;

	for (size_t i = 0; i < members->count; i++) {
		if (!members->items[i].has_other_network)
			return 0;
	}
	if (members->count == 0 || is_covered(situation))
		return 0;
	if (situation->question->containers != NULL)
		return advise(situation, "Its network namespace is not this one, and no veth is known that connects "
					 "it with this host: no rule applies there.");
	return advise(situation, "Its network namespace is not this one: no rule applies there, unless the config has "
				 "\"containers: true\" and a veth connects it with this host.");
}

static int about_daemon(const struct situation *situation)
{
	const struct kernel *kernel = &situation->question->explainer->kernel;

	if (kernel->view == KERNEL_IDLE)
		return advise(situation,
			      "Start cgtproxy, without which nothing is steered: sudo systemctl start cgtproxy");
	if (kernel->table.is_left)
		return advise(situation, "Start cgtproxy, which does not run: the rules of an earlier run are still in "
					 "force, whatever the config says: sudo systemctl start cgtproxy");
	return 0;
}

static int about_reload(const struct situation *situation)
{
	const struct kernel *kernel = &situation->question->explainer->kernel;
	const char *file = situation->config->file;

	if (report_differs(situation->report))
		return advise(situation, "Load the config, which the kernel's rules do not match: %s", RELOAD);
	if (kernel->view == KERNEL_STEERS && kernel->table.stamp.loaded != 0 && file != NULL &&
	    strcmp(kernel->table.stamp.file, file) == 0 &&
	    config_has_changed(file, kernel->table.stamp.loaded, kernel->table.stamp.version))
		return advise(situation, "Load the config, which has changed since it was loaded: %s", RELOAD);
	return 0;
}

/*
 * What "cgtproxy route" takes: "app:org.telegram.desktop". A cgroup that is no part of anything with a name is selected
 * by an expression. For free(); NULL without memory.
 */
static char *write_selector(const struct subject *subject, const char *path)
{
	const bool by_path = subject->id == NULL;
	const enum application_kind kind = subject->kind;
	CLEANUP(freep) char *value = by_path ? NULL : application_value(kind, subject->id);
	bool temporary = false;
	CLEANUP(freep) char *selector = by_path ? naming_word(path, &temporary) : NULL;

	if (by_path)
		return selector != NULL ? quote_for_shell(selector) : NULL;
	if (value == NULL || asprintf(&selector, "%s:%s", application_key(kind), value) < 0) {
		selector = NULL;
		return NULL;
	}
	return quote_for_shell(selector);
}

/* Options for a config that is not the usual one. For free(); NULL without memory. */
static char *write_config_option(const struct config *config)
{
	CLEANUP(freep) char *file = config->file != NULL ? quote_for_shell(config->file) : NULL;
	char *option = NULL;

	if (config->file == NULL || strcmp(config->file, CONFIG_DEFAULT) == 0)
		return strdup("");
	return file != NULL && asprintf(&option, "-c %s ", file) >= 0 ? option : NULL;
}

/*
 * Whether systemd created a socket to pass it on: in the cgroup of the socket unit, or, where the kernel has no BPF, in
 * its own (systemd's src/core/socket.c, socket_address_listen_in_cgroup()).
 */
static bool is_passed(const struct stray *stray)
{
	return stray->path != NULL && (strcmp(stray->path, INIT_SCOPE) == 0 || has_suffix(stray->path, ".socket"));
}

static int about_passed(const struct situation *situation, const struct stray *stray)
{
	CLEANUP(subject_clear) struct subject subject = {0};
	CLEANUP(freep) char *selector = NULL;
	CLEANUP(freep) char *option = write_config_option(situation->config);
	CLEANUP(freep) char *target = quote_for_shell(explanation_target(situation->first));

	if (strcmp(stray->path, INIT_SCOPE) == 0)
		return advise(situation, "Have the program open its own sockets: systemd created these for it (socket "
					 "activation) in its own cgroup, so no rule for the program applies.");
	if (subject_of_path(situation->question->index, stray->path, &subject) < 0)
		return -ENOMEM;
	selector = write_selector(&subject, stray->path);
	if (selector == NULL || option == NULL || target == NULL)
		return -ENOMEM;
	return advise(situation,
		      "To send the sockets that systemd created for it (socket activation) the same way: "
		      "sudo cgtproxy %sroute %s %s",
		      option, selector, target);
}

static int about_strays(const struct situation *situation)
{
	const struct strays *strays = &situation->report->strays;
	const char *target = explanation_target(situation->first);
	const struct stray *passed = NULL;
	size_t others = 0;
	size_t passed_count = 0;

	for (size_t i = 0; i < strays->count; i++) {
		if (strcmp(strays->items[i].target, target) == 0 || strays->items[i].target[0] == '\0')
			continue;
		others++;
		if (is_passed(&strays->items[i])) {
			passed = &strays->items[i];
			passed_count++;
		}
	}
	if (others == 0)
		return 0;
	if (passed_count == others)
		return about_passed(situation, passed);
	return advise(situation, "Restart the program: sockets that it inherited, or had before it was moved, keep the "
				 "target of the cgroup in which they were created.");
}

static const char *key_of(enum trace_reason reason)
{
	static const char *const keys[] = {
		[REASON_TARGET] = NULL,	  [REASON_BYPASS] = "bypass",	[REASON_LOCAL] = "bypass-local",
		[REASON_HIJACK] = NULL,	  [REASON_IPV6] = "ipv6",	[REASON_UDP] = "udp",
		[REASON_OTHER] = "other", [REASON_MULTICAST] = "other", [REASON_BROADCAST] = "other",
	};

	return keys[reason];
}

/* The first kind of packets counts: the others are usually alike. */
static int about_packets(const struct situation *situation)
{
	const struct trace *trace = &situation->first->traces[0];
	const char *key = key_of(trace->reason);

	if (situation->question->destination == NULL || situation->first->trace_count == 0)
		return 0;
	if (trace->is_unheard)
		return advise(situation,
			      "Start the proxy, or correct its port: no socket that accepts TPROXY listens on "
			      "port %u.",
			      trace->server.port);
	if (situation->question->destination->type == ADDRESS_UNREACHABLE)
		return advise(situation, "Check the host's network: it has no route to this destination, so nothing is "
					 "sent there.");
	if (key == NULL)
		return 0;
	if (trace->reason == REASON_BYPASS || trace->reason == REASON_LOCAL)
		return advise(situation,
			      "For the target to apply to this destination, change \"%s\" in the config, then "
			      "load it: %s",
			      key, RELOAD);
	return advise(situation,
		      "To have it proxied or not, change \"%s\" of proxy \"%s\" in the config, then load it: %s", key,
		      trace->proxy, RELOAD);
}

/* Whether a rule comes before those that "cgtproxy route" writes. */
static bool precedes_routes(const struct config_rule *rule)
{
	return rule->dropin != NULL && strcmp(rule->dropin, ROUTES_PLACE) < 0;
}

/* Whether a process is a proxy server that is known, which may serve a port of the config later. */
static const char *find_known_proxy(const struct report *report)
{
	const struct known_proxy *known = known_proxy_find_by_unit(report->items[0].path);

	if (known != NULL)
		return known->name;
	for (size_t i = 0; i < report->members.count; i++) {
		if (known_proxy_find(report->members.items[i].name) != NULL)
			return report->members.items[i].name;
	}
	return NULL;
}

/*
 * Whether a rule of "cgtproxy route" for all of the subject would leave alone what an inner cgroup has. Returns 1, 0 or
 * -ENOMEM.
 */
static int has_prior_rule(const struct situation *situation, const char *path)
{
	CLEANUP(explanation_clear) struct explanation inner = {0};
	const struct config_rule *rule = NULL;
	int result = explain_cgroup(situation->question->explainer, path, &inner);

	if (result < 0 || inner.rule == NO_RULE)
		return result;
	rule = &situation->config->rules[inner.rule];
	return rule->dropin != NULL && strcmp(rule->dropin, ROUTES_PLACE) <= 0 && rule->target == TARGET_DIRECT;
}

/* A rule that the proxy inside a user's or slice's cgroups needs before one for all of them. */
static int about_inner_proxy(const struct situation *situation, const struct proxy_place *found)
{
	const char *name = situation->config->proxies[found->proxy].name;
	bool temporary = false;
	CLEANUP(freep) char *word = naming_word(found->path, &temporary);
	CLEANUP(freep) char *selector = word != NULL ? quote_for_shell(word) : NULL;
	CLEANUP(freep) char *option = write_config_option(situation->config);
	CLEANUP(freep) char *shown = shown_copy(found->path);

	if (selector == NULL || option == NULL || shown == NULL)
		return -ENOMEM;
	return advise(situation,
		      "The proxy %s runs in it, in %s. Before all of it is proxied, the proxy needs a rule of its own: "
		      "sudo cgtproxy %sroute %s direct",
		      name, shown, option, selector);
}

/* A proxy of the config that listens in the subject's cgroups. They go direct now. */
static int about_listener(const struct situation *situation, const struct proxy_place *found, bool is_wide)
{
	const char *name = situation->config->proxies[found->proxy].name;
	int result = is_wide ? has_prior_rule(situation, found->path) : 0;

	if (result != 0)
		return result < 0 ? result : 0;
	if (is_wide)
		return about_inner_proxy(situation, found);
	return advise(situation,
		      "This is the proxy %s itself: its own traffic has to go direct, or it would come back to it in a "
		      "loop.",
		      name);
}

/* Traffic of a proxy that is sent to it would go in a loop. That it goes there already, about_rule() changes. */
static int about_itself(const struct situation *situation)
{
	const struct config *config = situation->config;
	const struct report *report = situation->report;
	const bool is_wide = report->subject.kind == APPLICATION_USER || report->subject.kind == APPLICATION_SLICE;
	const char *known = NULL;
	struct proxy_place found = {0};
	int result = 0;

	if (situation->question->index == NULL || strcmp(situation->first->path, "/") == 0 ||
	    strcmp(explanation_target(situation->first), config_target_name(config, TARGET_DIRECT)) != 0)
		return 0;
	for (size_t i = 0; i < report->count && result == 0; i++)
		result = proxy_place_find(config, situation->question->index, report->items[i].path, &found);
	if (result == 1) {
		result = about_listener(situation, &found, is_wide);
		free(found.path);
		return result;
	}
	known = result == 0 && !is_wide ? find_known_proxy(report) : NULL;
	return known == NULL ? result
			     : advise(situation,
				      "%s is a proxy server: if it is one that the config names, its own traffic has "
				      "to go direct.",
				      known);
}

/* A line about a proxy that nobody runs, "" where there is no need of one. For free(); NULL without memory. */
static char *write_absent(const struct situation *situation)
{
	const struct config *config = situation->config;
	const char *target = explanation_target(situation->first);
	char *line = NULL;

	for (size_t i = 0; i < config->proxy_count && situation->question->destination == NULL; i++) {
		const struct proxy *proxy = &config->proxies[i];

		if (strcmp(proxy->name, target) != 0 || !proxy_is_absent(proxy))
			continue;
		return asprintf(&line,
				_("Start the proxy %s, or correct its port: nothing listens on port %u, so what is "
				  "sent there is refused.\n"),
				proxy->name, proxy->port) < 0
			       ? NULL
			       : line;
	}
	return strdup("");
}

/* What would send it to the first proxy; or direct, if it is proxied. */
static int about_rule(const struct situation *situation)
{
	const struct config *config = situation->config;
	const struct explanation *first = situation->first;
	const struct config_rule *rule = first->rule != NO_RULE ? &config->rules[first->rule] : NULL;
	const uint32_t target = rule != NULL ? rule->target : TARGET_DIRECT;
	const bool suggests_proxy = target < TARGET_FIRST_PROXY && config->proxy_count > 0;
	const char *wanted = config_target_name(config, suggests_proxy ? TARGET_FIRST_PROXY : TARGET_DIRECT);
	CLEANUP(freep) char *selector = NULL;
	CLEANUP(freep) char *option = NULL;
	CLEANUP(freep) char *proxy = NULL;
	CLEANUP(freep) char *absent = write_absent(situation);
	char place[RULE_PLACE_SIZE];

	if ((!suggests_proxy && target == TARGET_DIRECT) || strcmp(first->path, "/") == 0)
		return 0;
	if (absent == NULL)
		return -ENOMEM;
	if (rule != NULL && precedes_routes(rule))
		return advise(situation,
			      "%sTo change that, edit the rule on %s, which comes before those of \"cgtproxy "
			      "route\", then load it: %s",
			      absent, config_rule_place(rule, place), RELOAD);
	selector = write_selector(&situation->report->subject, first->path);
	option = write_config_option(config);
	proxy = quote_for_shell(wanted);
	if (selector == NULL || option == NULL || proxy == NULL)
		return -ENOMEM;
	if (suggests_proxy)
		return advise(situation, "%sTo proxy it: sudo cgtproxy %sroute %s %s", absent, option, selector, proxy);
	return advise(situation, "%sTo send it direct: sudo cgtproxy %sroute %s %s", absent, option, selector, proxy);
}

int advice_make(const struct question *question, const struct report *report, char **advice)
{
	static int (*const kinds[])(const struct situation *situation) = {
		about_broken_config, about_network, about_daemon, about_reload,
		about_strays,	     about_packets, about_itself, about_rule,
	};
	const struct situation situation = {question, question->explainer->instance->config, report, report->items,
					    advice};
	int result = 0;

	*advice = NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && result == 0 && report->count > 0; i++)
		result = kinds[i](&situation);
	return result < 0 ? result : 0;
}
