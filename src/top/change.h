/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TOP_CHANGE_H
#define CGTPROXY_TOP_CHANGE_H

#include "cmd/choose.h"
#include "cmd/cmd.h"
#include "cmd/style.h"
#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>

/** How to undo the last change of a route. */
struct undo {
	struct choice choice; /* what the rule is for; its key is NULL if there is nothing to undo */
	char *target;	      /* that it had; NULL if there was no rule */
};

/** A message for the bottom of the screen, fit to be shown there. */
struct message {
	char text[2048];
	bool is_error;
};

/** Sets a message; parts of it that come from users must have been passed through style_escape(). */
void message_set(struct message *message, bool is_error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Adds a logged message to one; a log_receiver, with the struct message as its data. */
void message_receive(int priority, const char *text, void *data);

/**
 * Changes the route of an application as "cgtproxy route" does, and has the daemon reload.
 *
 * @config:  as it is
 * @choice:  what the rule is for
 * @target:  the name of a target, or NULL to remove the rule
 * @undo:    replaced after a success
 * @message: what became of it
 */
void change_route(const struct arguments *arguments, const struct style *style, const struct config *config,
		  const struct choice *choice, const char *target, struct undo *undo, struct message *message);

/** Undoes the last change, as change_route(); after a success there is nothing left to undo. */
void change_undo(const struct arguments *arguments, const struct style *style, const struct config *config,
		 struct undo *undo, struct message *message);

void undo_clear(struct undo *undo);

#endif
