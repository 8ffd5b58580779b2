/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_KEYS_H
#define CGTPROXY_CONFIG_KEYS_H

#include "config/yaml.h"

#include <stdint.h>

/*
 * Maps of the config. Most have known keys, listed in a table that says how each value is read and where it is stored.
 * A new key is a line in the table, plus a function only if no reader in value.h fits.
 */

struct key;

/**
 * Reads the value of a key.
 *
 * @node: never an alias, and null only for keys with needs_value
 * @key:  the key's line in its table
 * @out:  the member at the line's offset
 *
 * Returns false, with an error in @diagnostics and @out unchanged, if the value is not valid for this key.
 */
typedef bool (*key_reader)(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** A word allowed as a value, and its meaning. */
struct key_word {
	const char *word; /* NULL ends a list */
	unsigned meaning;
};

/** What a key's value looks like, for the schema of the config. */
enum key_form {
	FORM_UNKNOWN, /* the schema can't be made */
	FORM_VERSION,
	FORM_MOUNT,  /* AUTO or an absolute path */
	FORM_NUMBER, /* from the key's least to its most */
	FORM_TABLE,  /* a number that is none of the kernel's own routing tables */
	FORM_BOOL,
	FORM_WORD, /* one of the key's words */
	FORM_MARK,
	FORM_PORT,
	FORM_IP4,
	FORM_IP6,
	FORM_NETWORKS, /* a list of addresses and CIDRs */
	FORM_MAP,      /* with the key's keys */
	FORM_PROXIES,  /* a map from names to maps with the key's keys */
	FORM_RULES,   /* a list of maps with the key's keys, each with one selector and one target; most, if set, limits
			 it */
	FORM_PATTERN, /* a selector: a regular expression */
	FORM_NAMES,   /* a selector: a name or a list of names; the key's choice is an enum selector */
	FORM_INTERFACES, /* a selector of the gateway: a name or a list of names of interfaces */
	FORM_SOURCES,	 /* the same: addresses and CIDRs */
	FORM_MACS,	 /* the same: MAC addresses */
	FORM_PROXY,	 /* a target: the name of a proxy */
	FORM_UPSTREAM,	 /* of a relay: the URL of a proxy */
	FORM_RELAY_DNS,	 /* the same: a word, or the URL of a name server */
	FORM_SWITCH,	 /* a target: true, or false for as if it was absent */
};

/** A line in a table of keys. */
struct key {
	const char *name; /* NULL ends a table */
	key_reader read;
	size_t offset;	   /* of the value's member; 0 for a reader that takes the whole structure */
	const char *label; /* the key's name in messages; NULL: its name */
	bool needs_value;  /* null is an error; for other keys it means absent */

	/* parameters for the reader */
	uint32_t least, most;	      /* of a number */
	const struct key_word *words; /* allowed as the value; together they fit on one line */
	unsigned choice;	      /* distinguishes keys that share a reader */

	/* for the schema */
	enum key_form form;
	const struct key *keys; /* of the map, or of each map, that the value is */
	const char *about;	/* one sentence for people, without a full stop */
};

/** Returns a key's name in messages. */
const char *key_label(const struct key *key);

/**
 * Reads a map with known keys. An unknown key is a warning that names the closest known one; anything but a map is an
 * error.
 *
 * @what: the map's name in messages
 * @keys: at most 64, then one without a name
 * @out:  the structure that the offsets in @keys refer to
 *
 * Returns whether it is a map.
 */
bool keys_read(struct fy_node *node, const char *what, const struct key *keys, void *out,
	       struct diagnostics *diagnostics);

/** Like keys_read(), for a map with keys of the user's choice; @read never gets an alias as the value. */
bool keys_read_names(struct fy_node *node, const char *what,
		     void (*read)(struct fy_node *key, struct fy_node *value, struct diagnostics *diagnostics,
				  void *userdata),
		     struct diagnostics *diagnostics, void *userdata);

#endif
