/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STATUS_RELAYS_H
#define CGTPROXY_INSPECT_STATUS_RELAYS_H

#include "config/config.h"
#include "inspect/status_state.h"

/**
 * Describes the relays of the proxies in force, and counts their connections. Where another program listens with
 * sockets of the same cgroup, the number is not known.
 *
 * @config: what the file says, or NULL
 *
 * Returns 0 or a negative errno.
 */
int status_read_relays(const struct config *config, struct status *status);

#endif
