/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "driver.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	driver_command *run;
	int arguments; /* at least */
	const char *usage;
} commands[] = {
	{"floor", cmd_floor, 2, "DIRECTORY COUNT"},
	{"latency", cmd_latency, 3, "DIRECTORY NAME COUNT"},
	{"container", cmd_container, 2, "NAMESPACE INTERFACE"},
	{"births", cmd_births, 5, "DIRECTORY NAME COUNT ADDRESS until-refused|until-taken"},
	{"storm", cmd_storm, 4, "DIRECTORY NAME COUNT wait|leave"},
	{"match", cmd_match, 3, "ROUNDS PATHS PATTERNS..."},
	{"packets", cmd_packets, 3, "ROUNDS COUNT NAMESPACE,CGROUP,ADDRESS[,tun=DEVICE][,tproxy=PORT]..."},
	{"accept", cmd_accept, 1, "PORT [transparent]"},
	{"relay-floor", cmd_relay_floor, 1, "PORT [UPSTREAM-PORT]"},
	{"relay-serve", cmd_relay_serve, 1, "PORT [socks5]"},
	{"relay-ask", cmd_relay_ask, 3, "ADDRESS PORT COUNT"},
	{"relay-crowd", cmd_relay_crowd, 4, "ADDRESS PORT COUNT CLIENTS"},
	{"relay-stream", cmd_relay_stream, 4, "ADDRESS PORT BYTES down|up"},
	{"connect", cmd_connect, 3, "ADDRESS PORT COUNT"},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].arguments)
			return commands[i].run(argc - 2, argv + 2);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(stderr, "usage: cgtproxy-bench %s %s\n", commands[i].name, commands[i].usage);
	return 2;
}
