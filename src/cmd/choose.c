/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/choose.h"

#include "cmd/cmd.h"
#include "inspect/names.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"
#include "util/suffix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 10 };

static int no_memory(void)
{
	log_error("no memory to look for what runs");
	return EXIT_ERROR;
}

void choice_clear(struct choice *choice)
{
	free(choice->key);
	free(choice->value);
	free(choice->name);
	*choice = (struct choice){0};
}

const char *choose_explicit(const char *word, const char **key)
{
	for (int kind = APPLICATION_APP; kind <= APPLICATION_CGROUP; kind++) {
		const char *name = application_key((enum application_kind)kind);
		const size_t length = strlen(name);

		if (strncmp(word, name, length) == 0 && word[length] == ':' && word[length + 1] != '\0') {
			*key = name;
			return word + length + 1;
		}
	}
	return NULL;
}

static char *shown(const char *text)
{
	const size_t size = ESCAPED_SIZE(strlen(text));
	char *out = malloc(size);

	if (out != NULL)
		escape_but_backslash(out, size, text, strlen(text));
	return out;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): it is freed with the choice */
static int set(struct choice *choice, const char *key, char *value, const char *name)
{
	*choice = (struct choice){strdup(key), value, strdup(name)};
	if (choice->key != NULL && choice->value != NULL && choice->name != NULL)
		return EXIT_OK;
	choice_clear(choice);
	return no_memory();
}

static void log_match(const struct match *match)
{
	const char *key = application_key(match->kind);
	CLEANUP(freep) char *value = application_value(match->kind, match->id);
	CLEANUP(freep) char *shown_value = value != NULL ? shown(value) : NULL;
	CLEANUP(freep) char *name = shown(match->name);
	/* of a user, that would be the name once more */
	CLEANUP(freep)
	char *users = match->users != NULL && match->kind != APPLICATION_USER ? shown(match->users) : NULL;

	if (shown_value == NULL || name == NULL)
		return;
	if (users != NULL && match->runs)
		log_error("  %s:%s  (%s, of %s)", key, shown_value, name, users);
	else if (users != NULL)
		log_error("  %s:%s  (%s, of %s, not running)", key, shown_value, name, users);
	else if (match->runs)
		log_error("  %s:%s  (%s)", key, shown_value, name);
	else
		log_error("  %s:%s  (%s, not running)", key, shown_value, name);
}

static int ask_back(const char *word, const struct matches *matches)
{
	CLEANUP(freep) char *name = shown(word);

	log_error("\"%s\" is ambiguous; use one of these instead:", name != NULL ? name : "");
	for (size_t i = 0; i < matches->count && i < SHOWN_MAX; i++)
		log_match(&matches->items[i]);
	if (matches->count > SHOWN_MAX)
		log_error("  and %zu more", matches->count - SHOWN_MAX);
	return EXIT_USAGE;
}

/* The key of the selector that a word can only be meant for, or NULL. */
static const char *key_of_unit(const char *word)
{
	static const char *const suffixes[] = {".service", ".socket", ".scope", ".mount", ".swap"};

	if (strpbrk(word, "/: ") != NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (has_suffix(word, suffixes[i]))
			return "unit";
	}
	return has_suffix(word, ".slice") ? "slice" : NULL;
}

/* Returns what a rule for a word that is not known would be written for, to be freed with free(). */
static char *anyway(const char *word)
{
	CLEANUP(freep) char *name = shown(word);
	const char *key = key_of_unit(word);
	char *selector = NULL;

	if (key == NULL)
		return strdup(_("app:ID or unit:NAME.service"));
	return name != NULL && asprintf(&selector, "%s:%s", key, name) >= 0 ? selector : NULL;
}

static int suggest(const char *word, const struct matches *matches)
{
	CLEANUP(freep) char *name = shown(word);
	CLEANUP(freep) char *near = matches->suggestion_count > 0 ? shown(matches->suggestions[0]) : NULL;
	CLEANUP(freep) char *selector = anyway(word);

	if (name == NULL || selector == NULL)
		return no_memory();
	if (near != NULL)
		log_error("nothing called \"%s\" is running or installed; did you mean \"%s\"? \"cgtproxy apps\" lists "
			  "what is running; to write a rule anyway, name the selector: %s",
			  name, near, selector);
	else
		log_error("nothing called \"%s\" is running or installed. \"cgtproxy apps\" lists what is running; to "
			  "write a rule anyway, name the selector: %s",
			  name, selector);
	return EXIT_USAGE;
}

bool choose_refuse_full_width(const char *word)
{
	static const char colon[] = "\xef\xbc\x9a"; /* U+FF1A */
	const char *at = strstr(word, colon);
	CLEANUP(freep) char *name = shown(word);
	CLEANUP(freep) char *rest = at != NULL ? shown(at + strlen(colon)) : NULL;

	if (at == NULL || name == NULL || rest == NULL)
		return false;
	if (strspn(word, "abcdefghijklmnopqrstuvwxyz-") != (size_t)(at - word))
		return false;
	log_error("\"%s\" has a full-width colon; write \"%.*s:%s\"", name, (int)(at - word), word, rest);
	return true;
}

bool choose_has_control_characters(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	}
	return false;
}

static int refuse_word(const char *word)
{
	CLEANUP(freep) char *name = shown(word);

	log_error("\"%s\" is not a name, since there are control characters in it", name != NULL ? name : "");
	return EXIT_USAGE;
}

static int find(const struct config *config, const char *word, struct matches *matches)
{
	CLEANUP(desktop_entries_clear) struct desktop_entries entries = {0};
	CLEANUP(applications_clear) struct applications applications = {0};
	struct error error;

	if (applications_read(config->cgroup_root, &entries, &applications, &error) < 0) {
		log_error("%s", error.text);
		return EXIT_ERROR;
	}
	return names_find(&applications, &entries, word, matches) < 0 ? no_memory() : EXIT_OK;
}

int choose(const struct config *config, const char *word, struct choice *choice)
{
	CLEANUP(matches_clear) struct matches matches = {0};
	const char *key = NULL;
	const char *value = choose_explicit(word, &key);
	int code = EXIT_OK;

	if (choose_has_control_characters(word))
		return refuse_word(word);
	if (value != NULL)
		return set(choice, key, strdup(value), value);
	if (choose_refuse_full_width(word))
		return EXIT_USAGE;
	code = find(config, word, &matches);
	if (code != EXIT_OK)
		return code;
	if (matches.count == 0)
		return suggest(word, &matches);
	if (matches.count > 1)
		return ask_back(word, &matches);
	return set(choice, application_key(matches.items[0].kind),
		   application_value(matches.items[0].kind, matches.items[0].id), matches.items[0].name);
}
