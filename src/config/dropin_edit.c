/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/dropin_edit.h"

#include "config/diagnostic.h"
#include "config/keys.h"
#include "config/yaml.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES_KEY "rules"

static int no_memory(struct error *error)
{
	return error_set(error, -ENOMEM, "no memory to read or change the rules");
}

void written_rule_clear(struct written_rule *rule)
{
	free(rule->key);
	free(rule->value);
	free(rule->target);
}

void written_rules_clear(struct written_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		written_rule_clear(&rules->items[i]);
	free(rules->items);
	*rules = (struct written_rules){0};
}

/* A drop-in as it is read here. */
struct reader {
	struct written_rules *rules;
	struct written_rule rule; /* the one that is read */
	int rules_line;		  /* of the key "rules", or 0 */
	bool failed;
};

static char *copy_of(struct fy_node *node)
{
	size_t length = 0;
	const char *text = yaml_text(node, &length);

	return text != NULL ? strndup(text, length) : NULL;
}

static void replace(char **text, char *by)
{
	free(*text);
	*text = by;
}

static bool is_target(const char *key)
{
	return strcmp(key, "direct") == 0 || strcmp(key, "drop") == 0 || strcmp(key, "refuse") == 0;
}

static void read_rule_key(struct fy_node *key, struct fy_node *value, struct diagnostics *diagnostics, void *userdata)
{
	struct reader *reader = userdata;
	char *name = copy_of(key);

	(void)diagnostics;
	if (name == NULL) {
		reader->failed = true;
	} else if (strcmp(name, "tproxy") == 0) {
		reader->rule.is_tproxy = true;
		replace(&reader->rule.target, copy_of(value));
		free(name);
	} else if (is_target(name)) {
		/* "drop: false" beside the target that counts is none */
		if (yaml_text_is(value, "true"))
			replace(&reader->rule.target, name);
		else
			free(name);
	} else {
		replace(&reader->rule.key, name);
		replace(&reader->rule.value, copy_of(value));
	}
}

static void read_item(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct reader *reader = userdata;
	struct written_rules *rules = reader->rules;
	struct written_rule *items =
		array_reserve(rules->items, &rules->capacity, rules->count + 1, sizeof(*rules->items));

	if (items != NULL)
		rules->items = items;
	reader->rule = (struct written_rule){.line = yaml_position(node).line};
	if (items == NULL || !keys_read_names(node, "rule", read_rule_key, diagnostics, reader) ||
	    reader->rule.key == NULL || reader->rule.target == NULL) {
		written_rule_clear(&reader->rule);
		reader->failed = true;
		return;
	}
	items[rules->count++] = reader->rule;
}

static void read_root_key(struct fy_node *key, struct fy_node *value, struct diagnostics *diagnostics, void *userdata)
{
	struct reader *reader = userdata;

	if (!yaml_text_is(key, RULES_KEY))
		return;
	reader->rules_line = yaml_position(key).line;
	if (!yaml_is_null(value))
		yaml_read_list(value, RULES_KEY, read_item, diagnostics, reader);
}

static int read_text(const char *text, size_t length, struct reader *reader, struct error *error)
{
	struct diagnostics diagnostics = {0};
	struct fy_document *document = yaml_parse(text, length, &diagnostics);

	if (document != NULL)
		keys_read_names(yaml_root(document), "the file", read_root_key, &diagnostics, reader);
	yaml_free(document);
	reader->failed |= diagnostics.has_error;
	diagnostics_clear(&diagnostics);
	return reader->failed ? error_set(error, -EINVAL, "can't read the rules of this file") : 0;
}

int written_rules_read(const char *text, size_t length, struct written_rules *rules, struct error *error)
{
	struct reader reader = {.rules = rules};

	return read_text(text, length, &reader, error);
}

const struct written_rule *written_rules_find(const struct written_rules *rules, const char *key, const char *value)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct written_rule *rule = &rules->items[i];

		if (strcmp(rule->key, key) == 0 && rule->value != NULL && strcmp(rule->value, value) == 0)
			return rule;
	}
	return NULL;
}

/* The text that is changed, and its lines. */
struct text {
	const char *start;
	const char *end;
};

