/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/yaml.h"

#include "config/place.h"
#include "config/text.h"
#include "util/language.h"

#include <libfyaml.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* enough for any chain of aliases that a person would write, and a limit for endless ones */
enum { ALIASES_MAX = 8 };

static const char *show_text(const char *text, size_t length, char *out)
{
	char shown[ESCAPED_SIZE(YAML_SHOWN_BYTES)];
	size_t part = length < YAML_SHOWN_BYTES ? length : YAML_SHOWN_BYTES;

	escape(shown, sizeof(shown), text, part);
	snprintf(out, YAML_SHOWN_SIZE, "\"%s%s\"", shown, length > YAML_SHOWN_BYTES ? "..." : "");
	return out;
}

/* A line of a text, without its line break; empty if there is no such line. */
static const char *find_line(const char *text, size_t length, int line, size_t *line_length)
{
	const char *end = text + length;

	for (; line > 1 && text < end; line--) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		text = newline != NULL ? newline + 1 : end;
	}
	*line_length = 0;
	while (text + *line_length < end && text[*line_length] != '\n')
		(*line_length)++;
	return text;
}

static void report_parser_errors(struct fy_diag *parser, const char *text, size_t length,
				 struct diagnostics *diagnostics)
{
	void *at = NULL;
	const struct fy_diag_error *error = NULL;

	while ((error = fy_diag_errors_iterate(parser, &at)) != NULL) {
		char reason[4 * YAML_SHOWN_SIZE];
		char shown[YAML_SHOWN_SIZE];
		size_t line_length = 0;
		const char *line = find_line(text, length, error->line, &line_length);
		const struct position position = {error->line, error->column};

		escape(reason, sizeof(reason), error->msg, strlen(error->msg));
		show_text(line, line_length, shown);
		if (strstr(error->msg, "invalid alias") != NULL)
			diagnose(diagnostics, SEVERITY_ERROR, position,
				 "invalid YAML: %s, at the line %s. If \"*\" is meant and not an alias, put it in "
				 "quotes",
				 reason, shown);
		else
			diagnose(diagnostics, SEVERITY_ERROR, position, "invalid YAML: %s, at the line %s", reason,
				 shown);
	}
}

/* yaml.v3 silently reads only the first; but ignoring the others may lose rules. */
static void refuse_more_documents(struct fy_parser *parser, struct diagnostics *diagnostics)
{
	struct fy_document *more = fy_parse_load_document(parser);

	if (more == NULL)
		return;
	diagnose(diagnostics, SEVERITY_ERROR, place_of_document(more),
		 "a second document starts here, after \"---\"; a config is a single document");
	fy_document_destroy(more);
}

struct fy_document *yaml_parse(const char *text, size_t length, struct diagnostics *diagnostics)
{
	struct fy_diag_cfg settings;
	struct fy_parse_cfg parse = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG};
	struct fy_parser *parser = NULL;
	struct fy_document *document = NULL;

	if (!text_check(text, length, diagnostics))
		return NULL;
	fy_diag_cfg_default(&settings);
	settings.fp = NULL;
	parse.diag = fy_diag_create(&settings);
	if (parse.diag != NULL) {
		fy_diag_set_collect_errors(parse.diag, true);
		parser = fy_parser_create(&parse);
	}
	if (parser == NULL || fy_parser_set_string(parser, text, length) != 0)
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "no memory to read it");
	else
		document = fy_parse_load_document(parser);
	if (document != NULL)
		refuse_more_documents(parser, diagnostics);
	else if (parse.diag != NULL)
		report_parser_errors(parse.diag, text, length, diagnostics);
	if (document != NULL && !diagnostics->has_error && !place_items(document, text, length))
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "no memory to read it");
	fy_parser_destroy(parser);
	fy_diag_destroy(parse.diag);
	return document;
}

void yaml_free(struct fy_document *document)
{
	fy_document_destroy(document);
}

struct fy_node *yaml_root(struct fy_document *document)
{
	return fy_document_root(document);
}

struct position yaml_position(struct fy_node *node)
{
	return place_of(node);
}

