/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DATAGRAMS_H
#define CGTPROXY_RELAY_DATAGRAMS_H

#include "relay/state.h"
#include "util/error.h"

/*
 * The UDP sockets that get what TPROXY diverts, each datagram with its destination. Only the answers (answers.h) need a
 * capability.
 */

/** Takes over a UDP socket that systemd passed on. Returns 0 or a negative errno. */
int datagrams_take(struct relay *relay, int fd, struct error *error);

/** Makes sockets for a port, likewise to listeners_make(). */
int datagrams_make(struct relay *relay, uint16_t port, struct error *error);

/** Begins to receive; or says that there can be no answers, and goes on without. Returns 0 or a negative errno. */
int datagrams_start(struct relay *relay, struct error *error);

void datagrams_close(struct relay *relay);

#endif
