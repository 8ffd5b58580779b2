/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_DROPIN_EDIT_H
#define CGTPROXY_CONFIG_DROPIN_EDIT_H

#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Changes rules in the text of a drop-in. Comments, the order and the layout of everything else stay as they are. A
 * text in which that can't be done for sure is left alone, and the error says so.
 */

/** A rule as it is written. All texts are as in the file: any UTF-8. */
struct written_rule {
	char *key;    /* of its selector: "app" */
	char *value;  /* what it selects: "org.telegram.desktop"; NULL for a list of names */
	char *target; /* "mihomo", "direct", "drop" or "refuse" */
	bool is_tproxy;
	int line; /* where it begins, from 1 */
};

struct written_rules {
	struct written_rule *items; /* in the order of the file */
	size_t count;
	size_t capacity;
};

/**
 * Reads the rules of a drop-in.
 *
 * @text:  a valid one, as config_load() has accepted it, or an empty one; @length bytes
 * @rules: zeroed; release with written_rules_clear(), also on failure
 *
 * Returns 0 or a negative errno with @error.
 */
int written_rules_read(const char *text, size_t length, struct written_rules *rules, struct error *error);

/** Returns the rule with that selector, or NULL; those with a list of names are not looked into. */
const struct written_rule *written_rules_find(const struct written_rules *rules, const char *key, const char *value);

void written_rule_clear(struct written_rule *rule);

void written_rules_clear(struct written_rules *rules);

/**
 * Puts a rule into a drop-in: in the place of the one with the same selector, or else a slice's or a user's behind all
 * others, and any other in front, so that what is special comes before what is general.
 *
 * @bytes:  the text, as for written_rules_read()
 * @rule:   its line means nothing
 * @edited: set to the new text, terminated by a NUL, to be freed with free()
 *
 * Returns 0, -ENOTSUP if the text can't be changed, or another negative errno, with @error.
 */
int dropin_put_rule(const char *bytes, size_t length, const struct written_rule *rule, char **edited,
		    struct error *error);

/**
 * Removes the rule with a selector from a drop-in.
 *
 * Returns -ENOENT if there is none; otherwise as dropin_put_rule().
 */
int dropin_remove_rule(const char *bytes, size_t length, const char *key, const char *value, char **edited,
		       struct error *error);

#endif
