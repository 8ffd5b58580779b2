/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/kernel.h"

#include "engine/compile.h"
#include "engine/names.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

static enum kernel_view read_state(struct nft *nft, struct kernel *kernel)
{
	struct held_table *table = &kernel->table;
	int result = nft_open(nft, &kernel->reason);

	if (result == 0)
		result = held_table_read(nft, table, &kernel->reason);
	if (result == -EPERM)
		error_set(&kernel->reason, result, "needs CAP_NET_ADMIN");
	if (result < 0)
		return KERNEL_UNKNOWN;
	if (!table->dump.state.exists)
		return KERNEL_IDLE;
	if (table->lookups_result < 0) {
		error_set(&kernel->reason, table->lookups_result, "can't read the rules of the chain %s: %s",
			  CHAIN_OUTPUT_MANGLE, strerror(-table->lookups_result));
		return KERNEL_UNKNOWN;
	}
	return KERNEL_STEERS;
}

void kernel_read(struct kernel *kernel)
{
	CLEANUP(nft_close) struct nft nft = {0};

	*kernel = (struct kernel){0};
	kernel->view = read_state(&nft, kernel);
}

void kernel_find_target(const struct kernel *kernel, const uint64_t *ids, int count, char *target)
{
	compile_target_name(held_table_verdict(&kernel->table, ids, count), target);
}

bool kernel_covers_containers(const struct kernel *kernel)
{
	return kernel->view == KERNEL_STEERS && dump_find_set(&kernel->table.dump, MAP_CONTAINER_INTERFACE) != NULL;
}

static int copy_set(const struct set *from, struct set *into)
{
	set_clear(into);
	for (size_t i = 0; from != NULL && from->type == into->type && i < from->count; i++) {
		if (set_add(into, from->elements[i].key, from->elements[i].flags, NULL) < 0)
			return -ENOMEM;
	}
	set_sort(into);
	return 0;
}

int kernel_copy_bypass(const struct kernel *kernel, struct ruleset *ruleset)
{
	static const char *const names[] = {SET_BYPASS, SET_BYPASS6};
	int result = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && result == 0; i++) {
		struct set *set = ruleset_find_set(ruleset, names[i]);

		if (set != NULL)
			result = copy_set(dump_find_set(&kernel->table.dump, names[i]), set);
	}
	return result;
}

static int copy_elements(const struct set *from, struct ruleset *ruleset, struct set *into)
{
	int result = 0;

	for (size_t i = 0; from != NULL && from->type == into->type && i < from->count && result == 0; i++) {
		const struct set_element *element = &from->elements[i];

		result = element->verdict != NULL ? ruleset_map(ruleset, into, element->key, element->verdict)
						  : set_add(into, element->key, element->flags, NULL);
	}
	set_sort(into);
	return result;
}

int kernel_copy_containers(const struct kernel *kernel, struct ruleset *ruleset)
{
	static const char *const names[] = {MAP_CONTAINER_INTERFACE, MAP_CONTAINER_SOURCE,   MAP_CONTAINER_SOURCE6,
					    SET_CONTAINER_ADDRESS,   SET_CONTAINER_ADDRESS6, MAP_HIJACK_INTERFACE,
					    MAP_HIJACK_SOURCE,	     MAP_HIJACK_SOURCE6};
	int result = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && result == 0; i++) {
		struct set *set = ruleset_find_set(ruleset, names[i]);

		if (set != NULL)
			result = copy_elements(dump_find_set(&kernel->table.dump, names[i]), ruleset, set);
	}
	return result;
}

void kernel_clear(struct kernel *kernel)
{
	held_table_clear(&kernel->table);
	*kernel = (struct kernel){0};
}
