/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_FAILURES_H
#define CGTPROXY_RELAY_FAILURES_H

#include "proxy/destination.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What goes wrong with connections, for the log: each cause once a minute, with the destination of one connection, and
 * how many more there were since the last time. All of them are logged at LOG_LEVEL=debug.
 */

enum failure_cause {
	FAILURE_UPSTREAM,  /* it can't be reached; the detail is an errno */
	FAILURE_SLOW,	   /* it does not answer in time */
	FAILURE_LOST,	   /* it ended the connection before it was ready; likewise */
	FAILURE_HANDSHAKE, /* the detail is an enum handshake_failure and a code */
	FAILURE_LOOP,	   /* a connection of the relay's own came back to it */
	FAILURE_OWN,	   /* the destination is this host's own */
	FAILURE_SOURCE,	   /* a client has too many connections */
	FAILURE_NO_UDP,	   /* the upstream does not pass it on; the detail is its code */
	FAILURE_DATAGRAM,  /* one is lost; the detail is an errno, or 0 if the upstream's can't be read */
	FAILURE_ANSWER,	   /* a datagram can't be given to its client; the detail is an errno */
	FAILURE_LIMIT,	   /* there are too many */
	FAILURE_NAME,	   /* a fake address has no name */
	FAILURE_NAMES,	   /* there is no fake address for another name */
	FAILURE_DNS,	   /* the name server does not answer */
	FAILURE_RESOURCES, /* the kernel has no descriptor or memory; likewise */
};

enum { FAILURES_MAX = 32 }; /* causes that are remembered; the one that was logged first is forgotten first */

struct failure {
	enum failure_cause cause;
	uint32_t detail;
	uint32_t suppressed; /* since it was logged */
	uint64_t logged;     /* in usec; 0: never */
};

struct failures {
	struct failure items[FAILURES_MAX];
};

/**
 * Logs a failure, or counts it.
 *
 * @destination: or NULL
 * @text:	 translated
 */
void failures_log(struct failures *failures, enum failure_cause cause, uint32_t detail, uint64_t now,
		  const struct destination *destination, const char *text);

#endif
