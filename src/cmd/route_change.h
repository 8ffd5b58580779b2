/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_ROUTE_CHANGE_H
#define CGTPROXY_CMD_ROUTE_CHANGE_H

#include "cmd/choose.h"
#include "cmd/cmd.h"
#include "config/config.h"
#include "inspect/coverage.h"

#include <stdbool.h>

/* Changes a rule in the drop-in of "cgtproxy route", for that command and for "cgtproxy top". */

/** What a change came to. */
struct route_change {
	struct config *config;	      /* as it is now */
	struct comparison comparison; /* of it with the cgroups; without a tree if they can't be read */
	int32_t rule;		      /* the index of the rule that was put, or NO_RULE */
	char *edited;		      /* the drop-in's text as it is now */
	char *old_target;	      /* of the rule that was there before; NULL if there was none */
	bool is_denied;		      /* the change failed for lack of permission */
};

/**
 * Writes a rule into the drop-in, in the place of the one with the same selector if there is one. The daemon is yet to
 * be reloaded. Logs what goes wrong; nothing is changed then. A rule that would send a proxy's own traffic back to it
 * goes wrong as well.
 *
 * @present: the config as it is
 * @target:  the name of one of its targets
 * @change:  zeroed; release with route_change_clear(), also on failure
 *
 * Returns EXIT_OK, EXIT_USAGE for a value that no rule can have, or EXIT_ERROR.
 */
int route_change_put(const struct arguments *arguments, const struct config *present, const struct choice *choice,
		     const char *target, struct route_change *change);

/**
 * Removes the rule with a selector from the drop-in; otherwise as route_change_put(). It is an error if there is none.
 */
int route_change_remove(const struct arguments *arguments, const char *key, const char *value,
			struct route_change *change);

/** Logs what keeps a rule that was put from having its effect: earlier rules, a proxy that does not listen. */
void route_change_warn(const struct route_change *change);

void route_change_clear(struct route_change *change);

#endif
