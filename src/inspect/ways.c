/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/ways.h"

#include "route/way.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel's errors for a missing route, and for a route of type unreachable, blackhole or prohibit. */
static bool is_refusal(int result)
{
	return result == -ENETUNREACH || result == -EHOSTUNREACH || result == -EINVAL || result == -EACCES;
}

int ways_inspect(const struct config *config, struct ways *ways, struct problems *problems)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	int result = way_look(&rtnetlink, AF_INET);

	if (result < 0 && !is_refusal(result))
		return result;
	*ways = (struct ways){.ip = result == 0, .ip6 = way_look(&rtnetlink, AF_INET6) == 0};
	if (config->proxy_count == 0)
		return 0;
	if (result == -ENETUNREACH)
		return problems_add(
			problems, PROBLEM_NO_ROUTE, _("the default route for IPv4"),
			strdup("ip route add default dev lo"),
			"there is no default route for IPv4, or a policy rule of the type unreachable comes before it. "
			"The kernel refuses to send before any rule is evaluated, so proxied programs reach nothing "
			"either (\"Network is unreachable\"). Add a route, if only to the loopback interface");
	if (result < 0)
		return problems_add(problems, PROBLEM_NO_ROUTE, _("the default route for IPv4"), NULL,
				    "the kernel refuses to send over IPv4 (\"%s\") before any rule is evaluated, so "
				    "proxied programs reach nothing either. It does so by a route or a policy rule of "
				    "the type unreachable, blackhole or prohibit, as a VPN's kill switch may add: \"ip "
				    "rule\" and \"ip route show table all\" list them",
				    strerror(-result));
	return 0;
}
