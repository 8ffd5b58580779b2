/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_PIPES_H
#define CGTPROXY_RELAY_PIPES_H

#include <stdbool.h>
#include <stddef.h>

enum { PIPES_IDLE_MAX = 32 }; /* kept open for the next that needs one */

/** A pipe through which data is moved from socket to socket without being copied (splice(2)). */
struct pipe {
	int read;
	int write; /* -1: there is none */
};

/** Pipes are taken while data waits in them only, so that few are enough for many connections. */
struct pipes {
	struct pipe idle[PIPES_IDLE_MAX];
	size_t idle_count;
	size_t count; /* open ones, in use or idle */
	size_t max;   /* at the same time */
};

/** Prepares an empty pool. @max: pipes, of two descriptors each */
void pipes_init(struct pipes *pipes, size_t max);

/** Takes an empty pipe. Returns false if there is none to be had. */
bool pipes_take(struct pipes *pipes, struct pipe *pipe);

/** Gives a pipe back, if there is one. @is_empty: or else it is closed */
void pipes_give(struct pipes *pipes, struct pipe *pipe, bool is_empty);

/** Closes those that are idle. */
void pipes_close(struct pipes *pipes);

#endif
