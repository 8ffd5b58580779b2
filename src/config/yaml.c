/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/yaml.h"

#include "config/place.h"
#include "config/text.h"

#include <libfyaml.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* enough for every chain of aliases and merge keys that a person would write, and an end to those that have none */
enum { MERGE_DEPTH_MAX = 8 };

#define MERGE_KEY "<<"

static const char *show_text(const char *text, size_t length, char *out)
{
	char shown[ESCAPED_SIZE(YAML_SHOWN_BYTES)];
	size_t part = length < YAML_SHOWN_BYTES ? length : YAML_SHOWN_BYTES;

	escape(shown, sizeof(shown), text, part);
	snprintf(out, YAML_SHOWN_SIZE, "\"%s%s\"", shown, length > YAML_SHOWN_BYTES ? "..." : "");
	return out;
}

/* A line of a text, without its end; empty when there are not so many. */
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

		diagnose(diagnostics, SEVERITY_ERROR, (struct position){error->line, error->column},
			 "this is not YAML: %s, at the line %s",
			 escape(reason, sizeof(reason), error->msg, strlen(error->msg)),
			 show_text(line, line_length, shown));
	}
}

/* yaml.v3 reads the first without a word of the others; but with the others rules may be lost. */
static void refuse_more_documents(struct fy_parser *parser, struct diagnostics *diagnostics)
{
	struct fy_document *more = fy_parse_load_document(parser);

	if (more == NULL)
		return;
	diagnose(diagnostics, SEVERITY_ERROR, place_of_document(more),
		 "a second document begins here, behind \"---\"; a config is one document");
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
	if (document == NULL && !diagnostics->has_error)
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0},
			 "there is nothing in it; a config begins with \"version: 1\"");
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
	*length = 0;
	return node != NULL && fy_node_is_scalar(node) ? fy_node_get_scalar(node, length) : NULL;
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
	size_t length = 0;
	const char *text = yaml_text(node, &length);

	if (node == NULL)
		return true;
	if (text == NULL || !yaml_is_plain(node)) /* an alias is not plain, whatever its name is */
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
		if (strlen(nulls[i]) == length && memcmp(nulls[i], text, length) == 0)
			return true;
	}
	return false;
}

const char *yaml_show(struct fy_node *node, char *out)
{
	size_t length = 0;
	const char *text = yaml_text(node, &length);

	if (yaml_is_null(node))
		return memcpy(out, "nothing", sizeof("nothing"));
	if (text != NULL)
		return show_text(text, length, out);
	snprintf(out, YAML_SHOWN_SIZE, "%s", fy_node_is_mapping(node) ? "a map" : "a list");
	return out;
}

/*
 * Takes account of a value that is read. What aliases lead to is read once for each of them, and a small file could
 * make that much; a file without aliases never reads more than its own size.
 */
static bool is_affordable(struct fy_node *node, struct diagnostics *diagnostics)
{
	size_t length = 0;

	if (diagnostics->cost > YAML_SIZE_MAX)
		return false;
	yaml_text(node, &length);
	diagnostics->cost += 1 + length;
	if (diagnostics->cost <= YAML_SIZE_MAX)
		return true;
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
		 "the file is too large once its aliases are followed; the rest of it is not read");
	return false;
}

/* Follows an alias; NULL, with an error, when it leads nowhere, or too much was read already. */
static struct fy_node *follow(struct fy_node *node, struct diagnostics *diagnostics)
{
	struct fy_node *target = node;
	char shown[YAML_SHOWN_SIZE];

	for (int i = 0; i < MERGE_DEPTH_MAX && target != NULL && fy_node_is_alias(target); i++)
		target = fy_node_resolve_alias(target);
	if (target != NULL && !fy_node_is_alias(target))
		return is_affordable(target, diagnostics) ? target : NULL;
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "there is no anchor for the alias %s",
		 yaml_show(node, shown));
	return NULL;
}

static void expected(struct fy_node *node, const char *what, const char *kind, struct diagnostics *diagnostics)
{
	char shown[YAML_SHOWN_SIZE];

	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "%s: expected %s, got %s", what, kind,
		 yaml_show(node, shown));
}

/* Levenshtein's distance, for names of bounded length. */
static size_t distance(const char *left, size_t left_length, const char *right)
{
	enum { LENGTH_MAX = 32 };
	size_t right_length = strlen(right);
	size_t row[LENGTH_MAX + 1];

	if (left_length > LENGTH_MAX || right_length > LENGTH_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= right_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= left_length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= right_length; j++) {
			size_t replaced = diagonal + (left[i - 1] != right[j - 1]);
			size_t inserted = row[j - 1] + 1;
			size_t removed = row[j] + 1;

			diagonal = row[j];
			row[j] = replaced < inserted ? replaced : inserted;
			row[j] = removed < row[j] ? removed : row[j];
		}
	}
	return row[right_length];
}

static void warn_of_unknown_key(struct fy_node *key, const char *what, const struct yaml_key *keys,
				struct diagnostics *diagnostics)
{
	size_t length = 0;
	const char *text = yaml_text(key, &length);
	const char *nearest = NULL;
	size_t least = SIZE_MAX;
	char shown[YAML_SHOWN_SIZE];

	for (const struct yaml_key *known = keys; known->name != NULL && text != NULL; known++) {
		size_t away = distance(text, length, known->name);

		if (away < least) {
			least = away;
			nearest = known->name;
		}
	}
	if (least <= 3 && least < length)
		diagnose(diagnostics, SEVERITY_WARNING, yaml_position(key),
			 "%s: unknown key %s is ignored; did you mean \"%s\"?", what, yaml_show(key, shown), nearest);
	else
		diagnose(diagnostics, SEVERITY_WARNING, yaml_position(key), "%s: unknown key %s is ignored", what,
			 yaml_show(key, shown));
}

