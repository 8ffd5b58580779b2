/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_SELECTORS_H
#define CGTPROXY_CONFIG_SELECTORS_H

#include "config/config.h"
#include "config/yaml.h"

/*
 * Selectors that say in systemd's terms which cgroups a rule is for. Each becomes an expression, anchored at the mount,
 * for the cgroup of what it names and everything below it. Only slices may stand in front of a unit, and only the
 * manager makes cgroups within slices; so nobody gets a system unit's rule by giving the name of that unit to a cgroup
 * that was delegated to them.
 */

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
 * @rule: gets its pattern, which is valid unless something is wrong with the value, and its selector
 */
void read_selector(struct fy_node *node, enum selector selector, struct config_rule *rule,
		   struct diagnostics *diagnostics);

#endif
