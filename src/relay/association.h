/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_ASSOCIATION_H
#define CGTPROXY_RELAY_ASSOCIATION_H

#include "relay/socks5_udp.h"
#include "relay/state.h"

/*
 * UDP through the upstream. Each address and port of a client has an association of its own, a port at the upstream
 * (UDP ASSOCIATE of SOCKS5, or a plain socket for one that is direct) from which its datagrams go to all destinations,
 * and whoever sends to that port is heard: a full cone. Where names have fake addresses, each of these has one more,
 * since whoever answers has the real address, which nobody here knows: all that is heard there comes from the fake one.
 * It ends with its control connection, or when the client has not sent for a while; what others send keeps nothing
 * open.
 */

enum association_state {
	ASSOCIATION_REACHING,  /* connecting to the upstream */
	ASSOCIATION_HANDSHAKE, /* it has to open a port */
	ASSOCIATION_OPEN,
	ASSOCIATION_OVER, /* nothing but the memory is left, until the events at hand are handled */
};

/* A datagram that waits until the association is open. */
struct held_datagram {
	STAILQ_ENTRY(held_datagram) entry;
	struct endpoint destination;
	size_t length;
	uint8_t data[];
};

STAILQ_HEAD(held_list, held_datagram);

struct association {
	struct endpoint client;
	struct endpoint first; /* that it wanted to reach, for messages */
	struct endpoint fake;  /* the only one that it is for; family 0: it is for all that have no name */
	struct relay *relay;
	struct poll_source control; /* to the upstream by TCP; -1 if it is direct */
	struct poll_source socket;  /* for datagrams */
	struct handshake handshake;
	struct source *source; /* or NULL */
	struct held_list held;
	size_t held_count;
	struct deadline deadline;
	uint64_t used;	 /* when the client sent last; in usec */
	uint64_t opened; /* likewise, when it was open */
	TAILQ_ENTRY(association) entry;
	enum association_state state;
	uint16_t tries;			      /* of addresses of the upstream */
	int own_family;			      /* of the socket for datagrams */
	uint16_t own_port;		      /* likewise, or 0 */
	uint8_t reply[SOCKS5_UDP_HEADER_MAX]; /* the beginning of the upstream's last answer */
};

/** Orders them by client and fake address, for tsearch(3). */
int association_compare(const void *one, const void *other);

/** Returns whether a client is the relay itself, whose datagrams are sent back to it. */
bool association_is_own(struct relay *relay, const struct endpoint *client);

/** Logs a failure about a destination. @text: translated */
void association_report(struct relay *relay, enum failure_cause cause, uint32_t detail,
			const struct endpoint *destination, const char *text);

/** Sends a datagram, or keeps it until the association is open. Best effort, as UDP is. One that is over may not. */
void association_pass(struct association *association, const struct endpoint *destination, const void *data,
		      size_t length);

/**
 * Makes an association that is ready: its datagrams go to this address, or anywhere if it is NULL, beginning with those
 * that wait.
 */
void association_open(struct association *association, const struct endpoint *address);

/** Ends it; one that is over stays so. Its memory stays until associations_bury() of associations.h. */
void association_end(struct association *association);

/**
 * Logs a failure and ends it.
 *
 * @silence: for so long, in usec, no other is tried
 * @text:    translated
 */
void association_fail(struct association *association, enum failure_cause cause, uint32_t detail, uint64_t silence,
		      const char *text);

#endif
