/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_INIT_ADVICE_H
#define CGTPROXY_CMD_INIT_ADVICE_H

#include "inspect/servers.h"

#include <stdbool.h>
#include <stdio.h>

/* What "init" says to people. */

/** Prints what a server is: "mihomo on port 7893 (process 812 in /system.slice/mihomo.service)". */
void advice_print_server(const struct server *server, FILE *out);

/** Logs why no server can be used, and what to do: for known proxies that run, the lines that their configs lack. */
void advice_without_tproxy(const struct servers *servers);

/** What the commands that follow are about. */
struct advice {
	const char *path;   /* of the new config */
	bool is_default;    /* the daemon reads it without -c */
	const char *name;   /* of the proxy */
	const char *cgroup; /* of the proxy */
	bool has_relay;
};

/** Prints the commands that follow. */
void advice_print_next(const struct advice *advice);

#endif
