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
 * netlink(7) requests of any kind, with common rules: a call interrupted by a signal is retried; an answer is read to
 * its end, or the rest is discarded, so that it can't be mistaken for the next one; and a list that changed while it
 * was read is invalid, which is what -EINTR means here.
 */

enum { NETLINK_RECEIVE_SIZE = 32 * 1024 }; /* the kernel's maximum for a list's datagrams */

/** A bound socket. */
struct netlink {
	struct mnl_socket *socket; /* NULL: not open */
	uint32_t port;		   /* its netlink port id */
	uint32_t sequence;	   /* of the last request */
};

/**
 * Opens a socket and binds it to a port that the kernel chooses.
 *
 * @protocol: NETLINK_ROUTE or another one of netlink(7)
 * @flags:    SOCK_NONBLOCK or 0; always close-on-exec
 *
 * Returns 0, or a negative errno, in which case there is nothing to close.
 */
int netlink_open(struct netlink *netlink, int protocol, int flags);

/** Closes the socket if it is open. */
void netlink_close(struct netlink *netlink);

/** Returns the file descriptor, or -1. */
int netlink_fd(const struct netlink *netlink);

/** Sets a netlink(7) option, to 1 or to a multicast group. Returns 0 or a negative errno. */
int netlink_set(struct netlink *netlink, int option, int value);

/** Sends one datagram. Returns 0 or a negative errno. */
int netlink_send(struct netlink *netlink, const void *data, size_t length);

/**
 * Receives one datagram.
 *
 * @buffer: aligned for a struct nlmsghdr
 * @flags:  MSG_DONTWAIT or 0
 *
 * Returns its length or a negative errno: -EAGAIN when none is pending, -ENOBUFS when one was lost, -ENOSPC when it is
 * longer than the buffer.
 */
ssize_t netlink_receive(struct netlink *netlink, void *buffer, size_t size, int flags);

/** Discards pending input. The kernel answers within the call that sends a request or reads, so all of it is there. */
void netlink_drain(struct netlink *netlink);

/** Sends a request with the next sequence number. Returns 0 or a negative errno. */
int netlink_ask(struct netlink *netlink, struct nlmsghdr *message);

struct netlink_reader {
	mnl_cb_t note; /* libmnl's callback for each message, or NULL to ignore them */
	void *data;
	/* set when the list changed meanwhile, so it may lack entries or repeat them; or NULL */
	bool *changed;
	/* of the list's next datagrams, at most, unless one entry is larger; 0: NETLINK_RECEIVE_SIZE */
	size_t size;
};

/** Makes netlink_read() fail with -ENOMEM; returns what the callback must return. */
int netlink_no_memory(void);

/**
 * Reads one datagram of the answer to the last request.
 *
 * Returns 1 while there is more, 0 at the end, or a negative errno: the kernel's, the callback's, -EPROTO and -ESRCH
 * for a datagram that is not an answer to it, -ENOSPC for one that is too long, or -EAGAIN from a non-blocking socket.
 * After a failure, netlink_drain() or close the socket.
 */
int netlink_read(struct netlink *netlink, const struct netlink_reader *reader);

/**
 * Sends a request and reads the answer to its end. The message must have NLM_F_DUMP or NLM_F_ACK set.
 *
 * @note: libmnl's callback for each message, with @data, or NULL
 *
 * Returns 0 or a negative errno: the kernel's (-ENOENT: no such thing), the callback's, or -EINTR when the list changed
 * meanwhile.
 */
int netlink_request(struct netlink *netlink, struct nlmsghdr *message, mnl_cb_t note, void *data);

/**
 * Reads one notification datagram from a non-blocking socket, subscribed by netlink_set() with NETLINK_ADD_MEMBERSHIP.
 *
 * Returns 1, 0 when none is pending, -ENOBUFS when one was lost and more may follow, or another negative errno.
 */
int netlink_hear(struct netlink *netlink, mnl_cb_t note, void *data);

#endif
