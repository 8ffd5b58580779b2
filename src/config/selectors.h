/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_SELECTORS_H
#define CGTPROXY_CONFIG_SELECTORS_H

#include "config/config.h"
#include "config/keys.h"

/*
 * Selectors that say in systemd's terms which cgroups a rule is for. Each becomes an expression, anchored at the mount,
 * for the cgroup of what it names and everything below it. Only slices may stand in front of a unit, and only the
 * manager makes cgroups within slices; so nobody gets a system unit's rule by giving the name of that unit to a cgroup
 * that was delegated to them.
 */

/** The kinds of names: the choice of a selector's key. */
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
 * @rule: gets its selector and its pattern, in place of what was there; also when the value is at fault
 *
 * Returns false, with an error, when they are of no use.
 */
bool read_selector(struct fy_node *node, const struct key *key, struct config_rule *rule,
		   struct diagnostics *diagnostics);

#endif
