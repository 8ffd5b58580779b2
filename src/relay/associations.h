/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_ASSOCIATIONS_H
#define CGTPROXY_RELAY_ASSOCIATIONS_H

#include "relay/state.h"

/* All associations of a relay, see association.h: which one a datagram is for, and how many there may be. */

/** Sets up a relay's table of them. @max: associations at the same time */
void associations_init(struct associations *associations, size_t max);

/** Passes on a client's datagram, through an association that may have to be made. Best effort, as UDP is. */
void associations_pass(struct relay *relay, const struct endpoint *client, const struct endpoint *destination,
		       const void *data, size_t length);

/** Ends all of a relay's. */
void associations_end(struct relay *relay);

/** Frees those that are over. Only while no event is being handled. */
void associations_bury(struct relay *relay);

#endif
