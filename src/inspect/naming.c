/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/naming.h"

#include "config/load.h"
#include "desktop/unit.h"
#include "policy/pattern_set.h"
#include "policy/policy.h"
#include "util/cleanup.h"
#include "util/suffix.h"

#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = NAME_MAX + 1 };

/* What is of interest in the path of a cgroup. */
struct parts {
	bool in_manager;       /* below a user's manager */
	char slice[NAME_SIZE]; /* the innermost of the slices that the path begins with, or "" */
	char unit[NAME_SIZE];  /* what is in it, or "" */
};

static bool has_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Copies the next name of a path, without the "_" that systemd puts before some (cg_escape()); false at the end. */
static bool next_name(const char **path, char name[NAME_SIZE])
{
	const char *begin = *path + strspn(*path, "/");
	size_t length = strcspn(begin, "/");

	if (length == 0 || length >= NAME_SIZE)
		return false;
	*path = begin + length;
	begin += *begin == '_';
	snprintf(name, NAME_SIZE, "%.*s", (int)(*path - begin), begin);
	return true;
}

static void split(const char *path, struct parts *parts)
{
	char name[NAME_SIZE];

	while (*parts->unit == '\0' && next_name(&path, name)) {
		if (has_suffix(name, ".slice")) {
			memcpy(parts->slice, name, NAME_SIZE);
		} else if (!parts->in_manager && has_prefix(name, "user@") && has_prefix(parts->slice, "user-")) {
			parts->in_manager = true;
			*parts->slice = '\0';
		} else {
			memcpy(parts->unit, name, NAME_SIZE);
		}
	}
}

/* One of systemd's or a desktop's, in which there is much else. */
static bool is_common_slice(const char *name)
{
	static const char *const common[] = {"system.slice",  "user.slice",	  "machine.slice", "app.slice",
					     "session.slice", "background.slice", "init.slice",	   "-.slice"};

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		if (strcmp(name, common[i]) == 0)
			return true;
	}
	return *name == '\0' || has_prefix(name, "user-") || has_prefix(name, "system-") || has_prefix(name, "app-");
}

static bool is_plain(const char *value)
{
	return isalnum((unsigned char)*value) && value[strspn(value, "abcdefghijklmnopqrstuvwxyz"
								     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
								     "0123456789_.@\\-")] == '\0';
}

static bool is_printable(const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value < ' ' || *value > '~')
			return false;
	}
	return true;
}

/* Returns "KEY: VALUE" as YAML, or NULL if out of memory. */
static char *write_line(const char *key, const char *value)
{
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	if (out == NULL)
		return NULL;
	fprintf(out, "%s: ", key);
	if (is_plain(value)) {
		fputs(value, out);
	} else {
		fputc('\'', out);
		for (; *value != '\0'; value++)
			fputs(*value == '\'' ? "''" : (const char[]){*value, '\0'}, out);
		fputc('\'', out);
	}
	if (fclose(out) == 0)
		return line;
	free(line);
	return NULL;
}

/* Whether a rule with this selector would be read without errors, and match the cgroup. */
static bool is_rule_for(const char *selector, const char *path)
{
	CLEANUP(freep) char *text = NULL;
	CLEANUP(config_freep) struct config *config = NULL;
	CLEANUP(policy_freep) struct policy *policy = NULL;
	struct diagnostics diagnostics = {0};
	int length = asprintf(&text, "version: 1\nrules:\n  - %s\n    direct: true\n", selector);

	if (length < 0) {
		text = NULL;
		return false;
	}
	config_parse(text, (size_t)length, &config, &diagnostics);
	diagnostics_clear(&diagnostics);
	if (config == NULL || config->rule_count != 1)
		return false;
	policy = policy_new((const char *const[]){config->rules[0].pattern}, 1);
	return policy != NULL && policy_match(policy, path, strlen(path)) == 0;
}

/* Tries a selector; returns the line if it is right, or NULL. */
static char *try_selector(const char *key, const char *name, const char *path)
{
	char *line = is_printable(name) ? write_line(key, name) : NULL;

	if (line != NULL && is_rule_for(line, path))
		return line;
	free(line);
	return NULL;
}

static char *name_unit(const struct parts *parts, const char *path, bool *temporary)
{
	struct desktop_unit unit;
	char *line = NULL;

	if (parts->in_manager && desktop_unit_read(parts->unit, &unit))
		line = try_selector("app", unit.id, path);
	*temporary = line == NULL && has_suffix(parts->unit, ".scope");
	if (*temporary && !is_common_slice(parts->slice)) {
		*temporary = false;
		line = try_selector("slice", parts->slice, path);
	}
	return line != NULL ? line : try_selector(parts->in_manager ? "user-unit" : "unit", parts->unit, path);
}

/* Whether the expression's next character can be typed; a backslash is as its successor is. */
static bool can_be_typed(const char *at)
{
	if (*at == '\\')
		at++;
	return *at >= ' ' && *at <= '~';
}

/* Without the backslashes that RE2 allows and nobody writes. Characters that can't be typed are whatever stands there.
 */
static void write_typed(const char *quoted, FILE *out)
{
	bool was_typed = true;

	for (const char *at = quoted; *at != '\0'; at++) {
		bool typed = can_be_typed(at);

		if (*at == '\\' && strchr("\\.+*?()|[]{}^$", at[1]) == NULL)
			continue;
		if (*at == '\'') /* libfyaml misreads two quotes in a quoted text */
			fputs("\\x27", out);
		else if (typed)
			fputc(*at, out);
		else if (was_typed)
			fputs("[^/]+", out);
		was_typed = typed;
		if (*at == '\\')
			fputc(*++at, out);
	}
}

static char *write_expression(const char *path)
{
	CLEANUP(freep) char *quoted = pattern_quote(path, strlen(path));
	char *pattern = NULL;
	size_t size = 0;
	FILE *out = NULL;

	if (strcmp(path, "/") == 0)
		return strdup("^/$");
	out = quoted != NULL ? open_memstream(&pattern, &size) : NULL;
	if (out == NULL)
		return NULL;
	fputc('^', out);
	write_typed(quoted, out);
	fputs("(/|$)", out);
	if (fclose(out) == 0)
		return pattern;
	free(pattern);
	return NULL;
}

char *naming_selector(const char *path, bool *temporary)
{
	CLEANUP(freep) char *pattern = NULL;
	struct parts parts = {0};
	char *line = NULL;

	*temporary = false;
	split(path, &parts);
	if (*parts.unit != '\0')
		line = name_unit(&parts, path, temporary);
	else if (!is_common_slice(parts.slice))
		line = try_selector("slice", parts.slice, path);
	if (line != NULL)
		return line;
	pattern = write_expression(path);
	return pattern != NULL ? write_line("match", pattern) : NULL;
}

/* What write_line() has written, without YAML's quotes. */
static void unquote(char *line)
{
	char *from = strchr(line, ':');
	char *to = from + 1;
	bool is_quoted = false;

	from += strlen(": ");
	is_quoted = *from == '\'';
	for (from += is_quoted; *from != '\0' && !(is_quoted && from[0] == '\'' && from[1] == '\0'); from++) {
		from += is_quoted && from[0] == '\'' && from[1] == '\'';
		*to++ = *from;
	}
	*to = '\0';
}

char *naming_word(const char *path, bool *temporary)
{
	char *line = naming_selector(path, temporary);

	if (line != NULL)
		unquote(line);
	return line;
}
