/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/finding.h"

#include "cmd/columns.h"
#include "cmd/output.h"
#include "util/cleanup.h"
#include "util/language.h"
#include "util/log.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_WIDTH = 8 }; /* of the kind of a finding */

static struct {
	enum json_format format;
	json_t *list;
	bool has_error;
	bool has_failed; /* for lack of memory */
} findings;

static const struct {
	const char *word;
	const char *colour;
} kinds[] = {
	[FINDING_OK] = {N_("ok"), "\x1b[32m"},		[FINDING_NOTICE] = {N_("notice"), "\x1b[36m"},
	[FINDING_SKIPPED] = {N_("skipped"), "\x1b[2m"}, [FINDING_WARNING] = {N_("warning"), "\x1b[1;33m"},
	[FINDING_ERROR] = {N_("error"), "\x1b[1;31m"},
};

void findings_begin(enum json_format format)
{
	findings.format = format;
	findings.list = format != JSON_FORMAT_OFF ? json_array() : NULL;
}

static json_t *json_of_finding(enum finding finding, const char *subject, const char *file, struct position position,
			       const char *text)
{
	json_t *json = json_pack("{ss so so}", "level", kinds[finding].word, "subject",
				 output_json(subject, strlen(subject)), "text", output_json(text, strlen(text)));

	if (file != NULL)
		json_object_set_new(json, "file", output_json(file, strlen(file)));
	if (position.line > 0) {
		json_object_set_new(json, "line", json_integer(position.line));
		json_object_set_new(json, "column", json_integer(position.column));
	}
	return json;
}

static void print_line(enum finding finding, const char *subject, const char *file, struct position position,
		       const char *text)
{
	bool colour = output_has_colours();
	const char *word = _(kinds[finding].word);

	printf("%s%s", colour ? kinds[finding].colour : "", word);
	text_pad(word, WORD_WIDTH, stdout);
	printf("%s%s%s", colour ? "\x1b[0m" : "", _(subject), _(": "));
	if (file != NULL)
		printf("%s:", file);
	if (position.line > 0)
		printf("%d:%d:", position.line, position.column);
	printf("%s%s\n", file != NULL ? " " : "", text);
}

/* @text: or NULL without memory */
static void report(enum finding finding, const char *subject, const char *file, struct position position,
		   const char *text)
{
	findings.has_error |= finding == FINDING_ERROR;
	if (text == NULL)
		findings.has_failed = true;
	else if (findings.format == JSON_FORMAT_OFF)
		print_line(finding, subject, file, position, text);
	else if (json_array_append_new(findings.list, json_of_finding(finding, subject, file, position, text)) < 0)
		findings.has_failed = true;
}

void finding_print(enum finding finding, const char *subject, const char *format, ...)
{
	CLEANUP(freep) char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, translate(format), arguments) < 0)
		text = NULL;
	va_end(arguments);
	report(finding, subject, NULL, (struct position){0}, text);
}

void finding_print_detail(const char *text, size_t length)
{
	json_t *last = json_array_get(findings.list, json_array_size(findings.list) - 1);
	json_t *details = json_object_get(last, "details");

	if (findings.format == JSON_FORMAT_OFF) {
		printf("%-10s", "");
		output_print_escaped(text, length);
		putchar('\n');
		return;
	}
	if (details == NULL) {
		details = json_array();
		json_object_set_new(last, "details", details);
	}
	if (json_array_append_new(details, output_json(text, length)) < 0)
		findings.has_failed = true;
}

void findings_print_diagnostics(const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];
		const char *file = item->file < diagnostics->file_count ? diagnostics->files[item->file] : NULL;

		report(item->severity == SEVERITY_ERROR ? FINDING_ERROR : FINDING_WARNING, N_("config"), file,
		       item->position, item->text);
	}
	if (diagnostics->count == DIAGNOSTICS_MAX)
		finding_print(FINDING_ERROR, N_("config"), "there are more problems, not shown");
}

int findings_end(void)
{
	json_auto_t *json = NULL;

	if (findings.format != JSON_FORMAT_OFF) {
		json = json_pack("{so}", "findings", findings.list);
		findings.list = NULL;
		findings.has_failed |= output_write_json(json, findings.format, stdout) < 0;
	}
	if (findings.has_failed)
		log_error("no memory to show all findings");
	return findings.has_error || findings.has_failed ? EXIT_ERROR : EXIT_OK;
}
