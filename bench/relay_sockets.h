/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_BENCH_RELAY_SOCKETS_H
#define CGTPROXY_BENCH_RELAY_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/** Returns 127.0.0.1 with a port; 0 for none. */
struct sockaddr_in relay_loopback(uint16_t port);

/** Returns a socket that listens on a port, of any address. */
int relay_listen(uint16_t port, bool is_transparent);

/** Returns a socket that begins to connect, without waiting for it, and sends at once. */
int relay_connect(const struct sockaddr_in *address);

/** Closes a socket so that the other side sees a reset, and no TIME_WAIT keeps its port. */
void relay_reset(int fd);

#endif
