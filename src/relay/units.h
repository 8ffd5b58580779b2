/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_UNITS_H
#define CGTPROXY_RELAY_UNITS_H

#include "config/config.h"
#include "util/error.h"

/**
 * Writes what the units of relays have from the config, as drop-ins of cgtproxy-relay@.socket and .service for each
 * proxy with a relay: the port, and with UDP the capability that its answers take.
 *
 * @directory: that of a systemd generator
 *
 * Returns 0 or a negative errno.
 */
int units_write(const struct config *config, const char *directory, struct error *error);

#endif
