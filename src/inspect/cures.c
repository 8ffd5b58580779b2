/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/cures.h"

#include "config/load.h"
#include "inspect/problems.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/quote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *shown_copy(const char *text)
{
	const size_t length = strlen(text);
	char *shown = malloc(ESCAPED_SIZE(length));

	if (shown != NULL)
		escape_but_backslash(shown, ESCAPED_SIZE(length), text, length);
	return shown;
}

char *place_in_file(const struct config *config, int line)
{
	CLEANUP(freep) char *file = config->file != NULL ? shown_copy(config->file) : strdup(_("the config"));
	char *place = NULL;

	if (file == NULL || line == 0)
		return file != NULL ? strdup(file) : NULL;
	return asprintf(&place, _("line %d of %s"), line, file) < 0 ? NULL : place;
}

char *place_of_rule(const struct config *config, int32_t rule)
{
	const struct config_rule *at = &config->rules[rule];
	char place[RULE_PLACE_SIZE];

	return at->dropin == NULL ? place_in_file(config, at->position.line) : strdup(config_rule_place(at, place));
}

static bool is_route(const struct config_rule *rule)
{
	return rule->dropin != NULL && strcmp(rule->dropin, ROUTES_PLACE) == 0;
}

bool is_overridden(const struct config *config, int32_t rule, int32_t by)
{
	return is_route(&config->rules[by]) && !is_route(&config->rules[rule]);
}

/* Returns KEY:VALUE, quoted, or NULL for a list of names, for what had to be escaped, and without memory. */
static char *route_name(const struct config_rule *rule)
{
	const char *colon = strstr(rule->selector, ": ");
	CLEANUP(freep) char *name = NULL;

	if (colon == NULL || colon[2] == '[' || strpbrk(colon, "\\'\"") != NULL ||
	    asprintf(&name, "%.*s:%s", (int)(colon - rule->selector), rule->selector, colon + 2) < 0)
		return NULL;
	return quote_for_shell(name);
}

static char *cure_by_forgetting(const struct config *config, int32_t rule)
{
	CLEANUP(freep) char *name = route_name(&config->rules[rule]);
	CLEANUP(freep) char *file = config->file != NULL ? quote_for_shell(config->file) : NULL;
	const bool is_usual = file == NULL || strcmp(config->file, CONFIG_DEFAULT) == 0;

	if (name == NULL)
		return NULL;
	return problem_command("cgtproxy %s%s%sroute --forget %s", is_usual ? "" : "-c ", is_usual ? "" : file,
			       is_usual ? "" : " ", name);
}

char *cure_by_moving(const struct config *config, int32_t rule, int32_t before)
{
	CLEANUP(freep) char *from = place_of_rule(config, rule);
	CLEANUP(freep) char *to = place_of_rule(config, before);
	char *forgetting = NULL;

	if (from == NULL || to == NULL)
		return NULL;
	if (is_overridden(config, rule, before))
		forgetting = cure_by_forgetting(config, before);
	if (forgetting != NULL)
		return forgetting;
	/* the file's name once where both are in it */
	if (config->rules[rule].dropin == config->rules[before].dropin)
		return problem_cure("move the rule of line %d above %s, then: systemctl reload cgtproxy",
				    config->rules[rule].position.line, to);
	return problem_cure("move the rule of %s above %s, then: systemctl reload cgtproxy", from, to);
}

char *cure_by_key(const struct config *config, const struct proxy *proxy, const char *key, const char *value)
{
	CLEANUP(freep) char *place = place_in_file(config, proxy->position.line);

	return place != NULL ? problem_cure("write \"%s: %s\" for the proxy %s (%s), then: systemctl reload cgtproxy",
					    key, value, proxy->name, place)
			     : NULL;
}
