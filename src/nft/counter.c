/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/counter.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>

bool counter_read(struct counter *counter, const struct attributes *object)
{
	struct attributes counts;
	uint32_t type = 0;

	if (!attribute_u32(object->of[NFTA_OBJ_TYPE], &type) || type != NFT_OBJECT_COUNTER)
		return false;
	attributes_of_nest(&counts, object->of[NFTA_OBJ_DATA]);
	return attribute_u64(counts.of[NFTA_COUNTER_PACKETS], &counter->packets) &&
	       attribute_u64(counts.of[NFTA_COUNTER_BYTES], &counter->bytes) &&
	       text_copy(counter->name, sizeof(counter->name), attribute_text(object->of[NFTA_OBJ_NAME]));
}

static int note_counter(const struct nlmsghdr *message, void *data)
{
	struct attributes object;

	attributes_of_message(&object, message);
	if (counter_read(data, &object))
		return MNL_CB_OK;
	errno = EINVAL;
	return MNL_CB_ERROR;
}

static int query(struct nft *nft, uint16_t type, const char *name, struct counter *counter)
{
	struct nft_request request;
	struct nlmsghdr *message = nft_request_begin(&request, type, NLM_F_ACK);

	mnl_attr_put_strz(message, NFTA_OBJ_TABLE, TABLE_NAME);
	mnl_attr_put_strz(message, NFTA_OBJ_NAME, name);
	attribute_put_u32(message, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	return netlink_request(&nft->netlink, message, note_counter, counter);
}

int nft_query_counter(struct nft *nft, const char *name, struct counter *counter)
{
	return query(nft, NFT_MSG_GETOBJ, name, counter);
}

int nft_reset_counter(struct nft *nft, const char *name, struct counter *counter)
{
	return query(nft, NFT_MSG_GETOBJ_RESET, name, counter);
}
