/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* TCP connections as fast as one process can open and reset them, and a server that accepts and closes them. */

#include "driver.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

int cmd_accept(int count, char **arguments)
{
	const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number(arguments[0]))};
	const int transparent = count > 1 && strcmp(arguments[1], "transparent") == 0;
	const int on = 1;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(listener, SOL_IP, IP_TRANSPARENT, &transparent, sizeof(transparent)) < 0 ||
	    bind(listener, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, BACKLOG) < 0)
		give_up("can't serve at port %s", arguments[0]);
	puts("ready");
	fflush(stdout);
	for (;;)
		close(accept(listener, NULL, NULL));
}

int cmd_connect(int count, char **arguments)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	const uint64_t connections = number(arguments[2]);
	struct sockaddr_in destination = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)number(arguments[1])),
	};
	uint64_t begin = clock_ns(CLOCK_MONOTONIC);

	(void)count;
	if (inet_pton(AF_INET, arguments[0], &destination.sin_addr) != 1)
		give_up("%s is no address", arguments[0]);
	for (uint64_t i = 0; i < connections; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		/* no TIME_WAIT, in which ports would run out */
		if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0 ||
		    connect(fd, (const struct sockaddr *)&destination, sizeof(destination)) < 0)
			give_up("can't connect to %s", arguments[0]);
		close(fd);
	}
	printf("%" PRIu64 "\n", clock_ns(CLOCK_MONOTONIC) - begin);
	return 0;
}
