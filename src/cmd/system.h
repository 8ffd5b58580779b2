/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_SYSTEM_H
#define CGTPROXY_CMD_SYSTEM_H

#include "cmd/cmd.h"
#include "config/config.h"

/**
 * Checks everything on this host that may keep a config from working, and prints findings: the kernel's features,
 * systemd-networkd, the name service, and the problems that inspect/finders.h finds.
 *
 * Returns EXIT_OK, also with warnings, or EXIT_ERROR.
 */
int check_system(const struct config *config);

#endif
