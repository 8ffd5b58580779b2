/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/container_elements.h"

#include "config/config.h"
#include "util/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A smaller rank is more restrictive. Several proxies have the order of the config. */
static uint32_t rank(uint32_t target)
{
	return target == TARGET_DIRECT ? TARGET_NO_RULE - 1 : target;
}

uint32_t container_stricter(uint32_t one, uint32_t other)
{
	return rank(other) < rank(one) ? other : one;
}

int container_elements_put(struct container_elements *elements, const struct container_element *element)
{
	struct container_element *items =
		array_reserve(elements->items, &elements->capacity, elements->count + 1, sizeof(*items));

	if (items == NULL)
		return -ENOMEM;
	elements->items = items;
	items[elements->count++] = *element;
	return 0;
}

static int put_interface(struct container_elements *elements, uint32_t iif, uint32_t target)
{
	struct container_element element = {.set = CONTAINER_INTERFACE, .target = target};

	memcpy(element.key, &iif, sizeof(iif));
	return container_elements_put(elements, &element);
}

/* Concatenated keys have their parts one after the other, each padded to whole words. */
static int put_address(struct container_elements *elements, enum container_set set, uint32_t interface,
		       const struct container_address *address, uint32_t target)
{
	const bool is_ip6 = address->family == AF_INET6;
	struct container_element element = {.set = set, .target = target};

	memcpy(element.key, &interface, sizeof(interface));
	memcpy(element.key + sizeof(interface), is_ip6 ? (const void *)&address->ip6 : &address->ip,
	       is_ip6 ? sizeof(address->ip6) : sizeof(address->ip));
	return container_elements_put(elements, &element);
}

int container_elements_add(struct container_elements *elements, const struct container *container, uint32_t target)
{
	int error = 0;

	for (size_t i = 0; i < container->interface_count && error == 0; i++) {
		const struct container_interface *interface = &container->interfaces[i];

		error = put_interface(elements, interface->iif, interface->bridged ? TARGET_BY_SOURCE : target);
		for (size_t j = 0; j < container->address_count && error == 0; j++) {
			const struct container_address *address = &container->addresses[j];
			const bool is_ip6 = address->family == AF_INET6;

			error = put_address(elements, is_ip6 ? CONTAINER_ADDRESS6 : CONTAINER_ADDRESS, interface->iif,
					    address, TARGET_NONE);
			if (error == 0 && interface->bridged)
				error = put_address(elements, is_ip6 ? CONTAINER_SOURCE6 : CONTAINER_SOURCE,
						    interface->iif, address, target);
		}
	}
	return error;
}

int container_element_compare(const struct container_element *one, const struct container_element *other)
{
	if (one->set != other->set)
		return one->set < other->set ? -1 : 1;
	return memcmp(one->key, other->key, sizeof(one->key));
}

static int compare(const void *left, const void *right)
{
	return container_element_compare(left, right);
}

void container_elements_sort(struct container_elements *elements)
{
	size_t count = 0;

	if (elements->count == 0)
		return;
	qsort(elements->items, elements->count, sizeof(*elements->items), compare);
	for (size_t i = 1; i < elements->count; i++) {
		struct container_element *last = &elements->items[count];
		const struct container_element *element = &elements->items[i];

		if (compare(last, element) == 0)
			last->target = container_stricter(last->target, element->target);
		else
			elements->items[++count] = *element;
	}
	elements->count = count + 1;
}

const struct container_element *container_elements_find(const struct container_elements *elements,
							const struct container_element *key)
{
	if (elements->count == 0)
		return NULL;
	return bsearch(key, elements->items, elements->count, sizeof(*elements->items), compare);
}

int container_elements_copy(struct container_elements *elements, const struct container_elements *others)
{
	struct container_element *items =
		array_reserve(elements->items, &elements->capacity, others->count + 1, sizeof(*items));

	if (items == NULL)
		return -ENOMEM;
	elements->items = items;
	elements->count = others->count;
	if (others->count > 0)
		memcpy(items, others->items, others->count * sizeof(*items));
	return 0;
}

void container_elements_clear(struct container_elements *elements)
{
	free(elements->items);
	*elements = (struct container_elements){0};
}
