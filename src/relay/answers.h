/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_ANSWERS_H
#define CGTPROXY_RELAY_ANSWERS_H

#include "relay/state.h"

#include <stddef.h>

/*
 * The answers to clients by UDP, which need CAP_NET_RAW: each comes from the address that the client had sent to, or,
 * as with any full cone, from another one that answers it.
 */

/** Sends a datagram to a client, from the address that it had sent to. Best effort; failures are logged by cause. */
void answers_send(struct relay *relay, const struct endpoint *client, const struct endpoint *source, const void *data,
		  size_t length);

#endif
