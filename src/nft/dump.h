/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_DUMP_H
#define CGTPROXY_NFT_DUMP_H

#include "nft/counter.h"
#include "nft/nft.h"
#include "nft/ruleset.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The contents of our table in the kernel, except its rules, whoever put them there: this run, an earlier one with
 * another config, or another program. Everything is read afresh each time and validated.
 */

struct dump_chain {
	char name[NFT_NAME_SIZE];
	bool has_hook; /* if set, the next three are, as in struct hook; a type that can't be read is "" */
	uint32_t number;
	int32_t priority;
	char type[16];
};

struct dump {
	struct table_state state;
	bool is_incomplete; /* not everything could be read */
	struct dump_chain *chains;
	size_t chain_count;
	size_t chain_capacity;
	struct counter *counters;
	size_t counter_count;
	size_t counter_capacity;
	struct set *sets; /* sorted; those of SET_UNKNOWN without their elements */
	size_t set_count;
	size_t set_capacity;
	struct verdicts verdicts; /* which the elements refer to */
};

/**
 * Reads our table.
 *
 * @dump: zeroed; to be freed with dump_clear() whatever this returns
 *
 * Returns 0 (also when there is no such table), -EPERM without CAP_NET_ADMIN, or another negative errno, with @error.
 */
int dump_read(struct nft *nft, struct dump *dump, struct error *error);

/** Returns the chain, set or counter with that name, or NULL. */
const struct dump_chain *dump_find_chain(const struct dump *dump, const char *name);
const struct set *dump_find_set(const struct dump *dump, const char *name);
const struct counter *dump_find_counter(const struct dump *dump, const char *name);

void dump_clear(struct dump *dump);

#endif
