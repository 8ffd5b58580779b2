/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "top/change.h"

#include "cmd/reload.h"
#include "cmd/route_change.h"
#include "util/cleanup.h"
#include "util/language.h"
#include "util/log.h"
#include "util/quote.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void undo_clear(struct undo *undo)
{
	choice_clear(&undo->choice);
	free(undo->target);
	*undo = (struct undo){0};
}

void message_set(struct message *message, bool is_error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message->text, sizeof(message->text), translate(format), arguments);
	va_end(arguments);
	message->is_error = is_error;
}

void message_receive(int priority, const char *text, void *data)
{
	struct message *message = data;
	const size_t used = strlen(message->text);

	if (priority > LOG_WARNING)
		return;
	snprintf(message->text + used, sizeof(message->text) - used, "%s%s", used > 0 ? _("; ") : "", text);
	for (char *next = message->text + used; *next != '\0'; next++) {
		if (*next == '\n')
			*next = ' ';
	}
	message->is_error = true;
}

/* Returns the command that does the same, fit to be shown, or NULL if out of memory. */
static char *command_of(const struct arguments *arguments, const struct style *style, const struct choice *choice,
			const char *target)
{
	CLEANUP(freep) char *config = arguments->config != NULL ? quote_for_shell(arguments->config) : NULL;
	CLEANUP(freep) char *name = NULL;
	CLEANUP(freep) char *quoted = NULL;
	CLEANUP(freep) char *command = NULL;

	if (asprintf(&name, "%s:%s", choice->key, choice->value) < 0)
		return NULL;
	quoted = quote_for_shell(name);
	if (quoted == NULL || (arguments->config != NULL && config == NULL))
		return NULL;
	if (asprintf(&command, "sudo cgtproxy%s%s route%s %s%s%s", config != NULL ? " -c " : "",
		     config != NULL ? config : "", target == NULL ? " --forget" : "", quoted, target != NULL ? " " : "",
		     target != NULL ? target : "") < 0)
		return NULL;
	return style_escape(style, command, strlen(command));
}

static void report_denied(const struct arguments *arguments, const struct style *style, const struct choice *choice,
			  const char *target, struct message *message)
{
	CLEANUP(freep) char *command = command_of(arguments, style, choice, target);

	if (command != NULL)
		message_set(message, true, "No permission to change routes. As root: %s", command);
}

/* What was changed; @target: or NULL. For free(), or NULL without memory. */
static char *write_done(const char *name, const char *target)
{
	char *done = NULL;
	int length = target != NULL ? asprintf(&done, "%s -> %s", name, target)
				    : asprintf(&done, _("%s no longer has its own rule"), name);

	return length >= 0 ? done : NULL;
}

static void report_success(const struct style *style, const struct choice *choice, const char *target,
			   enum reload reload, struct message *message)
{
	CLEANUP(freep) char *name = style_escape(style, choice->name, strlen(choice->name));
	CLEANUP(freep) char *shown = target != NULL ? style_escape(style, target, strlen(target)) : NULL;
	CLEANUP(freep) char *done = write_done(name != NULL ? name : "", shown);
	const char *text = reload_text(reload);
	const bool is_error = reload != RELOAD_DONE && reload != RELOAD_NOT_RUNNING;

	if (text != NULL)
		message_set(message, is_error, "%s; %s", done != NULL ? done : "", text);
	else
		message_set(message, is_error, "%s", done != NULL ? done : "");
}

/* Returns whether the rule was changed. */
static bool change(const struct arguments *arguments, const struct style *style, const struct config *config,
		   const struct choice *choice, const char *target, struct route_change *result,
		   struct message *message)
{
	int code = EXIT_OK;

	*message = (struct message){0};
	code = target != NULL ? route_change_put(arguments, config, choice, target, result)
			      : route_change_remove(arguments, choice->key, choice->value, result);
	if (code == EXIT_OK) {
		report_success(style, choice, target, reload_daemon(result->config), message);
		route_change_warn(result);
	} else if (result->is_denied) {
		report_denied(arguments, style, choice, target, message);
	}
	return code == EXIT_OK;
}

static void remember(const struct choice *choice, const struct route_change *result, struct undo *undo)
{
	undo_clear(undo);
	undo->choice = (struct choice){strdup(choice->key), strdup(choice->value), strdup(choice->name)};
	undo->target = result->old_target != NULL ? strdup(result->old_target) : NULL;
	if (undo->choice.key == NULL || undo->choice.value == NULL || undo->choice.name == NULL ||
	    (result->old_target != NULL && undo->target == NULL))
		undo_clear(undo);
}

void change_route(const struct arguments *arguments, const struct style *style, const struct config *config,
		  const struct choice *choice, const char *target, struct undo *undo, struct message *message)
{
	CLEANUP(route_change_clear) struct route_change result = {0};
	size_t used = 0;

	if (!change(arguments, style, config, choice, target, &result, message))
		return;
	remember(choice, &result, undo);
	used = strlen(message->text);
	if (undo->choice.key != NULL)
		snprintf(message->text + used, sizeof(message->text) - used, "%s", _(". u undoes it"));
}

void change_undo(const struct arguments *arguments, const struct style *style, const struct config *config,
		 struct undo *undo, struct message *message)
{
	CLEANUP(route_change_clear) struct route_change result = {0};

	if (undo->choice.key == NULL)
		message_set(message, true, "there is nothing to undo");
	else if (change(arguments, style, config, &undo->choice, undo->target, &result, message))
		undo_clear(undo);
}
