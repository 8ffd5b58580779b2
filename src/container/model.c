/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "container/model.h"

#include "container/netns.h"
#include "util/array.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare_netns(const void *left, const void *right)
{
	const struct known *a = left;
	const struct known *b = right;

	return (a->container.netns > b->container.netns) - (a->container.netns < b->container.netns);
}

static int compare_indexes(const void *left, const void *right)
{
	const struct veth *a = left;
	const struct veth *b = right;

	return (a->index > b->index) - (a->index < b->index);
}

void model_init(struct model *model, uint64_t poll_interval)
{
	*model = (struct model){0};
	TAILQ_INIT(&model->items);
	TAILQ_INIT(&model->changed);
	TAILQ_INIT(&model->veths);
	schedule_init(&model->polls, poll_interval);
}

struct known *model_find(const struct model *model, int32_t netns)
{
	const struct known key = {.container.netns = netns};
	void *const *node = tfind(&key, &model->by_netns, compare_netns);

	return node != NULL ? *(struct known *const *)node : NULL;
}

static struct veth *find_veth(const struct model *model, uint32_t index)
{
	const struct veth key = {.index = index};
	void *const *node = tfind(&key, &model->by_index, compare_indexes);

	return node != NULL ? *(struct veth *const *)node : NULL;
}

struct known *model_find_by_veth(const struct model *model, uint32_t index)
{
	const struct veth *veth = find_veth(model, index);

	return veth != NULL ? veth->known : NULL;
}

static void update_wanting(struct model *model, struct known *known)
{
	const bool is_wanting = !known->container.is_gone && !known->is_searched && known->container.cgroup_count == 0;

	if (is_wanting && !known->is_wanting)
		model->wanting++;
	else if (!is_wanting && known->is_wanting)
		model->wanting--;
	known->is_wanting = is_wanting;
}

void model_set_searched(struct model *model, struct known *known, bool is_searched)
{
	known->is_searched = is_searched;
	update_wanting(model, known);
}

void model_note_change(struct model *model, struct known *known, uint64_t now)
{
	struct container *container = &known->container;

	container->interfaces = known->interfaces;
	container->addresses = known->addresses;
	container->cgroups = (const struct cgroup *const *)known->cgroups;
	update_wanting(model, known);
	if (!container->is_gone)
		schedule_restart(&model->polls, &known->poll, now);
	if (!known->is_changed)
		TAILQ_INSERT_TAIL(&model->changed, known, in_changed);
	known->is_changed = true;
}

static void free_known(struct known *known)
{
	if (known == NULL)
		return;
	free(known->interfaces);
	free(known->addresses);
	free(known->cgroups);
	free(known->members);
	free(known);
}

static void free_taken(struct model *model)
{
	free_known(model->taken);
	model->taken = NULL;
}

static int add_known(struct model *model, int32_t netns, struct known **added)
{
	struct known *known = NULL;

	if (model->count >= MODEL_CONTAINERS_MAX)
		return -ENOSPC;
	known = calloc(1, sizeof(*known));
	if (known == NULL)
		return -ENOMEM;
	known->container.netns = netns;
	if (tsearch(known, &model->by_netns, compare_netns) == NULL) {
		free(known);
		return -ENOMEM;
	}
	known->container.number = ++model->last_number;
	schedule_item_init(&known->poll);
	TAILQ_INSERT_TAIL(&model->items, known, next);
	model->count++;
	*added = known;
	return 0;
}

void model_forget_in(struct member *member, const struct known *known)
{
	for (uint8_t i = 0; i < member->container_count; i++) {
		if (member->containers[i] != known)
			continue;
		member->containers[i] = member->containers[--member->container_count];
		break;
	}
	if (member->container_count > 0)
		return;
	free(member->containers);
	member->containers = NULL;
}

/* It has no interfaces any more. Stays in the list of changes, and is freed when the caller has seen that it is gone.
 */
static void remove_known(struct model *model, struct known *known, uint64_t now)
{
	struct container *container = &known->container;

	for (size_t i = 0; i < container->cgroup_count; i++)
		model_forget_in(known->members[i], known);
	schedule_drop(&model->polls, &known->poll);
	tdelete(known, &model->by_netns, compare_netns);
	TAILQ_REMOVE(&model->items, known, next);
	model->count--;
	container->is_gone = true;
	container->interface_count = 0;
	container->address_count = 0;
	container->cgroup_count = 0;
	model_note_change(model, known, now);
}

/* Returns where an interface is in the array, or would be. */
static size_t place_interface(const struct known *known, const struct container_interface *interface)
{
	size_t at = 0;

	while (at < known->container.interface_count &&
	       (known->interfaces[at].iif < interface->iif ||
		(known->interfaces[at].iif == interface->iif && known->interfaces[at].veth < interface->veth)))
		at++;
	return at;
}

