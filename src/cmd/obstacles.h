/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_OBSTACLES_H
#define CGTPROXY_CMD_OBSTACLES_H

#include "config/config.h"

/** Prints what other programs' firewall rules do that keeps steered traffic from getting where it should. */
void check_firewall(const struct config *config);

/** Prints whether the kernel lets programs send to the internet at all, over which family. */
void check_ways(const struct config *config);

/** Prints how much the fence has stopped since the table was made; nothing when there is no table with a fence. */
void check_fence(void);

#endif