const char *yaml_text(struct fy_node *node, size_t *length)
{
	return node != NULL && fy_node_is_scalar(node) ? fy_node_get_scalar(node, length) : NULL;
}

bool yaml_text_is(struct fy_node *node, const char *expected)
{
	size_t length = 0;
	const char *text = yaml_text(node, &length);

	return text != NULL && strlen(expected) == length && memcmp(expected, text, length) == 0;
}

/* Whether a text needs no quotes in any version of YAML; some that don't are taken for ones that do. */
static bool is_safe_plain(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
	size_t length = strlen(text);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0)
			return false;
	}
	while (length > 0 && (strchr(letters, text[length - 1]) != NULL || strchr("0123456789._@/-", text[length - 1])))
		length--;
	return length == 0 && *text != '\0' && strchr(letters, *text) != NULL;
}

char *yaml_write_scalar(const char *text)
{
	char *written = malloc(2 * strlen(text) + sizeof("''"));
	char *end = written;

	if (written == NULL)
		return NULL;
	if (is_safe_plain(text)) {
		memcpy(written, text, strlen(text) + 1);
		return written;
	}
	*end++ = '\'';
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '\'')
			*end++ = '\'';
		*end++ = *at;
	}
	*end++ = '\'';
	*end = '\0';
	return written;
}

bool yaml_is_list(struct fy_node *node)
{
	return node != NULL && fy_node_is_sequence(node);
}

bool yaml_is_plain(struct fy_node *node)
{
	return fy_node_get_style(node) == FYNS_PLAIN;
}

bool yaml_is_null(struct fy_node *node)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (node == NULL)
		return true;
	if (!yaml_is_plain(node)) /* an alias is not plain, whatever its name is */
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
		if (yaml_text_is(node, nulls[i]))
			return true;
	}
	return false;
}

const char *yaml_show(struct fy_node *node, char *out)
{
	size_t length = 0;
	const char *text = yaml_text(node, &length);

	if (text != NULL && !yaml_is_null(node))
		return show_text(text, length, out);
	snprintf(out, YAML_SHOWN_SIZE, "%s",
		 yaml_is_null(node)	    ? _("nothing")
		 : fy_node_is_mapping(node) ? _("a map")
					    : _("a list"));
	return out;
}

bool yaml_is_affordable(struct fy_node *node, struct diagnostics *diagnostics)
{
	size_t length = 0;

	if (diagnostics->cost > YAML_SIZE_MAX)
		return false;
	yaml_text(node, &length);
	diagnostics->cost += 1 + length;
	if (diagnostics->cost <= YAML_SIZE_MAX)
		return true;
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
		 "the file is too large once its aliases are expanded; the rest is not read");
	return false;
}

struct fy_node *yaml_follow(struct fy_node *node, struct diagnostics *diagnostics)
{
	struct fy_node *target = node;
	char shown[YAML_SHOWN_SIZE];

	for (int i = 0; i < ALIASES_MAX && target != NULL && fy_node_is_alias(target); i++)
		target = fy_node_resolve_alias(target);
	if (target != NULL && !fy_node_is_alias(target))
		return yaml_is_affordable(target, diagnostics) ? target : NULL;
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "there is no anchor for the alias %s",
		 yaml_show(node, shown));
	return NULL;
}

bool yaml_expected(struct fy_node *node, const char *what, const char *kind, struct diagnostics *diagnostics)
{
	char shown[YAML_SHOWN_SIZE];

	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "%s: expected %s, got %s", what, kind,
		 yaml_show(node, shown));
	return false;
}

bool yaml_read_list(struct fy_node *node, const char *what,
		    void (*read)(struct fy_node *item, struct diagnostics *diagnostics, void *userdata),
		    struct diagnostics *diagnostics, void *userdata)
{
	struct fy_node *item = NULL;
	void *at = NULL;

	if (!fy_node_is_sequence(node))
		return yaml_expected(node, what, _("a list"), diagnostics);
	while ((item = fy_node_sequence_iterate(node, &at)) != NULL && diagnostics->cost <= YAML_SIZE_MAX) {
		struct fy_node *target = yaml_follow(item, diagnostics);

		if (target != NULL)
			read(target, diagnostics, userdata);
	}
	return true;
}
