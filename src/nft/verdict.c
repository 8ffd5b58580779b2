/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/verdict.h"

#include "util/array.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

int verdict_code(enum verdict_kind kind)
{
	static const int codes[] = {
		[VERDICT_RETURN] = NFT_RETURN, [VERDICT_ACCEPT] = NF_ACCEPT,	  [VERDICT_DROP] = NF_DROP,
		[VERDICT_GOTO] = NFT_GOTO,     [VERDICT_CONTINUE] = NFT_CONTINUE,
	};

	return codes[kind];
}

bool verdict_equal(const struct verdict *one, const struct verdict *other)
{
	if (one == NULL || other == NULL)
		return one == other;
	return one->kind == other->kind && (one->kind != VERDICT_GOTO || strcmp(one->chain, other->chain) == 0);
}

/* Starts with the last one, since neighbours in a map often have the same verdict. */
const struct verdict *verdicts_keep(struct verdicts *verdicts, const struct verdict *verdict)
{
	struct verdict **items = NULL;
	struct verdict *kept = NULL;

	for (size_t i = verdicts->count; i > 0; i--) {
		if (verdict_equal(verdicts->items[i - 1], verdict))
			return verdicts->items[i - 1];
	}
	items = array_reserve(verdicts->items, &verdicts->capacity, verdicts->count + 1, sizeof(struct verdict *));
	if (items == NULL)
		return NULL;
	verdicts->items = items;
	kept = malloc(sizeof(*kept));
	if (kept == NULL)
		return NULL;
	*kept = *verdict;
	items[verdicts->count++] = kept;
	return kept;
}

void verdicts_clear(struct verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->count; i++)
		free(verdicts->items[i]);
	free(verdicts->items);
	*verdicts = (struct verdicts){0};
}
