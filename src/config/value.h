/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_VALUE_H
#define CGTPROXY_CONFIG_VALUE_H

#include "config/config.h"
#include "config/keys.h"
#include "util/fwmark.h"

/*
 * Scalars of the config, read as Go's yaml.v3 reads them, since configs are written for it. These are readers for
 * tables of keys: an invalid value leaves the output unchanged, and the error says what was expected.
 */

/** Reads a whole number from @key's least to its most into a uint32_t: decimal, 0x, 0o, 0b, with _ between digits. */
bool value_number(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** Reads a port, 1 to 65535, into a uint16_t. */
bool value_port(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** Reads true or false, also yes, no, on, off, y and n, into a bool. */
bool value_bool(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** Reads one of @key's words into an enum. */
bool value_word(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** Reads an IPv4 address into a struct in_addr. */
bool value_ip4(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** Reads an IPv6 address into a struct in6_addr. */
bool value_ip6(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** Reads an address or a CIDR of either family; host bits are cleared. Returns false, without an error, for others. */
bool value_is_network(struct fy_node *node, struct network *out);

/** The same into a struct network, for tables of keys. */
bool value_network(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** Reads a non-empty string into a char *, from malloc; the previous one is freed. */
bool value_string(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** Reads a fwmark, VALUE or VALUE/MASK; the value has no bit outside the mask and is not 0. */
bool value_mark(struct fy_node *node, const struct key *key, struct fwmark *mark, struct diagnostics *diagnostics);

#endif
