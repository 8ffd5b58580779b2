/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_LISTENER_H
#define CGTPROXY_RELAY_LISTENER_H

#include "relay/state.h"
#include "util/error.h"

/*
 * The sockets that get what TPROXY diverts: transparent ones, whose connections have the addresses of the destinations.
 * A connection whose address is this host's own was made to the relay itself and is refused, so that it is no open
 * proxy and does not connect to itself.
 */

/**
 * Takes the sockets that systemd passed on, if there are any.
 *
 * Returns how many, or a negative errno.
 */
int listeners_inherit(struct relay *relay, struct error *error);

/**
 * Makes sockets that listen on a port, and sockets for UDP, for IPv4 and, where there is IPv6, for IPv6; which needs
 * CAP_NET_ADMIN or CAP_NET_RAW.
 *
 * Returns 0 or a negative errno. Close them whatever this returns.
 */
int listeners_make(struct relay *relay, uint16_t port, struct error *error);

/** Begins to accept connections and to receive datagrams. Returns 0 or a negative errno. */
int listeners_start(struct relay *relay, struct error *error);

/** Accepts again after a pause, if there is room since then. */
void listeners_resume(struct relay *relay);

void listeners_close(struct relay *relay);

#endif
