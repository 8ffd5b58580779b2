/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/gateway_taken.h"

#include "util/address.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct taken {
	enum gateway_selector selector;
	struct gateway_value value;
	struct gateway_taker taker;
};

static int compare_networks(const struct network *one, const struct network *other)
{
	if (one->family != other->family)
		return one->family < other->family ? -1 : 1;
	if (one->prefix != other->prefix)
		return one->prefix < other->prefix ? -1 : 1;
	return memcmp(&one->ip6, &other->ip6, address_size(one->family));
}

static int compare(const void *left, const void *right)
{
	const struct taken *one = left;
	const struct taken *other = right;

	if (one->selector != other->selector)
		return one->selector < other->selector ? -1 : 1;
	switch (one->selector) {
	case GATEWAY_INTERFACE:
		return strcmp(one->value.interface, other->value.interface);
	case GATEWAY_SOURCE:
		return compare_networks(&one->value.source, &other->value.source);
	case GATEWAY_MAC:
		break;
	}
	return memcmp(one->value.mac, other->value.mac, sizeof(one->value.mac));
}

/* From "lan1" to "lan1*", "lan*", "la*", "l*" and "*". A name of full length has no room for "*", and needs none. */
static bool widen_interface(char *name)
{
	size_t length = strlen(name);

	if (strcmp(name, "*") == 0)
		return false;
	if (name[length - 1] != '*' && length < IFNAMSIZ - 1)
		length++;
	else if (name[length - 1] == '*')
		length--;
	name[length - 1] = '*';
	name[length] = '\0';
	return true;
}

static bool widen_source(struct network *source)
{
	uint8_t *bytes = (uint8_t *)&source->ip6;

	if (source->prefix == 0)
		return false;
	source->prefix--;
	bytes[source->prefix / 8] &= (uint8_t) ~(0x80U >> source->prefix % 8);
	return true;
}

/* Makes a value the next larger one that it lies in; returns false if there is none. */
static bool widen(struct taken *taken)
{
	switch (taken->selector) {
	case GATEWAY_INTERFACE:
		return widen_interface(taken->value.interface);
	case GATEWAY_SOURCE:
		return widen_source(&taken->value.source);
	case GATEWAY_MAC:
		break;
	}
	return false;
}

/* The narrowest that a value lies in is the first as well: had a wider one been there before, it would not be here. */
static const struct taken *find(const struct gateway_taken *taken, struct taken wanted)
{
	do {
		const struct taken *const *found = tfind(&wanted, &taken->values, compare);

		if (found != NULL)
			return *found;
	} while (widen(&wanted));
	return NULL;
}

const struct gateway_taker *gateway_take(struct gateway_taken *taken, enum gateway_selector selector,
					 const struct gateway_value *value, const struct gateway_taker *taker)
{
	const struct taken wanted = {selector, *value, *taker};
	const struct taken *found = find(taken, wanted);
	struct taken *added = NULL;

	if (found != NULL)
		return &found->taker;
	added = malloc(sizeof(*added));
	if (added == NULL)
		return NULL;
	*added = wanted;
	if (tsearch(added, &taken->values, compare) == NULL) {
		free(added);
		return NULL;
	}
	if (selector == GATEWAY_INTERFACE && strcmp(value->interface, "*") == 0) {
		taken->has_all = true;
		taken->all = *taker;
	}
	return NULL;
}

void gateway_taken_clear(struct gateway_taken *taken)
{
	tdestroy(taken->values, free);
	*taken = (struct gateway_taken){0};
}
