/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/sources.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct source {
	struct endpoint address; /* without a port; what is not used of it is zero */
	size_t count;
};

static int compare(const void *one, const void *other)
{
	return memcmp(&((const struct source *)one)->address, &((const struct source *)other)->address,
		      sizeof(struct endpoint));
}

static void copy_address(struct endpoint *out, const struct endpoint *address)
{
	memset(out, 0, sizeof(*out));
	out->family = address->family;
	memcpy(&out->ip6, &address->ip6, address_size(address->family));
}

/* Returns the source, which may be a new one, or NULL. */
static struct source *find(struct sources *sources, const struct endpoint *address)
{
	struct source *new = calloc(1, sizeof(*new));
	struct source **found = NULL;

	if (new == NULL)
		return NULL;
	copy_address(&new->address, address);
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
