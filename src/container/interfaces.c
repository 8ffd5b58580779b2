/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/interfaces.h"

#include "container/links.h"
#include "container/netns.h"
#include "util/clock.h"
#include "util/log.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define LIST_INTERVAL (60 * USEC_PER_SEC)
#define RETRY_INTERVAL USEC_PER_SEC
/* The pause after a list is a multiple of what it took. */
#define LIST_COST_FACTOR 49

enum {
	/*
	 * The kernel searches all ids of namespaces for each veth: with 1,000 of them it takes some 30 us, so a
	 * datagram should not hold many.
	 */
	LIST_DATAGRAM = 8192,
	/* for notifications that come while a list is read, or anything else is done; the kernel's default is 208 KiB
	 */
	NEWS_SIZE = 4 * 1024 * 1024,
};

/* Needs CAP_NET_ADMIN in the user namespace of our network namespace; without, the default has to do. */
static void enlarge(struct netlink *netlink)
{
	const int size = NEWS_SIZE;

	setsockopt(netlink_fd(netlink), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
}

int interfaces_open(struct interfaces *interfaces)
{
	int result = netlink_open(&interfaces->news, NETLINK_ROUTE, SOCK_NONBLOCK);

	interfaces->datagram = LIST_DATAGRAM;
	if (result < 0)
		return result;
	enlarge(&interfaces->news);
	result = netlink_set(&interfaces->news, NETLINK_ADD_MEMBERSHIP, RTNLGRP_LINK);
	if (result == 0)
		result = netlink_set(&interfaces->news, NETLINK_ADD_MEMBERSHIP, RTNLGRP_NSID);
	return result;
}

bool interfaces_is_listing(const struct interfaces *interfaces)
{
	return netlink_fd(&interfaces->list) >= 0;
}

static void retry(struct interfaces *interfaces, uint64_t now)
{
	if (interfaces->next > now + RETRY_INTERVAL)
		interfaces->next = now + RETRY_INTERVAL;
}

static void take_in(struct interfaces *interfaces, struct model *model, const struct link_state *link, uint64_t now)
{
	const int result = model_put_link(model, link, now);

	if (result == -ENOMEM)
		interfaces->has_failed = true;
	if (result != -ENOSPC || interfaces->told_limit)
		return;
	interfaces->told_limit = true;
	log_warning(
		"too many containers have a network of their own: more than %d, or one with more than %d interfaces; "
		"the rest is ignored",
		MODEL_CONTAINERS_MAX, MODEL_INTERFACES_MAX);
}

struct hearing {
	struct interfaces *interfaces;
	struct netlink *asking;
	struct model *model;
	uint64_t now;
};

static int note_news(const struct nlmsghdr *message, void *data)
{
	const struct hearing *hearing = data;
	struct link_state link;
	int32_t netns = NETNS_NONE;

	/* the id may be another namespace's next; our veths that led to this one are removed after it */
	if (netns_read_removal(message, &netns))
		model_remove_netns(hearing->model, netns, hearing->now);
	if (!link_read(message, &link))
		return MNL_CB_OK;
	take_in(hearing->interfaces, hearing->model, &link, hearing->now);
	if (link.other_end != 0 && link_ask(hearing->asking, link.other_end, &link) == 0)
		take_in(hearing->interfaces, hearing->model, &link, hearing->now);
	return MNL_CB_OK;
}

bool interfaces_hear(struct interfaces *interfaces, struct netlink *asking, struct model *model, uint64_t now)
{
	struct hearing hearing = {interfaces, asking, model, now};
	int result = 0;

	if (interfaces_is_listing(interfaces))
		return false;
	result = netlink_hear(&interfaces->news, note_news, &hearing);

	if (result < 0) {
		log_debug("notifications about interfaces were lost: %s", strerror(-result));
		interfaces->next = now;
		interfaces->has_lost = true;
	}
	if (interfaces->has_failed)
		retry(interfaces, now);
	return result > 0 || result == -ENOBUFS;
}

uint64_t interfaces_due(const struct interfaces *interfaces)
{
	return interfaces_is_listing(interfaces) ? 0 : interfaces->next;
}

static int begin(struct interfaces *interfaces, struct model *model)
{
	int result = netlink_open(&interfaces->list, NETLINK_ROUTE, SOCK_NONBLOCK);

	interfaces->has_changed = false;
	interfaces->has_failed = false;
	interfaces->cost = 0;
	model_begin_list(model);
	/* makes the kernel refuse a filter that it does not know */
	if (result == 0)
		netlink_set(&interfaces->list, NETLINK_GET_STRICT_CHK, 1);
	return result < 0 ? result : links_request(&interfaces->list);
}

static int note_listed(const struct nlmsghdr *message, void *data)
{
	const struct hearing *hearing = data;
	struct link_state link;

	if (link_read(message, &link))
		take_in(hearing->interfaces, hearing->model, &link, hearing->now);
	return MNL_CB_OK;
}

/* Returns 1 while there is more, 0 at the end, or a negative errno. */
static int read_list(struct interfaces *interfaces, struct model *model, uint64_t now)
{
	struct hearing hearing = {interfaces, NULL, model, now};
	const struct netlink_reader reader = {.note = note_listed,
					      .data = &hearing,
					      .changed = &interfaces->has_changed,
					      .size = interfaces->datagram};

	return netlink_read(&interfaces->list, &reader);
}

static void tell_failure(struct interfaces *interfaces, int result)
{
	if (result < 0 && !interfaces->told_failure)
		log_warning("can't list the network interfaces, so containers that have a network of their own may be "
			    "missed; trying again: %s",
			    strerror(-result));
	interfaces->told_failure = result < 0;
}

/*
 * A list that changed while it was read may lack interfaces that are there; those that are gone are in the
 * notifications.
 */
static void end(struct interfaces *interfaces, struct model *model, int result, uint64_t now)
{
	const uint64_t pause = LIST_COST_FACTOR * interfaces->cost;
	const bool is_complete = result == 0 && !interfaces->has_changed && !interfaces->has_failed;
	const uint64_t interval = is_complete ? LIST_INTERVAL : RETRY_INTERVAL;

	netlink_close(&interfaces->list);
	if (is_complete)
		model_end_list(model, now);
	if (result == 0)
		interfaces->is_known = true;
	if (result == -ENOSPC)
		interfaces->datagram = NETLINK_RECEIVE_SIZE;
	tell_failure(interfaces, interfaces->has_failed && result == 0 ? -ENOMEM : result);
	interfaces->next = now + (interval > pause ? interval : pause);
}

void interfaces_list(struct interfaces *interfaces, struct model *model, uint64_t (*clock)(void))
{
	const uint64_t begun = clock();
	int result = 1;

	if (interfaces_is_listing(interfaces)) {
		result = read_list(interfaces, model, begun);
	} else {
		result = begin(interfaces, model);
		result = result < 0 ? result : 1;
	}
	interfaces->cost += clock() - begun;
	if (result <= 0)
		end(interfaces, model, result, begun);
}

void interfaces_close(struct interfaces *interfaces)
{
	netlink_close(&interfaces->news);
	netlink_close(&interfaces->list);
}
