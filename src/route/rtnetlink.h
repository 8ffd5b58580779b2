/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_RTNETLINK_H
#define CGTPROXY_ROUTE_RTNETLINK_H

#include "util/netlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* rtnetlink(7) requests. Rules and routes have files of their own. */

enum {
	RTNETLINK_REQUEST_SIZE = 512,
};

/** A connection, opened on first use. */
struct rtnetlink {
	struct netlink netlink;
};

/** Returns the netlink port, which identifies the author of a change to others, or 0 if not connected yet. */
uint32_t rtnetlink_port(const struct rtnetlink *rtnetlink);

void rtnetlink_close(struct rtnetlink *rtnetlink);

/**
 * Returns whether a result means that the kernel lacks the family: IPv6 is not compiled in, its module is missing, or
 * it was disabled at boot (ipv6.disable=1).
 */
bool rtnetlink_has_no_family(int result);

/** Returns the result of a removal, or 0 if the object was already gone. */
int rtnetlink_ignore_missing(int result);

/** Sends a request and reads its answers, like netlink_request(). */
int rtnetlink_request(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback, void *data);

/**
 * Sends a list request, and repeats it a limited number of times if the list changes meanwhile: whoever keeps changing
 * it also causes notifications.
 *
 * @restart: discards what was listed
 *
 * Returns 0 or a negative errno.
 */
int rtnetlink_dump(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback,
		   void (*restart)(void *data), void *data);

/** Returns the flags for a message that adds or removes an object. */
uint16_t rtnetlink_change_flags(bool add);

/**
 * Returns the bytes of the address that a message of type RTM_NEWADDR is about, or NULL.
 *
 * @message: with its struct ifaddrmsg whole, and a family of AF_INET or AF_INET6
 */
const void *rtnetlink_address(const struct nlmsghdr *message);

/** Returns 1 when the loopback interface is up, 0 when it is down, or a negative errno. */
int rtnetlink_loopback_is_up(struct rtnetlink *rtnetlink);

/** Which interfaces have an IPv6 address. */
struct ipv6_use {
	bool anywhere;
	bool on_loopback;
};

/** Fills in @use. Returns 0 or a negative errno. */
int rtnetlink_find_ipv6(struct rtnetlink *rtnetlink, struct ipv6_use *use);

#endif
