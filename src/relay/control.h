/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_CONTROL_H
#define CGTPROXY_RELAY_CONTROL_H

#include "relay/association.h"

/*
 * The TCP connection that an association has with a SOCKS5 server: it asks for the port, and keeps it for as long as it
 * is open. Nothing else is ever sent on it.
 */

/** Connects to the upstream. The association is opened, or fails, then or later. */
void control_begin(struct association *association);

#endif
