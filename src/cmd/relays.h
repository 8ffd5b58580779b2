/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_RELAYS_H
#define CGTPROXY_CMD_RELAYS_H

#include "config/config.h"

/** Tries the proxies behind the relays of a config, and prints what they are, or what is wrong with them. */
void check_relays(const struct config *config);

#endif
