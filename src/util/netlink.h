/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_NETLINK_H
#define CGTPROXY_UTIL_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Requests by netlink(7), whatever they are about. The rules are the same for all: a call that a signal interrupted is
 * made again; an answer is read to its end, or what is left of it is thrown away, so that it is not taken for the next
 * one; and a list that changed while it was read is none, which is what -EINTR says here.
 */

enum { NETLINK_RECEIVE_SIZE = 32 * 1024 }; /* the kernel makes no longer datagrams of a list */

/** A bound socket. */
struct netlink {
	struct mnl_socket *socket; /* NULL: not open */
	uint32_t port;		   /* by which the kernel knows it */
	uint32_t sequence;	   /* of the last request */
};

/**
 * Opens a socket and binds it to a port that the kernel chooses.
 *
 * @protocol: NETLINK_ROUTE or another one of netlink(7)
 * @flags:    SOCK_NONBLOCK or 0; it is closed on exec in any case
 *
 * Returns 0, or a negative errno, and there is nothing to close then.
 */
int netlink_open(struct netlink *netlink, int protocol, int flags);

/** Closes what is open. */
void netlink_close(struct netlink *netlink);

/** Returns the file descriptor, or -1. */
int netlink_fd(const struct netlink *netlink);

/** Sets an option of netlink(7), to 1 or to the group to hear of. Returns 0 or a negative errno. */
int netlink_set(struct netlink *netlink, int option, int value);

/** Sends one datagram. Returns 0 or a negative errno. */
int netlink_send(struct netlink *netlink, const void *data, size_t length);

/**
 * Receives one datagram.
 *
 * @buffer: aligned for a struct nlmsghdr
 * @flags:  MSG_DONTWAIT or 0
 *
 * Returns its length or a negative errno: -EAGAIN when there is none, -ENOBUFS when one was lost, -ENOSPC when it is
 * longer than the buffer.
 */
ssize_t netlink_receive(struct netlink *netlink, void *buffer, size_t size, int flags);

/** Throws away what is to be received. The kernel answers within the call that asks, or reads on, so it is all there.
 */
void netlink_drain(struct netlink *netlink);

/** Sends a request, to which it gives the next sequence number. Returns 0 or a negative errno. */
int netlink_ask(struct netlink *netlink, struct nlmsghdr *message);

struct netlink_reader {
	mnl_cb_t note; /* libmnl's callback for each message; NULL: none is of interest */
	void *data;
	/* set when what is listed has changed meanwhile, so that it may lack something or have it twice; or NULL */
	bool *changed;
};

/** Ends a callback for want of memory; the caller of netlink_read() gets -ENOMEM. Returns what to return. */
int netlink_no_memory(void);

/**
 * Reads one datagram of the answer to what was asked last.
 *
 * Returns 1 while there is more, 0 at the end, or a negative errno: the kernel's, the callback's, -EPROTO and -ESRCH
 * for what is no answer to it, or -EAGAIN from a socket that does not block. After a failure netlink_drain() the
 * socket, or close it.
 */
int netlink_read(struct netlink *netlink, const struct netlink_reader *reader);

/**
 * Sends a request and reads the answer to its end. The message must have the flag NLM_F_DUMP or NLM_F_ACK.
 *
 * @note: libmnl's callback for each message, with @data, or NULL
 *
 * Returns 0 or a negative errno: the kernel's (-ENOENT: no such thing), the callback's, or -EINTR when what was listed
 * has changed meanwhile.
 */
int netlink_request(struct netlink *netlink, struct nlmsghdr *message, mnl_cb_t note, void *data);

/**
 * Reads one datagram of what a socket that does not block hears of, by netlink_set() with NETLINK_ADD_MEMBERSHIP.
 *
 * Returns 1, 0 when there is none, -ENOBUFS when one was lost and there may be more, or another negative errno.
 */
int netlink_hear(struct netlink *netlink, mnl_cb_t note, void *data);

#endif
