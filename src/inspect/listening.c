/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/listening.h"

#include "socket/sockets.h"

#include <stdlib.h>

bool proxy_is_absent(const struct proxy *proxy)
{
	struct socket_cgroups listeners = {0};
	int result = sockets_find_listeners(proxy->port, &listeners);

	free(listeners.ids);
	return result == 0 && listeners.count == 0;
}
