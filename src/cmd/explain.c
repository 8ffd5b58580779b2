/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/explain.h"

#include "cgroup/lookup.h"
#include "cgroup/mount.h"
#include "cmd/choose.h"
#include "cmd/load.h"
#include "cmd/pager.h"
#include "inspect/advice.h"
#include "inspect/destination.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"
#include "util/quote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_SIZE = 256, CHOICES_SHOWN = 10 };

/* What the answers come from. */
struct sources {
	struct explainer explainer;
	struct applications applications;
	struct desktop_entries entries;
	bool has_tree;	     /* the cgroups could be listed */
	bool has_containers; /* they are covered, and could be listed */
	struct container_list containers;
	char *mount;
};

const char *explain_protocol(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_UDPLITE:
		return "udplite";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		return "raw";
	}
}

static void sources_clear(struct sources *sources)
{
	explainer_clear(&sources->explainer);
	applications_clear(&sources->applications);
	container_list_clear(&sources->containers);
	desktop_entries_clear(&sources->entries);
	free(sources->mount);
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

static const char *shown(char *out, const char *text)
{
	return escape_but_backslash(out, SHOWN_SIZE, text, strnlen(text, SHOWN_SIZE));
}

/* In a form that can be pasted. */
static void print_choice(const struct match *match)
{
	const bool is_path = match->kind == APPLICATION_CGROUP;
	CLEANUP(freep) char *word = quote_for_shell(match->id);
	char text[SHOWN_SIZE];

	if (word == NULL)
		return;
	fprintf(stderr, "  cgtproxy explain %s%s%s", is_path ? "" : application_key(match->kind), is_path ? "" : ":",
		word);
	fprintf(stderr, "  # %s", shown(text, match->name));
	if (match->users != NULL && match->kind != APPLICATION_USER)
		fprintf(stderr, _(", of %s"), shown(text, match->users));
	fprintf(stderr, "%s\n", match->runs ? "" : _(", not running"));
}

static int ask_back(const char *word, const struct matches *matches)
{
	char text[SHOWN_SIZE];

	log_error("\"%s\" is ambiguous; use one of these instead:", shown(text, word));
	for (size_t i = 0; i < matches->count && i < CHOICES_SHOWN; i++)
		print_choice(&matches->items[i]);
	if (matches->count > CHOICES_SHOWN) {
		fputs("  ", stderr);
		fprintf(stderr, _("and %zu more"), matches->count - CHOICES_SHOWN);
		fputc('\n', stderr);
	}
	return EXIT_USAGE;
}

static int find_nothing(const char *word, const struct matches *matches)
{
	char text[SHOWN_SIZE];
	char near[SHOWN_SIZE] = "";

	shown(text, word);
	if (matches->suggestion_count > 0)
		shown(near, matches->suggestions[0]);
	if (choose_refuse_full_width(word))
		return EXIT_USAGE;
	if (strspn(word, "0123456789") == strlen(word))
		log_error("nothing called \"%s\" is running or installed; for the process with that number: cgtproxy "
			  "explain --pid %s",
			  text, text);
	else if (strchr(word, '/') != NULL)
		log_error("\"%s\" is not a name; the path of a cgroup begins with \"/\"", text);
	else if (*near != '\0')
		log_error("nothing called \"%s\" is running or installed; did you mean \"%s\"? \"cgtproxy apps\" lists "
			  "what is running",
			  text, near);
	else
		log_error("nothing called \"%s\" is running or installed. \"cgtproxy apps\" lists what is running",
			  text);
	return EXIT_USAGE;
}

static int find_named(struct sources *sources, const char *word, struct subject *subject)
{
	CLEANUP(matches_clear) struct matches matches = {0};
	int result = -ENOENT;

	if (!sources->has_tree)
		return EXIT_ERROR;
	result = subject_find(&sources->applications, &sources->entries, word, &matches);
	if (result == 0 && matches.count == 0)
		return find_nothing(word, &matches);
	if (result == 0 && matches.count > 1)
		return ask_back(word, &matches);
	if (result == 0)
		result = subject_of_match(&sources->applications, &matches.items[0], subject);
	if (result < 0)
		log_error("no memory to find what the name means");
	return result < 0 ? EXIT_ERROR : EXIT_OK;
}

/* Returns the exit code. */
static int find_path(const struct arguments *arguments, const char *mount, uint32_t *pid, char *path)
{
	struct error error;

	if (arguments->pid == NULL) {
		if (cgroup_path_parse(arguments->words[0], mount, path, &error) == 0)
			return EXIT_OK;
		log_error("%s", error.text);
		return EXIT_USAGE;
	}
	if (!parse_pid(arguments->pid, pid)) {
		log_error("--pid: expected a process ID; see cgtproxy explain --help");
		return EXIT_USAGE;
	}
	if (cgroup_path_of_process(*pid, mount, path, &error) == 0)
		return EXIT_OK;
	log_error("%s", error.text);
	return EXIT_ERROR;
}

static int find_subject(const struct arguments *arguments, struct sources *sources, uint32_t *pid,
			struct subject *subject)
{
	CLEANUP(freep) char *path = malloc(CGROUP_PATH_SIZE);
	int code = EXIT_OK;

	if (arguments->pid == NULL && arguments->words[0][0] != '/')
		return find_named(sources, arguments->words[0], subject);
	if (path != NULL)
		code = find_path(arguments, sources->mount, pid, path);
	if (code != EXIT_OK)
		return code;
	if (path == NULL ||
	    subject_of_path(sources->has_tree ? &sources->applications.index : NULL, path, subject) < 0) {
		log_error("no memory to find the cgroup");
		return EXIT_ERROR;
	}
	return EXIT_OK;
}

/* Returns the exit code. */
static int print_answer(const struct arguments *arguments, const struct answer *answer)
{
	pager_open(arguments);
	if (arguments->json == JSON_FORMAT_OFF)
		explain_print_text(answer, !arguments->no_legend);
	else if (explain_print_json(answer, arguments->json) < 0) {
		log_error("no memory to explain it");
		return EXIT_ERROR;
	}
	if (answer->question->explainer->is_broken)
		return EXIT_ERROR;
	return report_differs(answer->report) ? EXIT_DIFFERS : EXIT_OK;
}

/* Returns the exit code. */
static int print_report(const struct arguments *arguments, const struct question *question, struct report *report)
{
	CLEANUP(freep) char *advice = NULL;
	struct error error;
	int result = report_make(question, report, &error);

	if (result == 0 && advice_make(question, report, &advice) < 0)
		result = error_set(&error, -ENOMEM, "no memory to explain it");
	if (result < 0) {
		log_error("%s", error.text);
		return EXIT_ERROR;
	}
	if (question->explainer->is_broken && question->explainer->kernel.view != KERNEL_STEERS) {
		if (question->explainer->kernel.view == KERNEL_IDLE)
			log_error("nothing else is known: the kernel's rules are absent, since cgtproxy is not "
				  "running");
		else
			log_error("nothing else is known: the kernel's rules can't be read: %s",
				  question->explainer->kernel.reason.text);
		return EXIT_ERROR;
	}
	return print_answer(arguments, &(const struct answer){question, report, advice});
}

static int explain_to(const struct arguments *arguments, struct sources *sources, const struct destination *destination)
{
	CLEANUP(report_clear) struct report report = {0};
	struct question question = {
		.explainer = &sources->explainer,
		.index = sources->has_tree ? &sources->applications.index : NULL,
		.containers = sources->has_containers ? &sources->containers : NULL,
		.destination = destination,
	};
	int code = find_subject(arguments, sources, &question.pid, &report.subject);

	return code == EXIT_OK ? print_report(arguments, &question, &report) : code;
}

static void list_containers(struct sources *sources)
{
	struct error error;

	if (container_list_read(&sources->explainer.kernel.table.dump, &sources->applications.index,
				&sources->containers, &error) < 0)
		log_warning("%s", error.text);
	else
		sources->has_containers = true;
}

/* Without a mount, the config can still be explained. */
static int open_sources(const struct arguments *arguments, struct sources *sources)
{
	struct config *config = load_config(arguments);
	const char *configured = config != NULL ? config->cgroup_root : NULL;
	struct error error;

	if (cgroup_mount_find(configured, &sources->mount, &error) < 0)
		log_warning("%s", error.text);
	else if (applications_read(configured, arguments->pid == NULL ? &sources->entries : NULL,
				   &sources->applications, &error) < 0)
		log_warning("%s", error.text);
	else
		sources->has_tree = true;
	if (explainer_open(config, sources->mount, &sources->explainer) < 0) {
		log_error("no memory for the rules of the config");
		return EXIT_ERROR;
	}
	if (sources->has_tree && kernel_covers_containers(&sources->explainer.kernel))
		list_containers(sources);
	return EXIT_OK;
}

int cmd_explain(const struct arguments *arguments)
{
	CLEANUP(sources_clear) struct sources sources = {0};
	struct destination destination;
	struct sender sender;
	struct error error;
	int result = 0;

	if (arguments->count + (arguments->pid != NULL) != 1 ||
	    (arguments->pid == NULL && arguments->words[0][0] == '\0')) {
		log_error("explain takes a name, a cgroup path, a sender or --pid. Usage: cgtproxy [-c FILE] explain "
			  "NAME|CGROUP|SENDER|--pid PID [--to DESTINATION] [--json]");
		return EXIT_USAGE;
	}
	if (arguments->to != NULL)
		result = destination_read(arguments->to, &destination, &error);
	if (result < 0) {
		log_error("%s", error.text);
		return result == -EINVAL ? EXIT_USAGE : EXIT_ERROR;
	}
	result = arguments->pid == NULL ? sender_read(arguments->words[0], &sender, &error) : 0;
	if (result < 0) {
		log_error("%s", error.text);
		return result == -EINVAL ? EXIT_USAGE : EXIT_ERROR;
	}
	if (result > 0)
		return explain_sender(arguments, &sender, arguments->to != NULL ? &destination : NULL);
	if (open_sources(arguments, &sources) != EXIT_OK)
		return EXIT_ERROR;
	return explain_to(arguments, &sources, arguments->to != NULL ? &destination : NULL);
}