/* Returns where a line begins, or the end. */
static const char *line_at(const struct text *text, int line)
{
	const char *at = text->start;

	for (; line > 1 && at < text->end; line--) {
		const char *newline = memchr(at, '\n', (size_t)(text->end - at));

		at = newline != NULL ? newline + 1 : text->end;
	}
	return at;
}

static const char *next_line(const struct text *text, const char *at)
{
	const char *newline = memchr(at, '\n', (size_t)(text->end - at));

	return newline != NULL ? newline + 1 : text->end;
}

/* In characters; that of an empty line is more than any. */
static size_t indentation(const struct text *text, const char *line)
{
	const char *at = line;

	while (at < text->end && *at == ' ')
		at++;
	return at == text->end || *at == '\n' || *at == '\r' ? SIZE_MAX : (size_t)(at - line);
}

/* A rule ends where a line is indented no more than its dash. Empty lines before that belong to what follows. */
static const char *end_of_rule(const struct text *text, const char *rule)
{
	const size_t dash = indentation(text, rule);
	const char *end = next_line(text, rule);

	for (const char *at = end; at < text->end; at = next_line(text, at)) {
		const size_t column = indentation(text, at);

		if (column != SIZE_MAX && column <= dash)
			break;
		if (column != SIZE_MAX)
			end = next_line(text, at);
	}
	return end;
}

static int write_rule(FILE *out, size_t column, const struct written_rule *rule)
{
	CLEANUP(freep) char *value = yaml_write_scalar(rule->value);
	CLEANUP(freep) char *target = rule->is_tproxy ? yaml_write_scalar(rule->target) : strdup("true");

	if (value == NULL || target == NULL)
		return -ENOMEM;
	fprintf(out, "%*s- %s: %s\n%*s  %s: %s\n", (int)column, "", rule->key, value, (int)column, "",
		rule->is_tproxy ? "tproxy" : rule->target, target);
	return 0;
}

/* What is taken out of a text and what comes in its place. */
struct change {
	const char *from;
	const char *to;
	const struct written_rule *rule; /* or NULL */
	size_t column;			 /* of its dash */
};

static int write_change(const struct text *text, const struct change *change, bool needs_key, char **edited,
			struct error *error)
{
	size_t size = 0;
	FILE *out = open_memstream(edited, &size);
	int result = 0;

	if (out == NULL)
		return no_memory(error);
	fwrite(text->start, 1, (size_t)(change->from - text->start), out);
	if (change->from > text->start && change->from[-1] != '\n')
		fputc('\n', out);
	if (needs_key && change->from == text->start)
		fputs(_("# Rules that \"cgtproxy route\" has written. They come before those of config.yaml.\n"
			"# You may edit them: comments and the order of rules are kept.\n"),
		      out);
	if (needs_key)
		fputs(RULES_KEY ":\n", out);
	if (change->rule != NULL)
		result = write_rule(out, change->column, change->rule);
	fwrite(change->to, 1, (size_t)(text->end - change->to), out);
	if (fclose(out) != 0 || result < 0) {
		free(*edited);
		*edited = NULL;
		return no_memory(error);
	}
	return 0;
}

static bool is_same(const struct written_rule *one, const struct written_rule *other)
{
	const bool lists = one->value == NULL && other->value == NULL;

	return strcmp(one->key, other->key) == 0 && strcmp(one->target, other->target) == 0 &&
	       one->is_tproxy == other->is_tproxy &&
	       (lists || (one->value != NULL && other->value != NULL && strcmp(one->value, other->value) == 0));
}

/* Whether a new text has the old rules, but @removed of them at @index, and @rule there if it is one. */
static bool has_changed_as_meant(const char *edited, const struct written_rules *before, size_t index, size_t removed,
				 const struct written_rule *rule)
{
	CLEANUP(written_rules_clear) struct written_rules after = {0};
	const size_t added = rule != NULL;
	struct error error;
	bool same = edited != NULL && written_rules_read(edited, strlen(edited), &after, &error) == 0 &&
		    after.count == before->count - removed + added;

	for (size_t i = 0; i < after.count && same; i++) {
		if (i < index)
			same = is_same(&after.items[i], &before->items[i]);
		else if (i < index + added)
			same = is_same(&after.items[i], rule);
		else
			same = is_same(&after.items[i], &before->items[i + removed - added]);
	}
	return same;
}

