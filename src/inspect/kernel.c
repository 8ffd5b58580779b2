/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/kernel.h"

#include "engine/compile.h"
#include "engine/names.h"
#include "nft/comment.h"
#include "nft/lookups.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

static void read_stamp(struct nft *nft, struct kernel *kernel)
{
	char about[COMMENT_SIZE];

	if (nft_read_comment(nft, CHAIN_PREROUTING, about) == 0)
		stamp_read(about, &kernel->stamp);
}

static enum kernel_view read_state(struct nft *nft, struct kernel *kernel)
{
	struct cgroup_lookups lookups;
	int result = nft_open(nft, &kernel->reason);

	if (result == 0)
		result = dump_read(nft, &kernel->dump, &kernel->reason);
	if (result == -EPERM)
		error_set(&kernel->reason, result, "needs CAP_NET_ADMIN");
	if (result < 0)
		return KERNEL_UNKNOWN;
	if (!kernel->dump.state.exists)
		return KERNEL_IDLE;
	if (steering_read_elements(&kernel->dump, &kernel->elements) < 0) {
		error_set(&kernel->reason, -ENOMEM, "no memory for the verdicts that the kernel holds");
		return KERNEL_UNKNOWN;
	}
	result = nft_read_lookups(nft, CHAIN_OUTPUT_MANGLE, &lookups);
	if (result < 0) {
		error_set(&kernel->reason, result, "can't read the rules of the chain %s: %s", CHAIN_OUTPUT_MANGLE,
			  strerror(-result));
		return KERNEL_UNKNOWN;
	}
	kernel->strict = steering_is_strict(&lookups);
	read_stamp(nft, kernel);
	return KERNEL_STEERS;
}

void kernel_read(struct kernel *kernel)
{
	CLEANUP(nft_close) struct nft nft = {0};

	*kernel = (struct kernel){0};
	kernel->view = read_state(&nft, kernel);
}

/*
 * The kernel looks up elements from the deepest level up. With strict, the first level decides: a cgroup without its
 * own element is refused.
 */
void kernel_find_target(const struct kernel *kernel, const uint64_t *ids, int count, char *target)
{
	const struct verdict *verdict = NULL;

	for (int level = count - 1; level > 0 && verdict == NULL; level--) {
		verdict = elements_find(&kernel->elements, ids[level]);
		if (verdict == NULL && kernel->strict) {
			compile_target_name(&(struct verdict){.kind = VERDICT_DROP}, target);
			return;
		}
	}
	compile_target_name(verdict != NULL ? verdict : &(struct verdict){.kind = VERDICT_RETURN}, target);
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
			result = copy_set(dump_find_set(&kernel->dump, names[i]), set);
	}
	return result;
}

void kernel_clear(struct kernel *kernel)
{
	elements_clear(&kernel->elements);
	dump_clear(&kernel->dump);
	*kernel = (struct kernel){0};
}
