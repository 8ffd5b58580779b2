/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_RELAY_H
#define CGTPROXY_RELAY_RELAY_H

#include "config/upstream.h"
#include "relay/dns_options.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a relay is to do. */
struct relay_options {
	struct upstream *upstream;
	uint16_t port;		 /* to listen on, unless systemd passes on sockets; 0: it has to */
	bool is_port_certain;	 /* such sockets are a mistake */
	size_t connections_max;	 /* 0: as many as there can be files */
	size_t connections_each; /* of one client's address, at most; 0: any number */
	size_t udp_clients;	 /* addresses with ports that may have UDP at the same time; 0: as files allow */
	uint64_t udp_idle;	 /* in usec, after which one that sends nothing is forgotten */
	uint64_t upstream_time;	 /* in usec, within which the upstream has to take a request */
	uint64_t answer_time;	 /* likewise to say what became of it */
	uint64_t idle;		 /* likewise, after which a connection without data ends; 0: never */
	struct dns_options dns;
};

/**
 * Relays until SIGTERM or SIGINT.
 *
 * Returns 0 or a negative errno.
 */
int relay_run(const struct relay_options *options, struct error *error);

#endif
