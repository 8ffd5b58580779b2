/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_POLLER_H
#define CGTPROXY_RELAY_POLLER_H

#include <stdint.h>
#include <sys/epoll.h>

/*
 * One epoll descriptor for all sockets, which sd-event waits for like for any other: what happens to thousands of
 * sockets costs no source of its own.
 */

enum { POLLER_BATCH = 128 }; /* events at once */

/** A descriptor that is waited for, as a part of what it belongs to, which has to stay until poller_run() returns. */
struct poll_source {
	int fd; /* -1: closed; events that were read already are then ignored */
	void (*handle)(struct poll_source *source, uint32_t events);
};

struct poller {
	int fd;
};

/** Opens it. Returns 0 or a negative errno. */
int poller_open(struct poller *poller);

/** Waits for events of epoll_ctl(2) from now on. Returns 0 or a negative errno. */
int poller_add(const struct poller *poller, struct poll_source *source, uint32_t events);

/** Changes these events. Those that are true now are reported again, even if they are edge-triggered. */
void poller_change(const struct poller *poller, struct poll_source *source, uint32_t events);

/** Closes a source's descriptor, if it has one, which also ends the waiting. */
void poll_source_close(struct poll_source *source);

/** Handles up to POLLER_BATCH events that are there. Returns how many. */
int poller_run(const struct poller *poller);

void poller_close(struct poller *poller);

#endif
