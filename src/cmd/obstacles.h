/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_OBSTACLES_H
#define CGTPROXY_CMD_OBSTACLES_H

#include "config/config.h"

/** Prints how other programs' firewall rules interfere with steered traffic. */
void check_firewall(const struct config *config);

/** Prints over which address families, if any, the kernel lets programs send to the internet. */
void check_ways(const struct config *config);

/** Prints how much the fence has stopped since the table was created; nothing if there is no table with a fence. */
void check_fence(void);

#endif
