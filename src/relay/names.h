/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_NAMES_H
#define CGTPROXY_RELAY_NAMES_H

#include "relay/state.h"

/* Destinations whose addresses are fake ones (fake_ip.h), and what they are called. */

/** Returns whether an address is one that names get, so that nobody has it. */
bool relay_is_fake(const struct relay *relay, const struct endpoint *endpoint);

/**
 * Returns the name that an address stands for, and notes that it is used; or NULL if it stands for none. If it is a
 * fake one nevertheless, nothing can be sent there: it is to be refused.
 *
 * The name stays until its address is given to another name, which is FAKE_IP_LEASE after its last use at the earliest,
 * and not while it is held. So it is not to be kept, but asked for again for each datagram.
 */
const char *relay_name_of(struct relay *relay, const struct endpoint *endpoint);

/** Keeps a fake address's name until names_release(): for each connection to it. Does nothing for other addresses. */
void names_hold(struct relay *relay, const struct endpoint *endpoint);
void names_release(struct relay *relay, const struct endpoint *endpoint);

#endif
