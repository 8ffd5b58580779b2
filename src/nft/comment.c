/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/comment.h"

#include "nft/attributes.h"

#include <libnftnl/udata.h>
#include <linux/netfilter/nf_tables.h>

/* Type-length-value items from the rule's creator; opaque to the kernel. */
static void read_comment(char *comment, const uint8_t *item, size_t size)
{
	enum { HEAD_SIZE = 2 };

	while (size >= HEAD_SIZE && size - HEAD_SIZE >= item[1]) {
		const char *text = (const char *)item + HEAD_SIZE;
		size_t length = item[1];

		if (item[0] == NFTNL_UDATA_RULE_COMMENT && length > 0 && text[length - 1] == '\0')
			text_copy(comment, COMMENT_SIZE, text);
		item += HEAD_SIZE + length;
		size -= HEAD_SIZE + length;
	}
}

static int note_rule(const struct nlmsghdr *message, void *data)
{
	char *comment = data;
	struct attributes rule;
	const struct nlattr *userdata = NULL;

	attributes_of_message(&rule, message);
	userdata = rule.of[NFTA_RULE_USERDATA];
	if (userdata != NULL && comment[0] == '\0')
		read_comment(comment, mnl_attr_get_payload(userdata), mnl_attr_get_payload_len(userdata));
	return MNL_CB_OK;
}

int nft_read_comment(struct nft *nft, const char *chain, char *comment)
{
	comment[0] = '\0';
	return nft_list(nft, NFT_MSG_GETRULE, chain, note_rule, comment);
}
