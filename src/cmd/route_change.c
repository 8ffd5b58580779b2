/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/route_change.h"

#include "cmd/routes_file.h"
#include "cmd/target.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/log.h"

#include <stdlib.h>
#include <string.h>

void route_change_clear(struct route_change *change)
{
	config_free(change->config);
	free(change->edited);
	free(change->old_target);
	*change = (struct route_change){0};
}

static int fail(const struct routes_file *file, const char *reason)
{
	log_error("%s/" DROPIN_DIRECTORY "/" ROUTES_FILE ": %s", file->path, reason);
	return EXIT_ERROR;
}

static int note_old(const struct written_rule *old, struct route_change *change)
{
	if (old == NULL)
		return 0;
	change->old_target = strdup(old->target);
	return change->old_target != NULL ? 0 : -1;
}

/* Writes the text that is in the change. */
static int write_change(const struct arguments *arguments, struct routes_file *file, struct route_change *change)
{
	change->config = routes_file_write(arguments, file, change->edited);
	change->is_denied = file->is_denied;
	return change->config != NULL ? EXIT_OK : EXIT_ERROR;
}

static int put_rule(const struct arguments *arguments, struct routes_file *file, const struct written_rule *rule,
		    struct route_change *change)
{
	struct error error;

	if (note_old(written_rules_find(&file->rules, rule->key, rule->value), change) < 0)
		return fail(file, "no memory");
	if (dropin_put_rule(file->text, file->length, rule, &change->edited, &error) < 0)
		return fail(file, error.text);
	return write_change(arguments, file, change);
}

int route_change_put(const struct arguments *arguments, const struct config *present, const struct choice *choice,
		     const char *target, struct route_change *change)
{
	CLEANUP(routes_file_close) struct routes_file file = {.directory = -1};
	struct written_rule rule = {.key = choice->key, .value = choice->value};
	CLEANUP(freep) char *name = strdup(target);
	uint32_t number = 0;
	int code = EXIT_OK;

	if (choose_has_control_characters(choice->value)) {
		log_error("no rule can be written for this, since there are control characters in its name");
		return EXIT_ERROR;
	}
	code = routes_file_open(arguments, true, &file);
	change->is_denied = file.is_denied;
	if (code != EXIT_OK)
		return code;
	if (name == NULL)
		return fail(&file, "no memory");
	rule.target = name;
	rule.is_tproxy = target_find(present, target, &number) && number >= TARGET_FIRST_PROXY;
	return put_rule(arguments, &file, &rule, change);
}

static int log_missing(const char *key, const char *value)
{
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(strlen(value)));

	if (shown != NULL)
		log_error("there is no route for %s:%s; \"cgtproxy route --list\" lists them", key,
			  escape_but_backslash(shown, ESCAPED_SIZE(strlen(value)), value, strlen(value)));
	return EXIT_ERROR;
}

int route_change_remove(const struct arguments *arguments, const char *key, const char *value,
			struct route_change *change)
{
	CLEANUP(routes_file_close) struct routes_file file = {0};
	const struct written_rule *old = NULL;
	struct error error;
	int code = routes_file_open(arguments, true, &file);

	change->is_denied = file.is_denied;
	if (code != EXIT_OK)
		return code;
	old = written_rules_find(&file.rules, key, value);
	if (old == NULL)
		return log_missing(key, value);
	if (note_old(old, change) < 0)
		return fail(&file, "no memory");
	if (dropin_remove_rule(file.text, file.length, key, value, &change->edited, &error) < 0)
		return fail(&file, error.text);
	return write_change(arguments, &file, change);
}
