/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_SELECTORS_H
#define CGTPROXY_CONFIG_SELECTORS_H

#include "config/config.h"
#include "config/keys.h"

/*
 * Selectors name a rule's cgroups in systemd's terms. Each becomes an expression, anchored at the mount, for the named
 * cgroup and everything below it. Only slices may precede a unit in the path, and only the manager creates cgroups
 * within slices; so users can't get a system unit's rule by naming a cgroup delegated to them like that unit.
 */

/** The kinds of selectors: key.choice of their keys. */
enum selector {
	SELECTOR_APP,
	SELECTOR_UNIT,
	SELECTOR_USER_UNIT,
	SELECTOR_SLICE,
	SELECTOR_USER,
};

/**
 * Reads the value of a selector, a name or a list of names.
 *
 * @key:  its choice is an enum selector
 * @rule: its selector and pattern are replaced, even if the value is invalid
 *
 * Returns false, with an error, if they are unusable.
 */
bool read_selector(struct fy_node *node, const struct key *key, struct config_rule *rule,
		   struct diagnostics *diagnostics);

/**
 * Writes the selector and the pattern of a rule for one name.
 *
 * @key: the selector's name in a config
 * @name: one that selector_takes() is true of
 *
 * Returns 0 or -ENOMEM.
 */
int selector_write_rule(enum selector kind, const char *key, const char *name, struct config_rule *rule);

/** Returns whether a name is valid for a selector; false also without memory. */
bool selector_takes(enum selector kind, const char *name);

#endif
