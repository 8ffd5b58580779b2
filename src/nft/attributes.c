/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/attributes.h"

#include <endian.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

static int keep(const struct nlattr *attribute, void *data)
{
	struct attributes *attributes = data;
	uint16_t type = mnl_attr_get_type(attribute);

	if (type <= ATTRIBUTES_MAX)
		attributes->of[type] = attribute;
	return MNL_CB_OK;
}

void attributes_of_message(struct attributes *attributes, const struct nlmsghdr *message)
{
	*attributes = (struct attributes){0};
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(struct nfgenmsg))
		mnl_attr_parse(message, sizeof(struct nfgenmsg), keep, attributes);
}

void attributes_of_nest(struct attributes *attributes, const struct nlattr *nest)
{
	*attributes = (struct attributes){0};
	if (nest != NULL)
		mnl_attr_parse_nested(nest, keep, attributes);
}

const char *attribute_text(const struct nlattr *attribute)
{
	if (attribute == NULL || mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0)
		return NULL;
	return mnl_attr_get_str(attribute);
}

bool text_copy(char *out, size_t size, const char *text)
{
	size_t length = text != NULL ? strlen(text) : size;

	if (length >= size)
		return false;
	memcpy(out, text, length + 1);
	return true;
}

bool attribute_u32(const struct nlattr *attribute, uint32_t *number)
{
	if (attribute == NULL || mnl_attr_validate(attribute, MNL_TYPE_U32) < 0)
		return false;
	*number = be32toh(mnl_attr_get_u32(attribute));
	return true;
}

bool attribute_u64(const struct nlattr *attribute, uint64_t *number)
{
	if (attribute == NULL || mnl_attr_validate(attribute, MNL_TYPE_U64) < 0)
		return false;
	*number = be64toh(mnl_attr_get_u64(attribute));
	return true;
}

void attribute_put_u32(struct nlmsghdr *message, uint16_t type, uint32_t number)
{
	mnl_attr_put_u32(message, type, htobe32(number));
}
