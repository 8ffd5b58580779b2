/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

/* Both messages that end an answer begin with a negative errno or 0. */
static int take_end(const struct nlmsghdr *message, void *data)
{
	int error = -EBADMSG;

	(void)data;
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(message), sizeof(error));
	if (error == 0)
		return MNL_CB_STOP;
	errno = -error;
	return MNL_CB_ERROR;
}

int netlink_take(const void *buffer, size_t length, unsigned sequence, unsigned port, mnl_cb_t callback, void *data)
{
	mnl_cb_t ends[] = {[NLMSG_ERROR] = take_end, [NLMSG_DONE] = take_end};

	return mnl_cb_run2(buffer, length, sequence, port, callback, data, ends, sizeof(ends) / sizeof(ends[0]));
}
