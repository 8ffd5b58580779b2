/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_INIT_ADVICE_H
#define CGTPROXY_CMD_INIT_ADVICE_H

#include "inspect/servers.h"

#include <stdio.h>

/* What "init" says to people. */

/** Returns what has to precede commands that need root: "sudo ", or "" in a shell of root's. */
const char *advice_sudo(void);

/** Prints what a server is: "mihomo on port 7893 (process 812 in /system.slice/mihomo.service)". */
void advice_print_server(const struct server *server, FILE *out);

/** Logs why no server can be used, and what to do: for known proxies that run, the lines that their configs lack. */
void advice_without_tproxy(const struct servers *servers);

/**
 * Prints the commands that follow.
 *
 * @path:       of the new config
 * @is_default: whether the daemon reads it without -c
 * @name:       of the proxy
 */
void advice_print_next(const char *path, bool is_default, const char *name);

#endif
