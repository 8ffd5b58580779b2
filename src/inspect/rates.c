/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/rates.h"

#include <string.h>

static uint64_t growth(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

void traffic_rates(const struct traffic_list *before, const struct traffic_list *now, double seconds,
		   struct traffic_rate *rates)
{
	size_t old = 0;

	if (now->count > 0)
		memset(rates, 0, now->count * sizeof(*rates));
	if (before == NULL || seconds <= 0)
		return;
	/* both are in the order of their cookies */
	for (size_t i = 0; i < now->connection_count; i++) {
		const struct connection_traffic *connection = &now->connections[i];
		struct connection_traffic earlier = {0};

		while (old < before->connection_count && before->connections[old].cookie < connection->cookie)
			old++;
		if (old < before->connection_count && before->connections[old].cookie == connection->cookie)
			earlier = before->connections[old];
		rates[connection->owner].received += (double)growth(earlier.received, connection->received) / seconds;
		rates[connection->owner].sent += (double)growth(earlier.sent, connection->sent) / seconds;
	}
}
