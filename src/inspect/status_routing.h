/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STATUS_ROUTING_H
#define CGTPROXY_INSPECT_STATUS_ROUTING_H

#include "config/config.h"
#include "inspect/status.h"
#include "util/error.h"

/**
 * The part of status_read() that is about policy rules and routes.
 *
 * @config: or NULL, when it can't be read
 *
 * Returns 0 or a negative errno with @error.
 */
int status_look_at_routing(const struct config *config, struct status *status, struct error *error);

#endif
