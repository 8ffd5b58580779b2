/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DATAGRAMS_H
#define CGTPROXY_RELAY_DATAGRAMS_H

#include "relay/state.h"
#include "util/error.h"

/*
 * The UDP sockets that get what TPROXY diverts, each datagram with its destination, and the answers to clients. Only
 * answers need a capability, CAP_NET_RAW: each comes from the address that the client had sent to, or, as with any full
 * cone, from another one that answers it.
 */

enum { DATAGRAM_MAX = UINT16_MAX }; /* bytes of relay->datagrams.buffer, which each that is received is read into */

/** Takes over a UDP socket that systemd passed on. Returns 0 or a negative errno. */
int datagrams_take(struct relay *relay, int fd, struct error *error);

/** Makes sockets for a port, likewise to listeners_make(). */
int datagrams_make(struct relay *relay, uint16_t port, struct error *error);

/** Begins to receive; or says that there can be no answers, and goes on without. Returns 0 or a negative errno. */
int datagrams_start(struct relay *relay, struct error *error);

/** Sends a datagram to a client, from the address that it had sent to. Best effort; failures are logged by cause. */
void datagrams_answer(struct relay *relay, const struct endpoint *client, const struct endpoint *source,
		      const void *data, size_t length);

void datagrams_close(struct relay *relay);

#endif
