/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PROXIES_H
#define CGTPROXY_INSPECT_PROXIES_H

#include "config/config.h"
#include "inspect/problems.h"
#include "route/primary.h"
#include "socket/listeners.h"

#include <stdbool.h>

/* Whether proxies listen in such a way that TPROXY can hand them what is sent to them. */

/** What is known of the host, by which listeners are judged. */
struct proxy_surroundings {
	bool has_ip6; /* packets of IPv6 have a way out, so that there are some to be proxied */
	struct primary_address ip;
	struct primary_address ip6;
};

/** Looks at this network namespace. Returns 0 or a negative errno. */
int proxies_look_around(struct proxy_surroundings *surroundings);

/** Returns whether TPROXY can find a socket, so that it gets what is sent to its port. */
bool tproxy_finds_listener(const struct listener *listener, const struct proxy_surroundings *surroundings);

/**
 * Judges who listens on the port of a proxy.
 *
 * @listeners: all that listen on it
 *
 * Returns 0 or a negative errno.
 */
int proxy_judge(const struct config *config, const struct proxy *proxy, const struct listeners *listeners,
		const struct proxy_surroundings *surroundings, struct problems *problems);

#endif
