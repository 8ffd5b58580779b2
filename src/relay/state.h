/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_STATE_H
#define CGTPROXY_RELAY_STATE_H

#include "config/upstream.h"
#include "proxy/destination.h"
#include "proxy/handshake.h"
#include "relay/answer_sockets.h"
#include "relay/deadlines.h"
#include "relay/failures.h"
#include "relay/flow.h"
#include "relay/own_address.h"
#include "relay/poller.h"
#include "relay/sources.h"
#include "util/netlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

/* What a relay consists of. */

enum {
	LISTENERS_MAX = 16,
	DATAGRAM_MAX = UINT16_MAX, /* bytes of one that is received */
};

enum connection_state {
	CONNECTION_REACHING,  /* connecting to the upstream */
	CONNECTION_HANDSHAKE, /* it has to connect to the destination */
	CONNECTION_OPEN,
	CONNECTION_OVER, /* nothing but the memory is left, until the events at hand are handled */
};

struct connection;

/** Whom a connection tells about itself that the relay makes for itself, as a part of what it belongs to. */
struct connection_owner {
	void (*opened)(struct connection_owner *owner); /* data can be sent */
	struct connection *connection;			/* NULL: there is none, or it is over */
};

/** A client's connection and the one to the upstream. Waiting, it has these two descriptors. */
struct connection {
	struct relay *relay;
	struct end client;
	struct end upstream;
	struct flow up;			/* from the client */
	struct flow down;		/* to it */
	struct handshake handshake;	/* which has the destination */
	struct source *source;		/* or NULL */
	struct connection_owner *owner; /* NULL: it is a client's */
	struct deadline deadline;
	uint64_t active; /* when something was last transferred; in usec */
	TAILQ_ENTRY(connection) entry;
	enum connection_state state;
	uint16_t tries;	   /* of addresses of the upstream */
	uint16_t retries;  /* of one of them whose queue is full */
	uint16_t own_port; /* of the upstream's socket on this host, or 0 */
};

TAILQ_HEAD(connection_list, connection);

struct listener {
	struct poll_source source;
	struct relay *relay;
};

struct datagrams {
	struct listener sockets[LISTENERS_MAX]; /* UDP sockets that get what TPROXY diverts */
	size_t count;
	uint8_t *buffer; /* for one datagram: DATAGRAM_MAX bytes */
	struct answer_sockets answers;
	struct own_addresses own;
};

struct association;
TAILQ_HEAD(association_list, association);

/* UDP through the upstream; see association.h. */
struct associations {
	void *tree;		      /* by the client's address and port */
	struct association_list list; /* the one that was used last is the last */
	struct association_list over; /* to be freed */
	size_t count;
	size_t max;
	size_t held_bytes;	/* of datagrams that wait */
	struct sources sources; /* how many each address has */
	uint64_t silent_until;	/* in usec: until then there are no new ones, as the upstream would not have them */
	uint8_t own_ports[2][(UINT16_MAX + 1) / 8]; /* a bit for each port of the relay's own; IPv4, IPv6 */
};

/* What looks for the upstream's addresses. */
struct resolver {
	struct poll_source source; /* what it answers comes from there */
	struct relay *relay;
	pid_t child;   /* 0: none */
	uint64_t next; /* when the next may begin; in usec */
};

struct dns_service;

struct relay {
	struct dns_service *dns; /* NULL: port 53 is one like others */
	struct upstream *upstream;
	bool is_upstream_lost; /* it could not be reached, and nothing was done about that yet */
	struct resolver resolver;
	size_t upstream_address; /* the one that was reached last */
	struct poller poller;
	struct flow_means means;
	struct deadlines deadlines;
	struct failures failures;
	uint32_t *own_ports;	/* how many connections have each port: UINT16_MAX + 1 */
	struct netlink netlink; /* asks which addresses are this host's */
	struct sources sources;
	struct connection_list connections;
	struct connection_list over; /* to be freed */
	size_t count;		     /* of connections */
	size_t count_max;
	bool is_files_limit; /* that comes from the limit of open files */
	struct listener listeners[LISTENERS_MAX];
	size_t listener_count;
	struct datagrams datagrams;
	struct associations associations;
	bool is_paused;		  /* nothing is accepted */
	size_t count_paused;	  /* connections when that began */
	struct deadline resuming; /* tries again */
};

#endif
