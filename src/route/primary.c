/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "route/primary.h"

#include "util/address.h"
#include "util/loopback.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

static int note_address(const struct nlmsghdr *message, void *data)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(message);
	struct primary_address *address = data;
	const void *found = NULL;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head) || address->exists ||
	    head->ifa_family != address->family || head->ifa_index != LOOPBACK_INDEX ||
	    (head->ifa_flags & (head->ifa_family == AF_INET ? IFA_F_SECONDARY : IFA_F_TENTATIVE | IFA_F_DEPRECATED)))
		return MNL_CB_OK;
	found = rtnetlink_address(message);
	if (found == NULL)
		return MNL_CB_OK;
	memcpy(&address->ip6, found, address_size(head->ifa_family));
	address->exists = true;
	return MNL_CB_OK;
}

static void forget_address(void *data)
{
	struct primary_address *address = data;

	*address = (struct primary_address){.family = address->family};
}

int primary_address_find(struct rtnetlink *rtnetlink, int family, struct primary_address *address)
{
	char buffer[RTNETLINK_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));

	*address = (struct primary_address){.family = family};
	message->nlmsg_type = RTM_GETADDR;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head->ifa_family = (uint8_t)family;
	return rtnetlink_dump(rtnetlink, message, note_address, forget_address, address);
}
