/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/socket_options.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

/* A peer that vanished is found out after some four minutes. */
static const struct {
	int level;
	int name;
	int value;
} options[] = {
	{IPPROTO_TCP, TCP_NODELAY, 1},	  {SOL_SOCKET, SO_KEEPALIVE, 1}, {IPPROTO_TCP, TCP_KEEPIDLE, 120},
	{IPPROTO_TCP, TCP_KEEPINTVL, 30}, {IPPROTO_TCP, TCP_KEEPCNT, 4}, {SOL_SOCKET, SO_OOBINLINE, 1},
};

/* Each of them is a help, and none is required. */
void socket_prepare(int fd)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(options[i].value));
}

void socket_reset_on_close(int fd)
{
	static const struct linger reset = {.l_onoff = 1, .l_linger = 0};

	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

void socket_reset(int fd)
{
	socket_reset_on_close(fd);
	close(fd);
}

int socket_take_error(int fd)
{
	int code = 0;
	socklen_t length = sizeof(code);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) < 0 ? errno : code;
}
