/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/owner.h"

#include "nft/batch.h"
#include "nft/ruleset.h"
#include "nft/table.h"
#include "util/cleanup.h"
#include "util/process.h"

#include <errno.h>
#include <linux/netlink.h>

#define LOCK_TABLE TABLE_NAME "-lock"

static int busy(uint32_t owner, struct error *error)
{
	char process[PROCESS_NAME_SIZE];

	return error_set(error, -EBUSY,
			 "%s already steers the traffic of this network namespace. Stop it first (the service: "
			 "systemctl stop cgtproxy)",
			 process_of_port(owner, process));
}

/* Whether the kernel accepts the flags; tested on a table that is never committed. */
static int probe_persistent_owner(struct nft *nft, struct error *error)
{
	CLEANUP(batch_clear) struct batch batch = {0};
	int result = 0;

	batch_begin(&batch);
	table_put_new(&batch, PROBE_TABLE, TABLE_OWNER | TABLE_PERSIST, 0);
	result = nft_send(nft, &batch, error);
	nft->persistent_owner = result == 0;
	return result == -EOPNOTSUPP || result == -EINVAL ? 0 : result;
}

static int make_lock_table(struct nft *nft, struct error *error)
{
	CLEANUP(batch_clear) struct batch batch = {0};

	batch_begin(&batch);
	table_put_new(&batch, LOCK_TABLE, TABLE_OWNER, NLM_F_EXCL);
	batch_end(&batch);
	return nft_send(nft, &batch, error);
}

int nft_find_owner(struct nft *nft, const struct table_state *table, uint32_t *port, struct error *error)
{
	struct table_state lock;
	int result = 0;

	*port = table->owner;
	if (table->owner != 0)
		return 0;
	result = nft_query_table(nft, LOCK_TABLE, &lock, error);
	*port = lock.owner;
	return result;
}

int nft_acquire(struct nft *nft, struct error *error)
{
	struct table_state state;
	int result = probe_persistent_owner(nft, error);

	if (result < 0)
		return result;
	result = nft_query_table(nft, nft->persistent_owner ? TABLE_NAME : LOCK_TABLE, &state, error);
	if (result < 0)
		return result;
	if (state.owner != 0 && state.owner != nft->netlink.port)
		return busy(state.owner, error);
	return nft->persistent_owner ? 0 : make_lock_table(nft, error);
}

uint32_t nft_table_flags(const struct nft *nft)
{
	return nft->persistent_owner ? TABLE_OWNER | TABLE_PERSIST : 0;
}

/* net/netfilter/nf_tables_api.c: a table that outlives its owner keeps the "persist" flag and loses the other one. */
static bool is_orphan(const struct table_state *state)
{
	return state->exists && state->owner == 0 && (state->flags & TABLE_PERSIST);
}

bool nft_can_change(const struct nft *nft, const struct table_state *state)
{
	const uint32_t flags = is_orphan(state) ? state->flags | TABLE_OWNER : state->flags;

	return state->exists && flags == nft_table_flags(nft);
}

int nft_adopt(struct nft *nft, const struct table_state *state, struct error *error)
{
	CLEANUP(batch_clear) struct batch batch = {0};

	if (state->owner != 0 && state->owner != nft->netlink.port)
		return busy(state->owner, error);
	if (!is_orphan(state))
		return 0;
	batch_begin(&batch);
	table_put_new(&batch, TABLE_NAME, TABLE_OWNER | TABLE_PERSIST, 0);
	batch_end(&batch);
	return nft_send(nft, &batch, error);
}

int nft_remove_table(struct nft *nft, struct error *error)
{
	CLEANUP(batch_clear) struct batch batch = {0};
	struct table_state state;
	int result = nft_query_table(nft, TABLE_NAME, &state, error);

	if (result == 0)
		result = nft_adopt(nft, &state, error);
	if (result < 0 || !state.exists)
		return result;
	batch_begin(&batch);
	table_put_delete(&batch, TABLE_NAME);
	batch_end(&batch);
	return nft_send(nft, &batch, error);
}
