/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PACKET_H
#define CGTPROXY_INSPECT_PACKET_H

#include "inspect/destination.h"
#include "inspect/gateway_match.h"

/** A kind of packets, to one destination. */
struct packet {
	struct destination destination; /* with a protocol, IPPROTO_*; and a port, unless that doesn't matter */
	const struct sender *sender;	/* another host that sends them, or NULL: this one does */
};

#endif
