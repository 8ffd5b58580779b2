/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DNS_LIFETIME_H
#define CGTPROXY_RELAY_DNS_LIFETIME_H

#include "relay/dns_options.h"
#include "relay/dns_service.h"

/* The beginning and the end of all that has to do with questions for names. */

/**
 * Prepares it; a relay that does nothing with such questions has none (relay->dns is NULL).
 *
 * Returns 0 or a negative errno. End it whatever this returns.
 */
int dns_service_begin(struct relay *relay, const struct dns_options *options, struct error *error);

/** Ends it, after all connections. */
void dns_service_end(struct relay *relay);

/** Frees the clients that are over. Only while no event is being handled. */
void dns_service_bury(struct relay *relay);

#endif
