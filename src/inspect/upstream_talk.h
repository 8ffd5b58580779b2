/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_UPSTREAM_TALK_H
#define CGTPROXY_INSPECT_UPSTREAM_TALK_H

#include "config/upstream.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One connection to the proxy behind a relay, to see what it is.
 *
 * It is asked for something that leaves no trace beyond its own log. A SOCKS5 proxy: for a UDP association, which ends
 * with the connection; who has none says so (microsocks, Tor) or ends the connection (ssh -D). An HTTP proxy: for a
 * connection to 0.0.0.0:443, which is none of any other host, at a port that the usual ACLs allow and without a name to
 * look up; tinyproxy and squid want the password before anything else, and then say that it failed. OPTIONS would not
 * do: what is no proxy answers it as well, and squid does so without the password.
 */

/** What is known of it. */
enum upstream_answer {
	UPSTREAM_UNKNOWN,     /* there was no time to find out */
	UPSTREAM_ANSWERS,     /* as it should */
	UPSTREAM_NO_ADDRESS,  /* its host's name has none */
	UPSTREAM_NOT_REACHED, /* no connection; the code is an errno */
	UPSTREAM_SILENT,
	UPSTREAM_ENDED,	    /* it ended the connection instead of an answer */
	UPSTREAM_GARBAGE,   /* it speaks something else */
	UPSTREAM_NO_METHOD, /* it accepts neither the password nor a client without one */
	UPSTREAM_WANTS_PASSWORD,
	UPSTREAM_WRONG_PASSWORD,
	UPSTREAM_NO_PROXY, /* a web server that takes no CONNECT; the code is its status */
};

enum upstream_udp {
	UPSTREAM_UDP_UNKNOWN, /* no answer */
	UPSTREAM_UDP_YES,
	UPSTREAM_UDP_NO,    /* the code of SOCKS5 says why */
	UPSTREAM_UDP_ENDED, /* it ended the connection */
};

struct upstream_talk {
	enum upstream_answer answer;
	int code;
	bool with_password; /* SOCKS5: it asked for it */
	enum upstream_udp udp;
	pid_t pid; /* of who listens on its Unix socket, or 0 */
};

/**
 * Connects, says what a client would say, and ends the connection.
 *
 * @until: of clock_now(); then it gives up
 */
void upstream_talk(const struct upstream *upstream, const struct upstream_address *address, uint64_t until,
		   struct upstream_talk *talk);

#endif
