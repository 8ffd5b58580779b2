/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_CONNECTION_H
#define CGTPROXY_RELAY_CONNECTION_H

#include "relay/state.h"

/*
 * A connection from its start to its end: the upstream is connected to, told the destination, and then both sides get
 * what the other sends, the end of it included. A reset of either side, and any failure before that, reset the other.
 */

/**
 * Takes over a client's socket, which is closed whatever happens.
 *
 * @destination: if its address is a fake one, its name is held until the end
 * @source:	 counts it, or NULL
 *
 * Returns 0 or -ENOMEM.
 */
int connection_begin(struct relay *relay, int client, const struct destination *destination, struct source *source);

/**
 * Begins one that the relay makes for itself.
 *
 * @socket: its side of a pair, where others have a client; closed whatever happens
 * @owner:  has the connection as long as there is one
 *
 * Returns 0 or a negative errno.
 */
int connection_begin_own(struct relay *relay, int socket, const struct destination *destination,
			 struct connection_owner *owner);

/** Ends all of a relay's. */
void connections_end(struct relay *relay);

/** Frees those that are over. Only while no event is being handled. */
void connections_bury(struct relay *relay);

#endif
