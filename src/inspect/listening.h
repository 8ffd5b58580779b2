/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_LISTENING_H
#define CGTPROXY_INSPECT_LISTENING_H

#include "config/config.h"

#include <stdbool.h>

/**
 * Returns whether nobody listens on a proxy's port, over TCP or UDP, in this network namespace; false also if the
 * kernel does not say. It takes no privileges.
 */
bool proxy_is_absent(const struct proxy *proxy);

/**
 * Returns whether only sockets that are bound to all addresses listen for a dns-hijack over UDP, on this host. The
 * source of their replies is what routing chooses, unless the program sets it by packet info (IP_PKTINFO in ip(7)),
 * which the kernel does not show of a socket.
 */
bool hijack_server_is_wildcard(const struct dns_hijack *hijack);

#endif
