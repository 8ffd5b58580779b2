/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_GATEWAY_VALUE_H
#define CGTPROXY_CONFIG_GATEWAY_VALUE_H

#include "config/config.h"
#include "config/keys.h"

/* The values of the gateway's selectors. What no forwarded packet can have is an error. */

/**
 * Reads a value.
 *
 * @key:   its choice is an enum gateway_selector
 * @value: unchanged if this returns false
 *
 * Returns false, with an error, if it is invalid.
 */
bool read_gateway_value(struct fy_node *node, const struct key *key, struct gateway_value *value,
			struct diagnostics *diagnostics);

/** Says what is expected of a value, for a message. */
const char *gateway_value_expected(enum gateway_selector selector);

#endif
