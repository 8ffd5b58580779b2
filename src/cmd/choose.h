/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_CHOOSE_H
#define CGTPROXY_CMD_CHOOSE_H

#include "config/config.h"

#include <stdbool.h>

/** What a word of a person means, in the words of a rule. To be freed with choice_clear(). */
struct choice {
	char *key;   /* of a selector: "app" */
	char *value; /* "org.telegram.desktop" */
	char *name;  /* for people: "Telegram" */
};

/**
 * Finds out what a word means: "app:ID" and the like mean just that; for anything else, see names_find(). Logs when
 * that is nothing, or more than one thing.
 *
 * @choice: set on success
 *
 * Returns EXIT_OK, EXIT_USAGE for a word that means nothing or more than one thing, or EXIT_ERROR.
 */
int choose(const struct config *config, const char *word, struct choice *choice);

/**
 * Takes a word as "KEY:VALUE", with the key of a selector.
 *
 * Returns the value, or NULL if it is none; @key is set to the key.
 */
const char *choose_explicit(const char *word, const char **key);

/** Returns whether a word has a full-width colon, as Chinese input methods write it; logs what to type instead. */
bool choose_refuse_full_width(const char *word);

/** Returns whether a text has control characters, for which a line of YAML has no room. */
bool choose_has_control_characters(const char *text);

void choice_clear(struct choice *choice);

#endif
