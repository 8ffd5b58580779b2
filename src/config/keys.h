/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_KEYS_H
#define CGTPROXY_CONFIG_KEYS_H

#include "config/yaml.h"

#include <stdint.h>

/*
 * Maps of the config. The keys of most are known and stand in a table, which says how each value is read and where it
 * goes. To add a key is to add a line to the table, and a function only where the value needs more than a reader of
 * value.h does.
 */

struct key;

/**
 * Reads the value of a key.
 *
 * @node: never an alias, and null only for a key that needs a value
 * @key:  the key's line in its table
 * @out:  the member that the line names
 *
 * Returns false, with an error in @diagnostics and @out left alone, when the value is none for this key.
 */
typedef bool (*key_reader)(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** A word that a value may be, and what it means. */
struct key_word {
	const char *word; /* NULL ends a list of them */
	unsigned meaning;
};

/** A line in a table of keys. */
struct key {
	const char *name; /* NULL ends a table */
	key_reader read;
	size_t offset;	   /* of the member for the value; 0 for a reader that takes the whole structure */
	const char *label; /* what messages call the key; NULL: its name */
	bool needs_value;  /* null is an error; for other keys it is as if they were not there */

	/* what a reader may want to know besides */
	uint32_t least, most;	      /* of a number */
	const struct key_word *words; /* that the value may be; they fit one line together */
	unsigned choice;	      /* which one it is of the keys that share a reader */
};

/** Returns what messages call a key. */
const char *key_label(const struct key *key);

/**
 * Reads a map whose keys are known. A key that is not is a warning, which names the nearest known one; anything but a
 * map is an error.
 *
 * @what: what messages call the map
 * @keys: at most 64, and one without a name
 * @out:  the structure that the offsets in @keys are for
 *
 * Returns whether it is a map.
 */
bool keys_read(struct fy_node *node, const char *what, const struct key *keys, void *out,
	       struct diagnostics *diagnostics);

/** Reads a map with keys that the user chooses; the value that @read gets is never an alias. As keys_read(). */
bool keys_read_names(struct fy_node *node, const char *what,
		     void (*read)(struct fy_node *key, struct fy_node *value, struct diagnostics *diagnostics,
				  void *userdata),
		     struct diagnostics *diagnostics, void *userdata);

#endif