static int insert_interface(struct known *known, const struct container_interface *interface)
{
	struct container_interface *grown = NULL;
	size_t at = 0;

	if (known->container.interface_count >= MODEL_INTERFACES_MAX)
		return -ENOSPC;
	grown = array_reserve(known->interfaces, &known->interface_capacity, known->container.interface_count + 1,
			      sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	known->interfaces = grown;
	at = place_interface(known, interface);
	memmove(&grown[at + 1], &grown[at], (known->container.interface_count - at) * sizeof(*grown));
	grown[at] = *interface;
	known->container.interface_count++;
	return 0;
}

/* Returns the interface as it was. */
static struct container_interface take_interface(struct known *known, uint32_t veth)
{
	struct container_interface taken = {0};
	size_t at = 0;

	while (at < known->container.interface_count && known->interfaces[at].veth != veth)
		at++;
	if (at == known->container.interface_count)
		return taken;
	taken = known->interfaces[at];
	known->container.interface_count--;
	memmove(&known->interfaces[at], &known->interfaces[at + 1],
		(known->container.interface_count - at) * sizeof(taken));
	return taken;
}

static void free_veth(struct model *model, struct veth *veth)
{
	tdelete(veth, &model->by_index, compare_indexes);
	TAILQ_REMOVE(&model->veths, veth, next);
	free(veth);
}

static void remove_veth(struct model *model, struct veth *veth, uint64_t now)
{
	struct known *known = veth->known;

	take_interface(known, veth->index);
	free_veth(model, veth);
	if (known->container.interface_count == 0)
		remove_known(model, known, now);
	else
		model_note_change(model, known, now);
}

static int add_veth(struct model *model, struct known *known, const struct container_interface *interface)
{
	struct veth *veth = calloc(1, sizeof(*veth));
	int result = 0;

	if (veth == NULL)
		return -ENOMEM;
	*veth = (struct veth){.index = interface->veth, .listing = model->listing, .known = known};
	if (tsearch(veth, &model->by_index, compare_indexes) == NULL) {
		free(veth);
		return -ENOMEM;
	}
	TAILQ_INSERT_TAIL(&model->veths, veth, next);
	result = insert_interface(known, interface);
	if (result < 0)
		free_veth(model, veth);
	return result;
}

static int connect_veth(struct model *model, const struct link_state *link, const struct container_interface *interface,
			uint64_t now)
{
	struct known *known = model_find(model, link->netns);
	const bool is_new = known == NULL;
	int result = is_new ? add_known(model, link->netns, &known) : 0;

	if (result < 0)
		return result;
	result = add_veth(model, known, interface);
	if (result < 0 && is_new)
		remove_known(model, known, now);
	if (result < 0)
		return result;
	model_note_change(model, known, now);
	return is_new;
}

/* There is room: it was there before. */
static void update_veth(struct model *model, const struct veth *veth, const struct container_interface *interface,
			uint64_t now)
{
	const struct container_interface before = take_interface(veth->known, veth->index);

	insert_interface(veth->known, interface);
	if (before.iif != interface->iif || before.bridged != interface->bridged)
		model_note_change(model, veth->known, now);
}

int model_put_link(struct model *model, const struct link_state *link, uint64_t now)
{
	const struct container_interface interface = {link->iif, link->index, link->bridged};
	struct veth *veth = find_veth(model, link->index);

	if (veth != NULL && veth->known->container.netns != link->netns) {
		remove_veth(model, veth, now);
		veth = NULL;
	}
	if (link->netns == NETNS_NONE)
		return 0;
	if (veth == NULL)
		return connect_veth(model, link, &interface, now);
	veth->listing = model->listing;
	update_veth(model, veth, &interface, now);
	return 0;
}

void model_remove_netns(struct model *model, int32_t netns, uint64_t now)
{
	struct known *known = model_find(model, netns);

	if (known == NULL)
		return;
	while (known->container.interface_count > 1)
		remove_veth(model, find_veth(model, known->interfaces[0].veth), now);
	remove_veth(model, find_veth(model, known->interfaces[0].veth), now);
}

void model_begin_list(struct model *model)
{
	model->listing++;
}

void model_end_list(struct model *model, uint64_t now)
{
	struct veth *next = NULL;

	for (struct veth *veth = TAILQ_FIRST(&model->veths); veth != NULL; veth = next) {
		next = TAILQ_NEXT(veth, next);
		if (veth->listing != model->listing)
			remove_veth(model, veth, now);
	}
}

int model_put_addresses(struct model *model, struct known *known, const struct addresses *addresses, uint64_t now)
{
	const size_t size = addresses->count * sizeof(addresses->items[0]);
	struct container_address *copy = NULL;
	bool is_same = known->container.address_count == addresses->count;

	for (size_t i = 0; is_same && i < addresses->count; i++)
		is_same = address_compare(&known->addresses[i], &addresses->items[i]) == 0;
	known->is_asked = true;
	if (is_same)
		return 0;
	copy = malloc(size > 0 ? size : 1);
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, addresses->items, size);
	free(known->addresses);
	known->addresses = copy;
	known->container.address_count = addresses->count;
	model_note_change(model, known, now);
	return 1;
}

struct container *model_take_changed(struct model *model)
{
	struct known *known = TAILQ_FIRST(&model->changed);

	free_taken(model);
	if (known == NULL)
		return NULL;
	TAILQ_REMOVE(&model->changed, known, in_changed);
	known->is_changed = false;
	if (known->container.is_gone)
		model->taken = known;
	return &known->container;
}

struct container *model_next(const struct model *model, const struct container *container)
{
	const struct known *known = (const struct known *)container;
	struct known *next = known != NULL ? TAILQ_NEXT(known, next) : TAILQ_FIRST(&model->items);

	return next != NULL ? &next->container : NULL;
}

void model_clear(struct model *model)
{
	struct known *known = NULL;

	while (!TAILQ_EMPTY(&model->items))
		model_remove_netns(model, TAILQ_FIRST(&model->items)->container.netns, 0);
	while ((known = TAILQ_FIRST(&model->changed)) != NULL) {
		TAILQ_REMOVE(&model->changed, known, in_changed);
		free_known(known);
	}
	free_taken(model);
}
