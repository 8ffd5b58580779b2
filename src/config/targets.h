/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_TARGETS_H
#define CGTPROXY_CONFIG_TARGETS_H

#include "config/config.h"
#include "config/keys.h"

/* The targets of a rule, for cgroups or of the gateway. */

/** A rule's target while its keys are read: the first member of what @out of the readers below points to. */
struct target_reader {
	const struct config *config; /* with its proxies */
	uint32_t target;
	int count; /* of the rule's targets */
};

/** Reads the name of a proxy. */
bool read_target_proxy(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** Reads true for the target that is @key's choice, or false for as if the key was absent. */
bool read_target_switch(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics);

/** Reports a rule that doesn't have exactly one target. */
void check_target(const struct target_reader *reader, struct position position, struct diagnostics *diagnostics);

#endif
