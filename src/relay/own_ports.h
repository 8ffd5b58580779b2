/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_OWN_PORTS_H
#define CGTPROXY_RELAY_OWN_PORTS_H

#include "relay/state.h"

/*
 * The relay's own connections: if its cgroup is not direct, TPROXY sends them back to it, and each would make another
 * one, until there are no more descriptors.
 */

/** Notes the port that a connection's socket to the upstream has on this host, if it has one. */
void own_ports_note(struct connection *connection);

/** Forgets it. */
void own_ports_forget(struct connection *connection);

/** Returns whether a client is the relay itself. */
bool own_ports_have(const struct relay *relay, const struct endpoint *client);

#endif