static int refuse(char **edited, struct error *error)
{
	free(*edited);
	*edited = NULL;
	return error_set(error, -ENOTSUP,
			 "this rule can't be changed without touching others: write each rule on lines of its own "
			 "(\"  - app: NAME\", then \"    tproxy: PROXY\"), or edit the file by hand");
}

/* Whether a selector takes more than one program as a rule. */
static bool is_general(const char *key)
{
	return strcmp(key, "slice") == 0 || strcmp(key, "user") == 0;
}

/* Where a new rule goes if there are others. */
static const char *place_of_rule(const struct text *text, const struct reader *reader, const struct written_rule *rule)
{
	const struct written_rules *rules = reader->rules;

	if (is_general(rule->key))
		return end_of_rule(text, line_at(text, rules->items[rules->count - 1].line));
	return next_line(text, line_at(text, reader->rules_line));
}

int dropin_put_rule(const char *bytes, size_t length, const struct written_rule *rule, char **edited,
		    struct error *error)
{
	CLEANUP(written_rules_clear) struct written_rules rules = {0};
	struct reader reader = {.rules = &rules};
	const struct text text = {bytes, bytes + length};
	const struct written_rule *old = NULL;
	struct change change = {.rule = rule, .column = 2};
	size_t index = 0;
	int result = read_text(bytes, length, &reader, error);

	if (result < 0)
		return result;
	old = written_rules_find(&rules, rule->key, rule->value);
	if (old != NULL) {
		index = (size_t)(old - rules.items);
		change.from = line_at(&text, old->line);
		change.to = end_of_rule(&text, change.from);
	} else if (rules.count > 0) {
		index = is_general(rule->key) ? rules.count : 0;
		change.from = change.to = place_of_rule(&text, &reader, rule);
	} else if (reader.rules_line > 0) { /* "rules:" or "rules: []" */
		change.from = line_at(&text, reader.rules_line);
		change.to = next_line(&text, change.from);
	} else {
		change.from = change.to = text.end;
	}
	if (rules.count > 0)
		change.column = indentation(&text, line_at(&text, rules.items[0].line));
	result = write_change(&text, &change, rules.count == 0, edited, error);
	if (result < 0)
		return result;
	return has_changed_as_meant(*edited, &rules, index, old != NULL, rule) ? 0 : refuse(edited, error);
}

/* A drop-in without the key is an error. Its line was that of the rule if all was on one. */
static int keep_key(char **text, struct error *error)
{
	CLEANUP(written_rules_clear) struct written_rules rules = {0};
	struct reader reader = {.rules = &rules};
	char *longer = NULL;
	int result = *text != NULL ? read_text(*text, strlen(*text), &reader, error) : no_memory(error);

	if (result < 0 || reader.rules_line > 0)
		return 0; /* whether it is right is seen later */
	if (asprintf(&longer, "%s" RULES_KEY ": []\n", *text) < 0)
		return no_memory(error);
	free(*text);
	*text = longer;
	return 0;
}

int dropin_remove_rule(const char *bytes, size_t length, const char *key, const char *value, char **edited,
		       struct error *error)
{
	CLEANUP(written_rules_clear) struct written_rules rules = {0};
	const struct text text = {bytes, bytes + length};
	const struct written_rule *old = NULL;
	struct change change = {0};
	int result = written_rules_read(bytes, length, &rules, error);

	if (result < 0)
		return result;
	old = written_rules_find(&rules, key, value);
	if (old == NULL)
		return error_set(error, -ENOENT, "there is no such rule");
	change.from = line_at(&text, old->line);
	change.to = end_of_rule(&text, change.from);
	result = write_change(&text, &change, false, edited, error);
	if (result == 0)
		result = keep_key(edited, error);
	if (result < 0)
		return result;
	return has_changed_as_meant(*edited, &rules, (size_t)(old - rules.items), 1, NULL) ? 0 : refuse(edited, error);
}
