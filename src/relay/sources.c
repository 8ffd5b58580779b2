/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/sources.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct source {
	struct in6_addr address; /* one of IPv4 is mapped */
	size_t count;
};

static int compare(const void *one, const void *other)
{
	return memcmp(&((const struct source *)one)->address, &((const struct source *)other)->address,
		      sizeof(struct in6_addr));
}

static void map_address(struct in6_addr *out, const struct endpoint *address)
{
	if (address->family == AF_INET6) {
		*out = address->ip6;
		return;
	}
	*out = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
	memcpy(&out->s6_addr[12], &address->ip, sizeof(address->ip));
}

/* Returns the source, which may be a new one, or NULL. */
static struct source *find(struct sources *sources, const struct endpoint *address)
{
	struct source *new = calloc(1, sizeof(*new));
	struct source **found = NULL;

	if (new == NULL)
		return NULL;
	map_address(&new->address, address);
	found = tsearch(new, &sources->tree, compare);
	if (found == NULL || *found != new)
		free(new);
	return found != NULL ? *found : NULL;
}

int sources_enter(struct sources *sources, const struct endpoint *address, struct source **source)
{
	*source = NULL;
	if (sources->max == 0)
		return 0;
	*source = find(sources, address);
	if (*source == NULL)
		return -ENOMEM;
	if ((*source)->count >= sources->max) {
		*source = NULL;
		return -EUSERS;
	}
	(*source)->count++;
	return 0;
}

void sources_leave(struct sources *sources, struct source *source)
{
	if (source == NULL || --source->count > 0)
		return;
	tdelete(source, &sources->tree, compare);
	free(source);
}
