/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_ROUTE_RTNETLINK_H
#define CGTPROXY_ROUTE_RTNETLINK_H

#include "util/netlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Requests by rtnetlink(7). What they are about, rules and routes, is in files of their own. */

enum {
	RTNETLINK_REQUEST_SIZE = 512,
};

/** A connection, which is made when it is first used. */
struct rtnetlink {
	struct netlink netlink;
};

/** Returns the netlink port, by which others see whose a change was, or 0 as long as there is none. */
uint32_t rtnetlink_port(const struct rtnetlink *rtnetlink);

void rtnetlink_close(struct rtnetlink *rtnetlink);

/**
 * Returns whether a result means that the kernel has no such family: IPv6 is not compiled in, its module is missing, or
 * it was switched off at the boot (ipv6.disable=1).
 */
bool rtnetlink_has_no_family(int result);

/** Returns the result of a removal, or 0 when what was to be removed is gone already. */
int rtnetlink_ignore_missing(int result);

/** Sends a request and takes its answers, as netlink_request() does. */
int rtnetlink_request(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback, void *data);

/**
 * Lists, again while the list changes under it, but not for ever: what somebody changes all the time, he tells of, too.
 *
 * @restart: forgets what was listed
 *
 * Returns 0 or a negative errno.
 */
int rtnetlink_dump(struct rtnetlink *rtnetlink, struct nlmsghdr *message, mnl_cb_t callback,
		   void (*restart)(void *data), void *data);

/** Returns the flags of a message that adds or removes something. */
uint16_t rtnetlink_change_flags(bool add);

/** Returns 1 when the loopback interface is up, 0 when it is down, or a negative errno. */
int rtnetlink_loopback_is_up(struct rtnetlink *rtnetlink);

/** Which interfaces have an address of IPv6. */
struct ipv6_use {
	bool anywhere;
	bool on_loopback;
};

/** Finds out. Returns 0 or a negative errno. */
int rtnetlink_find_ipv6(struct rtnetlink *rtnetlink, struct ipv6_use *use);

#endif
