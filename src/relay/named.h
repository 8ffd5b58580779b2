/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_NAMED_H
#define CGTPROXY_RELAY_NAMED_H

#include "config/config.h"

/**
 * Reads the relay of a proxy from a config. What is wrong is logged.
 *
 * @file: NULL for the default one
 * @name: of the proxy
 *
 * Returns the config, which has the proxy, for config_free(); or NULL.
 */
struct config *named_relay_load(const char *file, const char *name, struct proxy **proxy);

/**
 * Says what is wrong with the sockets that systemd passes on, or not, to the relay of a proxy.
 *
 * @file: as above; in the unit's credentials, it is cgtproxy-relay@.service that runs
 *
 * Returns whether the relay can start.
 */
bool named_relay_check_sockets(const struct proxy *proxy, const char *file);

#endif
