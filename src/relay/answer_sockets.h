/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_ANSWER_SOCKETS_H
#define CGTPROXY_RELAY_ANSWER_SOCKETS_H

#include "util/address.h"

#include <stddef.h>
#include <sys/queue.h>

/*
 * Sockets bound to addresses that are not this host's, from which clients get their answers. They are not connected:
 * TPROXY gives a connected one whatever its client sends next. The one that was not used for longest makes room.
 */

struct answer_socket;
TAILQ_HEAD(answer_socket_list, answer_socket);

struct answer_sockets {
	void *tree;			/* by address and port */
	struct answer_socket_list list; /* the one that was used last is the last */
	size_t count;
	size_t max;
};

void answer_sockets_init(struct answer_sockets *sockets, size_t max);

/**
 * Finds the one that is bound to an address and a port, or makes it.
 *
 * Returns its descriptor, which stays open until the next call, or a negative errno: -EPERM without CAP_NET_RAW.
 */
int answer_sockets_get(struct answer_sockets *sockets, const struct endpoint *source);

/** Closes all of them. */
void answer_sockets_close(struct answer_sockets *sockets);

/** Makes a transparent UDP socket. Returns its descriptor or a negative errno. */
int transparent_datagram_socket(int family);

#endif
