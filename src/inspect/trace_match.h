/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_TRACE_MATCH_H
#define CGTPROXY_INSPECT_TRACE_MATCH_H

#include "inspect/packet.h"
#include "nft/ruleset.h"

#include <stdbool.h>

/* What the statements of a rule mean for the first packet of a flow. */

/** Returns whether a condition holds; actions always do. */
bool match_holds(const struct ruleset *ruleset, const struct packet *packet, const struct statement *statement);

/** Returns the verdict that a lookup by the sender has, or NULL; also if the statement is no such lookup. */
const struct verdict *match_sender(const struct ruleset *ruleset, const struct packet *packet,
				   const struct statement *statement);

/** Returns whether an address is in an interval set, where the last boundary at or before it decides; not in NULL. */
bool match_is_in(const struct set *set, const struct endpoint *address);

#endif
