/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DNS_TCP_H
#define CGTPROXY_RELAY_DNS_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Asks a server over TCP (RFC 7766): one connection, on which queries are not waited for, and whose ids are our own, so
 * that queries of different clients never have the same. It is made for the first query, and again when the server
 * ends it, with what it has not answered. Once it has been idle for DNS_TCP_IDLE, it is ended.
 *
 * The connection and the clock are its caller's, who implements struct dns_tcp_caller and calls the functions of the
 * second part below when something happens.
 */

enum {
	DNS_TCP_QUERIES_MAX = 1024, /* that wait for their answers; a power of two */
	DNS_TCP_TRIES = 2,	    /* connections on which a query is sent */
};

/* In usec. */
#define DNS_TCP_TIME (UINT64_C(10) * 1000000) /* in which a query must be answered */
#define DNS_TCP_SILENCE                                                                                                \
	(UINT64_C(4) * 1000000) /* after which a server that says nothing is asked on another connection */
#define DNS_TCP_RETRY (UINT64_C(1) * 1000000) /* until connecting is tried again if it failed */
#define DNS_TCP_IDLE (UINT64_C(120) * 1000000)

/** What the caller does. None of these may call functions of dns_tcp.h, but for answered() and failed(). */
struct dns_tcp_caller {
	/** Begins to connect; dns_tcp_opened() or dns_tcp_closed() follows. Returns 0 or a negative errno. */
	int (*open)(void *data);

	/**
	 * Sends bytes. Returns how many were taken; if not all, dns_tcp_writable() follows. Or a negative errno, which
	 * stands for dns_tcp_closed().
	 */
	ssize_t (*send)(void *data, const uint8_t *bytes, size_t length);

	/** Ends the connection, or the attempt; nothing follows. Also called after dns_tcp_closed(). */
	void (*close)(void *data);

	/** Takes an answer, with the query's id. It may call dns_tcp_ask() and dns_tcp_forget(). */
	void (*answered)(void *data, void *asker, const uint8_t *answer, size_t length);

	/** Takes back a query that is not answered. Likewise. */
	void (*failed)(void *data, void *asker, const uint8_t *query, size_t length);
};

struct dns_tcp;

/**
 * Prepares it without connecting.
 *
 * @caller: stays until dns_tcp_free(), and so does @data, which its functions get
 *
 * Returns NULL if out of memory.
 */
struct dns_tcp *dns_tcp_new(const struct dns_tcp_caller *caller, void *data);

/** Ends the connection and forgets all queries. Not within a function of the caller's. */
void dns_tcp_free(struct dns_tcp *tcp);

/**
 * Asks a query. Its answer or its failure follows later, never within this call.
 *
 * @query: any that dns_take() returned DNS_ASK for; copied
 * @asker: whatever the caller knows it by
 * @now:   of CLOCK_MONOTONIC in usec, as in all functions
 *
 * Returns 0, -ENOBUFS if too many wait, -ECONNREFUSED if connecting failed just now, -EMSGSIZE if it can't be a query
 * or is too long, or -ENOMEM.
 */
int dns_tcp_ask(struct dns_tcp *tcp, const uint8_t *query, size_t length, void *asker, uint64_t now);

/** Forgets all queries of an asker, who is called no more. */
void dns_tcp_forget(struct dns_tcp *tcp, const void *asker);

/** Returns how many queries wait. */
size_t dns_tcp_count(const struct dns_tcp *tcp);

/* What happens. */

/** The connection is there. */
void dns_tcp_opened(struct dns_tcp *tcp, uint64_t now);

/** It takes more bytes. */
void dns_tcp_writable(struct dns_tcp *tcp, uint64_t now);

/** It brought some bytes. */
void dns_tcp_received(struct dns_tcp *tcp, const uint8_t *bytes, size_t length, uint64_t now);

/** It ended, or there will be none. */
void dns_tcp_closed(struct dns_tcp *tcp, uint64_t now);

/** Returns when dns_tcp_run() is to be called, or UINT64_MAX; changes with each call of the functions here. */
uint64_t dns_tcp_next(const struct dns_tcp *tcp);

/** Does what is due. */
void dns_tcp_run(struct dns_tcp *tcp, uint64_t now);

#endif
