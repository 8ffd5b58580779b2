/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_FLOW_H
#define CGTPROXY_RELAY_FLOW_H

#include "relay/pipes.h"
#include "relay/poller.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One direction of a connection. Few bytes are copied: they are looked at, sent, and removed from the socket only then,
 * so that nothing has to be kept if they can't be sent. Many are spliced through a pipe. Without a pipe, they are
 * copied as well.
 */

enum {
	FLOW_COPY_MAX = 16 * 1024, /* bytes copied at once; where there are more, they are spliced */
	FLOW_STEPS = 32,	   /* until others have their turn */
};

/** A socket of a connection. The flags follow edge-triggered events: what is true is tried, until that is in vain. */
struct end {
	struct poll_source source;
	bool readable : 1;
	bool writable : 1;
	bool ended : 1;	 /* the other side sends no more, and all that it sent has been read */
	bool shut : 1;	 /* the same for what we send */
	bool failed : 1; /* it was reset */
	bool unsure : 1; /* having read less than asked for does not mean that there is no more */
	bool urgent : 1; /* it has had urgent data, at which splice() stops */
};

struct flow {
	struct pipe pipe;
	uint32_t held;	/* bytes in the pipe */
	bool bulk : 1;	/* the last read found more than is copied */
	bool moved : 1; /* some bytes have been moved; for whom it may concern, who clears it */
};

/** What all flows of a thread share. */
struct flow_means {
	struct pipes pipes;
	uint8_t *buffer; /* FLOW_COPY_MAX bytes */
};

enum flow_result {
	FLOW_WAITS,  /* for an event of either socket */
	FLOW_YIELDS, /* there is more to do, but others have their turn first */
	FLOW_BROKEN, /* one of the sockets was reset */
};

/** Prepares it without a pipe. */
void flow_init(struct flow *flow);

/** Notes an event of a socket. */
void end_note(struct end *end, uint32_t events);

/** Moves what can be moved, and passes on the end of what was sent. */
enum flow_result flow_move(struct flow *flow, struct end *from, struct end *to, struct flow_means *means);

/** Gives up its pipe. */
void flow_end(struct flow *flow, struct flow_means *means);

#endif
