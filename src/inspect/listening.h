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

#endif