static bool key_is(struct fy_node *key, const char *name)
{
	size_t length = 0;
	const char *text = yaml_text(key, &length);

	return text != NULL && !fy_node_is_alias(key) && strlen(name) == length && memcmp(name, text, length) == 0;
}

/* Whether a key is no alias. What an alias is called is not what it means, and libfyaml would not see it twice. */
static bool is_key(struct fy_node *key, const char *what, struct diagnostics *diagnostics)
{
	char shown[YAML_SHOWN_SIZE];

	if (!fy_node_is_alias(key))
		return true;
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(key),
		 "%s: the key is the alias %s; write the key itself, aliases are for values", what,
		 yaml_show(key, shown));
	return false;
}

struct map_reader {
	const char *what;
	const struct yaml_key *keys;
	uint64_t read; /* a bit for each key that was there */
	struct diagnostics *diagnostics;
	void *userdata;
};

static void read_key(struct map_reader *reader, struct fy_node *key, struct fy_node *value)
{
	for (size_t i = 0; reader->keys[i].name != NULL; i++) {
		struct fy_node *target = NULL;

		if (!key_is(key, reader->keys[i].name))
			continue;
		if (reader->read & (UINT64_C(1) << i))
			return;
		reader->read |= UINT64_C(1) << i;
		target = follow(value, reader->diagnostics);
		if (target != NULL)
			reader->keys[i].read(target, reader->diagnostics, reader->userdata);
		return;
	}
	warn_of_unknown_key(key, reader->what, reader->keys, reader->diagnostics);
}

static void read_pairs(struct map_reader *reader, struct fy_node *map, int depth);

/* A merge key's value is a map, or a list of maps of which the earlier ones count more (yaml.org/type/merge.html). */
static void read_merged(struct map_reader *reader, struct fy_node *node, int depth)
{
	struct fy_node *target = follow(node, reader->diagnostics);
	struct fy_node *item = NULL;
	void *at = NULL;

	if (target == NULL)
		return;
	if (depth < MERGE_DEPTH_MAX && fy_node_is_mapping(target)) {
		read_pairs(reader, target, depth + 1);
	} else if (depth < MERGE_DEPTH_MAX && fy_node_is_sequence(target)) {
		while ((item = fy_node_sequence_iterate(target, &at)) != NULL)
			read_merged(reader, item, MERGE_DEPTH_MAX - 1);
	} else {
		expected(node, MERGE_KEY, "a map to merge", reader->diagnostics);
	}
}

/* What a map says itself counts more than what it merges. */
static void read_pairs(struct map_reader *reader, struct fy_node *map, int depth)
{
	struct fy_node_pair *pair = NULL;
	void *at = NULL;

	while ((pair = fy_node_mapping_iterate(map, &at)) != NULL) {
		if (!is_affordable(fy_node_pair_key(pair), reader->diagnostics))
			return;
		if (is_key(fy_node_pair_key(pair), reader->what, reader->diagnostics) &&
		    !key_is(fy_node_pair_key(pair), MERGE_KEY))
			read_key(reader, fy_node_pair_key(pair), fy_node_pair_value(pair));
	}
	at = NULL;
	while ((pair = fy_node_mapping_iterate(map, &at)) != NULL) {
		if (key_is(fy_node_pair_key(pair), MERGE_KEY))
			read_merged(reader, fy_node_pair_value(pair), depth);
	}
}

bool yaml_read_map(struct fy_node *node, const char *what, const struct yaml_key *keys, struct diagnostics *diagnostics,
		   void *userdata)
{
	struct map_reader reader = {.what = what, .keys = keys, .diagnostics = diagnostics, .userdata = userdata};

	if (!fy_node_is_mapping(node)) {
		expected(node, what, "a map", diagnostics);
		return false;
	}
	read_pairs(&reader, node, 0);
	return true;
}

bool yaml_read_named(struct fy_node *node, const char *what,
		     void (*read)(struct fy_node *key, struct fy_node *value, struct diagnostics *diagnostics,
				  void *userdata),
		     struct diagnostics *diagnostics, void *userdata)
{
	struct fy_node_pair *pair = NULL;
	void *at = NULL;

	if (!fy_node_is_mapping(node)) {
		expected(node, what, "a map", diagnostics);
		return false;
	}
	while ((pair = fy_node_mapping_iterate(node, &at)) != NULL &&
	       is_affordable(fy_node_pair_key(pair), diagnostics)) {
		struct fy_node *value = fy_node_pair_value(pair);
		struct fy_node *target = NULL;

		if (!is_key(fy_node_pair_key(pair), what, diagnostics))
			continue;
		target = value != NULL ? follow(value, diagnostics) : NULL;
		if (value == NULL || target != NULL)
			read(fy_node_pair_key(pair), target, diagnostics, userdata);
	}
	return true;
}

void yaml_read_list(struct fy_node *node, const char *what,
		    void (*read)(struct fy_node *item, struct diagnostics *diagnostics, void *userdata),
		    struct diagnostics *diagnostics, void *userdata)
{
	struct fy_node *item = NULL;
	void *at = NULL;

	if (!fy_node_is_sequence(node)) {
		expected(node, what, "a list", diagnostics);
		return;
	}
	while ((item = fy_node_sequence_iterate(node, &at)) != NULL && diagnostics->cost <= YAML_SIZE_MAX) {
		struct fy_node *target = follow(item, diagnostics);

		if (target != NULL)
			read(target, diagnostics, userdata);
	}
}
