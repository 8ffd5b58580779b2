/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_GATEWAY_H
#define CGTPROXY_CONFIG_GATEWAY_H

#include "config/config.h"
#include "config/keys.h"

/* The section "gateway" of a config. */

/** Its keys; ends with one without a name. */
extern const struct key gateway_keys[];

/**
 * Reads the section into config->gateway, and reports a mark of the gateway that is a proxy's too. The proxies must
 * have been read, and whether containers are covered.
 *
 * @node: or NULL, if there is no such section
 */
void read_gateway(struct fy_node *node, struct config *config, struct diagnostics *diagnostics);

#endif
