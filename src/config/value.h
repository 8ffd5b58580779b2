/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_VALUE_H
#define CGTPROXY_CONFIG_VALUE_H

#include "config/config.h"
#include "config/yaml.h"

/*
 * Scalars of the config. Each of these reads a value as Go's yaml.v3 does, since the configs are written for it, and
 * where it is none leaves the output alone and says what was expected.
 */

/** Reads a whole number from @least to @most: decimal, 0x, 0o, 0b, with _ between digits. */
bool value_number(struct fy_node *node, const char *key, uint32_t least, uint32_t most, uint32_t *out,
		  struct diagnostics *diagnostics);

/** Reads a port, 1 to 65535. */
bool value_port(struct fy_node *node, const char *key, uint16_t *out, struct diagnostics *diagnostics);

/** Reads true or false, also yes, no, on, off, y and n. */
bool value_bool(struct fy_node *node, const char *key, bool *out, struct diagnostics *diagnostics);

/** A word that a value may be, and what it means. */
struct value_word {
	const char *word; /* NULL ends a list of them */
	int meaning;
};

/** Reads one of some words, which fit one line together. */
bool value_word(struct fy_node *node, const char *key, const struct value_word *words, int *out,
		struct diagnostics *diagnostics);

/** Reads a fwmark, VALUE or VALUE/MASK; the value has no bit outside the mask and is not 0. */
bool value_mark(struct fy_node *node, const char *key, uint32_t *mark, uint32_t *mask, struct diagnostics *diagnostics);

/** Reads an IPv4 or IPv6 address (@family AF_INET or AF_INET6) into a struct in_addr or in6_addr. */
bool value_address(struct fy_node *node, const char *key, int family, void *out, struct diagnostics *diagnostics);

/** Reads an address or a CIDR of either family; bits behind the prefix are cleared. */
bool value_network(struct fy_node *node, const char *key, struct network *out, struct diagnostics *diagnostics);

/** Reads a string that is not empty, into memory that the caller frees. */
bool value_string(struct fy_node *node, const char *key, char **out, struct diagnostics *diagnostics);

#endif
