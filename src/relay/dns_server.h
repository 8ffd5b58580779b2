/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DNS_SERVER_H
#define CGTPROXY_RELAY_DNS_SERVER_H

#include "relay/dns_service.h"

/*
 * A name server that is asked through the upstream. Its connection is one of the relay's like any other, with a pair of
 * sockets where others have a client; what is said on it is that of dns_tcp.h.
 */

/** Prepares it without connecting. Returns 0 or -ENOMEM. */
int dns_server_begin(struct dns_service *service, const struct endpoint *server, struct error *error);

#endif
