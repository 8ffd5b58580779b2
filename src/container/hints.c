/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/hints.h"

#include "container/addresses.h"
#include "container/neighbours.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

int hints_open(struct hints *hints)
{
	int result = netlink_open(&hints->netlink, NETLINK_ROUTE, SOCK_NONBLOCK);

	return result < 0 ? result : netlink_set(&hints->netlink, NETLINK_ADD_MEMBERSHIP, RTNLGRP_NEIGH);
}

struct hearing {
	struct netlink *asking;
	struct model *model;
	uint64_t now;
};

/*
 * Where something sends, there are processes. It begins with its interface's coming up, some moments before it has its
 * address, so that the one must not keep the other waiting.
 */
static void follow(struct model *model, struct known *known, uint64_t now)
{
	schedule_hurry(&model->polls, &known->poll, now);
	if (known->container.cgroup_count == 0)
		model_set_searched(model, known, false);
}

static bool has_bridge(const struct model *model, uint32_t iif)
{
	const struct known *known = NULL;

	TAILQ_FOREACH (known, &model->items, next) {
		for (size_t i = 0; i < known->container.interface_count; i++) {
			if (known->interfaces[i].iif == iif && known->interfaces[i].bridged)
				return true;
		}
	}
	return false;
}

static bool has_interface(const struct known *known, uint32_t iif)
{
	for (size_t i = 0; i < known->container.interface_count; i++) {
		if (known->interfaces[i].iif == iif)
			return true;
	}
	return false;
}

static bool has_address(const struct model *model, uint32_t iif, const struct container_address *address)
{
	const struct known *known = NULL;

	TAILQ_FOREACH (known, &model->items, next) {
		const size_t count = known->container.address_count;
		const size_t at = addresses_find(known->addresses, count, address);

		if (at < count && address_compare(&known->addresses[at], address) == 0 && has_interface(known, iif))
			return true;
	}
	return false;
}

/* A bridge's own neighbours have an address that it has learned at one of its ports. */
static struct known *find_behind_bridge(const struct hearing *hearing, const struct neighbour *neighbour)
{
	uint32_t port = 0;

	if (!neighbour->has_mac || !has_bridge(hearing->model, neighbour->index) ||
	    has_address(hearing->model, neighbour->index, &neighbour->address) ||
	    neighbour_port(hearing->asking, neighbour->index, neighbour->mac, &port) < 0)
		return NULL;
	return model_find_by_veth(hearing->model, port);
}

static int note_neighbour(const struct nlmsghdr *message, void *data)
{
	const struct hearing *hearing = data;
	struct neighbour neighbour;
	struct known *known = NULL;

	if (hearing->model->count == 0 || !neighbour_read(message, &neighbour))
		return MNL_CB_OK;
	known = model_find_by_veth(hearing->model, neighbour.index);
	if (known == NULL && neighbour.address.family != 0)
		known = find_behind_bridge(hearing, &neighbour);
	if (known != NULL)
		follow(hearing->model, known, hearing->now);
	return MNL_CB_OK;
}

bool hints_hear(struct hints *hints, struct netlink *asking, struct model *model, uint64_t now)
{
	struct hearing hearing = {asking, model, now};
	const int result = netlink_hear(&hints->netlink, note_neighbour, &hearing);

	return result > 0 || result == -ENOBUFS;
}

void hints_close(struct hints *hints)
{
	netlink_close(&hints->netlink);
}
