/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DNS_LISTENER_H
#define CGTPROXY_RELAY_DNS_LISTENER_H

#include "relay/state.h"
#include "util/address.h"

#include <stdbool.h>
#include <stddef.h>

/** Returns whether what is sent there is a question that the relay takes, be it an address of this host. */
bool dns_listener_wants(const struct relay *relay, const struct endpoint *destination);

/** Answers a question that came by UDP, now or later. */
void dns_listener_take(struct relay *relay, const struct endpoint *client, const struct endpoint *destination,
		       const void *data, size_t length);

/** Forgets all that wait for answers. */
void dns_listener_end(struct relay *relay);

#endif
