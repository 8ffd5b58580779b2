/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/names.h"

#include "relay/dns_service.h"
#include "util/clock.h"

static struct fake_ip *map_of(const struct relay *relay)
{
	return relay->dns != NULL ? relay->dns->dns.fake_ip : NULL;
}

static struct fake_name *find(const struct relay *relay, const struct endpoint *endpoint)
{
	return map_of(relay) != NULL ? fake_ip_find(map_of(relay), endpoint) : NULL;
}

bool relay_is_fake(const struct relay *relay, const struct endpoint *endpoint)
{
	return map_of(relay) != NULL && fake_ip_covers(map_of(relay), endpoint);
}

const char *relay_name_of(struct relay *relay, const struct endpoint *endpoint)
{
	struct fake_name *name = find(relay, endpoint);

	if (name == NULL)
		return NULL;
	fake_ip_hold(map_of(relay), name, clock_now());
	fake_ip_release(map_of(relay), name, clock_now());
	return name->text;
}

void names_hold(struct relay *relay, const struct endpoint *endpoint)
{
	struct fake_name *name = find(relay, endpoint);

	if (name != NULL)
		fake_ip_hold(map_of(relay), name, clock_now());
}

/* A name that is held keeps its address, so that it is the same one. */
void names_release(struct relay *relay, const struct endpoint *endpoint)
{
	struct fake_name *name = find(relay, endpoint);

	if (name != NULL)
		fake_ip_release(map_of(relay), name, clock_now());
}
