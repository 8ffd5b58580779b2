/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_VERDICT_H
#define CGTPROXY_NFT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

enum {
	/* of chains, sets and counters: "redirect-", a proxy's name of 64 bytes, NUL; the kernel allows 128 for chains
	 */
	NFT_NAME_SIZE = 80,
};

enum verdict_kind {
	VERDICT_RETURN,
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_GOTO,
	VERDICT_CONTINUE, /* after the lookup that returned it */
};

struct verdict {
	enum verdict_kind kind;
	char chain[NFT_NAME_SIZE]; /* with VERDICT_GOTO */
};

/** Returns the kernel's number for a kind of verdict: NF_* or NFT_*. */
int verdict_code(enum verdict_kind kind);

/** Returns whether two verdicts, each of which may be NULL, are equal. */
bool verdict_equal(const struct verdict *one, const struct verdict *other);

/** A pool of distinct verdicts for others to reference. */
struct verdicts {
	struct verdict **items;
	size_t count;
	size_t capacity;
};

/** Returns a verdict equal to the given one and valid until verdicts_clear(), or NULL when out of memory. */
const struct verdict *verdicts_keep(struct verdicts *verdicts, const struct verdict *verdict);

void verdicts_clear(struct verdicts *verdicts);

#endif
