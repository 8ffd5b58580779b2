/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/container_list.h"

#include "engine/container_chains.h"
#include "engine/names.h"
#include "inspect/containers.h"
#include "util/cleanup.h"
#include "util/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long to ask cgroups, which are many only on hosts where most are known soon. */
#define SETTLE_TIME (USEC_PER_SEC / 2)
/* How long to wait for what can't be asked at once, because it is just changing. */
#define PATIENCE (USEC_PER_SEC / 20)

bool container_list_is_covered(const struct dump *dump)
{
	return dump_find_set(dump, MAP_CONTAINER_INTERFACE) != NULL;
}

static int add_text(char ***texts, size_t *count, char *text)
{
	char **more = text != NULL ? reallocarray(*texts, *count + 1, sizeof(*more)) : NULL;

	if (more == NULL) {
		free(text);
		return -ENOMEM;
	}
	*texts = more;
	more[(*count)++] = text;
	return 0;
}

static int add_addresses(const struct container *container, struct listed_container *listed)
{
	int result = 0;

	for (size_t i = 0; i < container->address_count && result == 0; i++) {
		char text[INET6_ADDRSTRLEN] = "";

		inet_ntop(container->addresses[i].family, &container->addresses[i].ip6, text, sizeof(text));
		result = add_text(&listed->addresses, &listed->address_count, strdup(text));
	}
	return result;
}

/* Those that packets arrive on are sorted, so that a bridge with several of its ports comes once. */
static int add_interfaces(const struct container *container, struct listed_container *listed)
{
	int result = 0;

	for (size_t i = 0; i < container->interface_count && result == 0; i++) {
		char name[IFNAMSIZ];

		if (i > 0 && container->interfaces[i - 1].iif == container->interfaces[i].iif)
			continue;
		if (if_indextoname(container->interfaces[i].iif, name) != NULL)
			result = add_text(&listed->interfaces, &listed->interface_count, strdup(name));
	}
	return result;
}

static int add_cgroups(const struct container *container, struct listed_container *listed)
{
	int result = 0;

	for (size_t i = 0; i < container->cgroup_count && result == 0; i++) {
		char *path = cgroup_path_copy(container->cgroups[i]);

		if (path != NULL && *listed->name == '\0')
			container_write_name(path, listed->name, sizeof(listed->name));
		result = add_text(&listed->cgroups, &listed->cgroup_count, path);
	}
	return result;
}

/* Notes what the kernel does with the packets of one element. */
static void note_element(const struct dump *dump, const struct container_element *element, bool is_first,
			 struct listed_container *listed)
{
	const struct set *map = dump_find_set(dump, container_set_name(element->set));
	const struct set_element *held = NULL;
	char target[NFT_NAME_SIZE] = "";

	if (map != NULL && map->type == container_set_type(element->set))
		held = set_find(map, element->key);
	if (held != NULL)
		container_target_name(held->verdict, target);
	if (is_first)
		memcpy(listed->target, target, sizeof(target));
	else if (strcmp(listed->target, target) != 0)
		listed->is_partly = true;
}

/* The elements that it should have tell which ones to look up; their target is of no meaning here. */
static int find_target(const struct dump *dump, const struct container *container, struct listed_container *listed)
{
	CLEANUP(container_elements_clear) struct container_elements elements = {0};
	bool is_first = true;

	if (container_elements_add(&elements, container, TARGET_NONE) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < elements.count; i++) {
		if (elements.items[i].set >= CONTAINER_MAPS || elements.items[i].target == TARGET_BY_SOURCE)
			continue;
		note_element(dump, &elements.items[i], is_first, listed);
		is_first = false;
	}
	return 0;
}

static int add_container(const struct dump *dump, const struct container *container, struct container_list *list)
{
	struct listed_container *items = reallocarray(list->items, list->count + 1, sizeof(*items));
	struct listed_container *listed = NULL;
	int result = 0;

	if (items == NULL)
		return -ENOMEM;
	list->items = items;
	listed = &items[list->count++];
	*listed = (struct listed_container){0};
	result = add_cgroups(container, listed);
	if (result == 0)
		result = add_addresses(container, listed);
	if (result == 0)
		result = add_interfaces(container, listed);
	return result == 0 ? find_target(dump, container, listed) : result;
}

static int compare(const void *left, const void *right)
{
	const struct listed_container *one = left;
	const struct listed_container *other = right;

	return cgroup_path_compare(one->cgroups[0], other->cgroups[0]);
}

static int compare_paths(const void *left, const void *right)
{
	return cgroup_path_compare(*(const char *const *)left, *(const char *const *)right);
}

/* By the paths of their cgroups, which are sorted in turn. */
static void sort(struct container_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		qsort(list->items[i].cgroups, list->items[i].cgroup_count, sizeof(char *), compare_paths);
	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items), compare);
}

bool container_list_settle(struct containers *containers)
{
	const uint64_t end = clock_now() + SETTLE_TIME;
	bool is_settled = containers_settle(containers, end, clock_now);
	const uint64_t until = clock_now() + PATIENCE;

	while (!is_settled && clock_now() < until) {
		struct pollfd news = {.fd = containers_fd(containers), .events = POLLIN};

		poll(&news, 1, 1);
		is_settled = containers_settle(containers, until, clock_now);
	}
	return is_settled;
}

int container_list_read(const struct dump *dump, const struct cgroup_index *index, struct container_list *list,
			struct error *error)
{
	const int directory = open(index->mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct containers *containers = NULL;
	int result = 0;

	if (directory < 0)
		return error_set(error, -errno, "can't open %s: %s", index->mount, strerror(errno));
	containers = containers_new(directory, index->tree.root, error);
	if (containers == NULL) {
		close(directory);
		return -EIO;
	}
	list->is_incomplete = !container_list_settle(containers);
	for (const struct container *container = NULL;
	     result == 0 && (container = containers_next(containers, container)) != NULL;) {
		if (container->cgroup_count > 0)
			result = add_container(dump, container, list);
	}
	containers_free(containers);
	close(directory);
	sort(list);
	return result < 0 ? error_set(error, result, "no memory for the list of containers") : 0;
}

static bool is_below(const char *path, const char *top)
{
	const size_t length = strlen(top);

	return strcmp(top, "/") == 0 ||
	       (strncmp(path, top, length) == 0 && (path[length] == '\0' || path[length] == '/'));
}

bool container_is_below(const struct listed_container *container, const char *path)
{
	for (size_t i = 0; i < container->cgroup_count; i++) {
		if (is_below(container->cgroups[i], path))
			return true;
	}
	return false;
}

const struct listed_container *container_list_find_address(const struct container_list *list, const char *address)
{
	for (size_t i = 0; i < list->count; i++) {
		for (size_t j = 0; j < list->items[i].address_count; j++) {
			if (strcmp(list->items[i].addresses[j], address) == 0)
				return &list->items[i];
		}
	}
	return NULL;
}

static void clear_texts(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

void container_list_clear(struct container_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		clear_texts(list->items[i].cgroups, list->items[i].cgroup_count);
		clear_texts(list->items[i].addresses, list->items[i].address_count);
		clear_texts(list->items[i].interfaces, list->items[i].interface_count);
	}
	free(list->items);
	*list = (struct container_list){0};
}
