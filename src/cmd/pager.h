/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_PAGER_H
#define CGTPROXY_CMD_PAGER_H

#include "cmd/cmd.h"

/* A pager for long output, chosen and secured as systemctl(1) does (systemd's src/shared/pager.c). */

/**
 * Shows what is printed from now on in a pager, if stdout is a terminal and --no-pager was not given: $SYSTEMD_PAGER or
 * $PAGER, else the first of pager, less and more that there is. Errors go through it as well, if stderr is a terminal.
 *
 * Where the user is not the owner of the login session, as under sudo, and SYSTEMD_PAGERSECURE is not set, it is less
 * in its secure mode, which starts no other program and writes no file, from the system's own directory; or none.
 */
void pager_open(const struct arguments *arguments);

/** Waits until the user has left the pager, if there is one. stdout and stderr are what they were before it then. */
void pager_close(void);

#endif
