/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_UPSTREAM_PROBE_H
#define CGTPROXY_INSPECT_UPSTREAM_PROBE_H

#include "config/config.h"
#include "inspect/upstream_talk.h"
#include "util/error.h"

#include <stdbool.h>

enum { UPSTREAM_PROBE_SECONDS = 3 };

/** What the proxy behind a relay is. All zero: there is no such proxy, or no time was left to resolve its name. */
struct upstream_probe {
	struct upstream_talk talk;
	struct upstream_address address; /* that was tried last; without a length, none was */
	bool lacks_password;		 /* there is a user, and the config does not have the password */
	bool speaks_other;		 /* the other one of SOCKS5 and HTTP */
	char text[sizeof(((struct error *)NULL)->text)]; /* why its name has no address */
};

/**
 * Tries the upstreams of all relays, at once, for UPSTREAM_PROBE_SECONDS at most. A password is sent to nobody else;
 * that somebody speaks the other protocol is found out without it.
 *
 * @probes: as many as the config has proxies
 */
void upstreams_probe(const struct config *config, struct upstream_probe *probes);

#endif
