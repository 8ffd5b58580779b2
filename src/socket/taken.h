/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_SOCKET_TAKEN_H
#define CGTPROXY_SOCKET_TAKEN_H

#include "socket/sockets.h"

/**
 * Lists the open TCP connections of this network namespace that TPROXY brought: an accepted socket has the option
 * IP_TRANSPARENT and the cgroup of the one that listens, whichever process took it. Needs no privileges.
 *
 * @sockets: zeroed
 *
 * Returns 0 or a negative errno.
 */
int taken_find_all(struct socket_cgroups *sockets);

#endif
