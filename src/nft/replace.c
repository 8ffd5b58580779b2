/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/replace.h"

#include "nft/difference.h"
#include "nft/owner.h"
#include "nft/table.h"
#include "util/cleanup.h"
#include "util/grace.h"

#include <errno.h>
#include <string.h>

enum {
	/*
	 * Where the kernel does not protect the table, it may change between two reads; and perhaps only the answer was
	 * lost, with the table in the state between the two transactions.
	 */
	TRIES = 3,
};

/* Stands in for our table while that is exchanged. */
#define TABLE_NEXT TABLE_NAME "-next"

static int send_whole(struct nft *nft, struct batch *batch, const struct ruleset *wanted, const char *table,
		      uint32_t table_flags, bool exists, struct error *error)
{
	struct ruleset ruleset = *wanted;

	ruleset.table = table;
	batch_begin(batch);
	if (exists)
		table_put_delete(batch, table);
	table_put_new(batch, table, table_flags, 0);
	table_put_contents(batch, &ruleset);
	batch_end(batch);
	return nft_send(nft, batch, error);
}

static int make_anew(struct nft *nft, struct batch *batch, bool exists, const struct ruleset *wanted,
		     struct error *error)
{
	return send_whole(nft, batch, wanted, TABLE_NAME, nft_table_flags(nft), exists, error);
}

/*
 * A packet that entered the old table's chains may look up its sets after their removal, and one that passed before the
 * new chains existed may still be in flight. So another table does the same from one grace period before the exchange
 * until one after. It is removed with this process if that is killed.
 */
static int exchange(struct nft *nft, struct batch *batch, const struct ruleset *wanted, struct error *error)
{
	int result = send_whole(nft, batch, wanted, TABLE_NEXT, TABLE_OWNER, false, error);

	if (result < 0)
		return result;
	grace_period();
	result = make_anew(nft, batch, true, wanted, error);
	grace_period();
	batch_begin(batch);
	table_put_delete(batch, TABLE_NEXT);
	batch_end(batch);
	if (result < 0) {
		struct error ignored;

		nft_send(nft, batch, &ignored);
		return result;
	}
	return nft_send(nft, batch, error);
}

/* Left over if it could not be removed after the last exchange: while it exists, it does what the table did then. */
static int remove_next(struct nft *nft, struct batch *batch, struct error *error)
{
	struct table_state next = {0};
	int result = nft_query_table(nft, TABLE_NEXT, &next, error);

	if (result < 0 || !next.exists || next.owner != nft->netlink.port)
		return result;
	batch_begin(batch);
	table_put_delete(batch, TABLE_NEXT);
	batch_end(batch);
	return nft_send(nft, batch, error);
}

/* Once the packets are gone that met the rules in force before. */
static int remove_rest(struct nft *nft, struct batch *batch, const struct dump *held, const struct ruleset *wanted,
		       struct error *error)
{
	bool has_rest = false;

	batch_begin(batch);
	has_rest = difference_put_removals(batch, held, wanted);
	batch_end(batch);
	if (!has_rest)
		return 0;
	grace_period();
	return nft_send(nft, batch, error);
}

static int change(struct nft *nft, struct batch *batch, const struct dump *held, struct ruleset *wanted,
		  const struct preparation *preparation, struct error *error)
{
	CLEANUP(ruleset_freep) struct ruleset *meanwhile = ruleset_new();
	int result = meanwhile != NULL ? preparation->write(held, meanwhile, preparation->userdata) : -ENOMEM;

	if (result < 0)
		return error_set(error, result, "can't prepare the change of the table inet %s: %s", TABLE_NAME,
				 strerror(-result));
	batch_begin(batch);
	difference_put_preparation(batch, held, wanted, meanwhile);
	batch_end(batch);
	result = nft_send(nft, batch, error);
	if (result < 0)
		return result;
	batch_begin(batch);
	if (difference_put(batch, held, wanted) < 0)
		return error_set(error, -ENOMEM, "no memory to compare the table inet %s with what the kernel holds",
				 TABLE_NAME);
	batch_end(batch);
	result = nft_send(nft, batch, error);
	if (result < 0)
		return result;
	difference_keep_sizes(held, wanted);
	return remove_rest(nft, batch, held, wanted, error);
}

/* part_by_part: try an incremental update */
static int replace_once(struct nft *nft, struct ruleset *wanted, const struct preparation *preparation,
			bool part_by_part, struct error *error)
{
	CLEANUP(batch_clear) struct batch batch = {0};
	CLEANUP(dump_clear) struct dump held = {0};
	int result = dump_read(nft, &held, error);

	if (result == 0)
		result = nft_adopt(nft, &held.state, error);
	if (result == 0)
		result = remove_next(nft, &batch, error);
	if (result < 0)
		return result;
	if (!held.state.exists)
		return make_anew(nft, &batch, false, wanted, error);
	if (part_by_part && nft_can_change(nft, &held.state) && difference_is_possible(&held, wanted))
		return change(nft, &batch, &held, wanted, preparation, error);
	return exchange(nft, &batch, wanted, error);
}

/* A result that a retry can't change. */
static bool is_final(int result)
{
	return result == 0 || result == -EBUSY || result == -EPERM;
}

int nft_replace(struct nft *nft, struct ruleset *wanted, const struct preparation *preparation, struct error *error)
{
	int result = replace_once(nft, wanted, preparation, true, error);

	/* what the kernel refuses again may be due to something unforeseen in the table */
	for (int i = 1; i < TRIES && !is_final(result); i++)
		result = replace_once(nft, wanted, preparation, i + 1 < TRIES, error);
	return result;
}
