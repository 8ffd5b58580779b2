/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/short_rule.h"

#include "nft/attributes.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

/* A rule while its expressions are read. Only one register is in use, as our own rules have it. */
struct reading {
	struct short_rule rule;
	bool has_key; /* the last expression but masks has loaded one */
	struct short_match match;
	uint16_t loaded_port; /* by an immediate */
};

struct listing {
	void (*note)(const struct short_rule *rule, void *userdata);
	void *userdata;
};

/* The value within NFTA_*_DATA, of one, two or four bytes. Returns its length or 0. */
static size_t read_value(const struct nlattr *data, uint8_t bytes[sizeof(uint32_t)])
{
	struct attributes attributes;
	const struct nlattr *value = NULL;
	size_t length = 0;

	attributes_of_nest(&attributes, data);
	value = attributes.of[NFTA_DATA_VALUE];
	length = value != NULL ? mnl_attr_get_payload_len(value) : 0;
	if (length != 1 && length != sizeof(uint16_t) && length != sizeof(uint32_t))
		return 0;
	memcpy(bytes, mnl_attr_get_payload(value), length);
	return length;
}

static bool read_number(const struct nlattr *data, uint32_t *number)
{
	uint8_t bytes[sizeof(uint32_t)] = {0};
	const size_t length = read_value(data, bytes);

	if (length == 1)
		*number = bytes[0];
	else
		memcpy(number, bytes, sizeof(*number));
	return length == 1 || length == sizeof(*number);
}

static bool read_meta(struct reading *reading, const struct attributes *data)
{
	reading->match = (struct short_match){.mask = UINT32_MAX};
	reading->has_key =
		data->of[NFTA_META_DREG] != NULL && attribute_u32(data->of[NFTA_META_KEY], &reading->match.key);
	return reading->has_key;
}

static bool read_mask(struct reading *reading, const struct attributes *data)
{
	return reading->has_key && read_number(data->of[NFTA_BITWISE_MASK], &reading->match.mask);
}

static bool read_comparison(struct reading *reading, const struct attributes *data)
{
	struct short_rule *rule = &reading->rule;

	if (!reading->has_key || rule->match_count == SHORT_RULE_MATCHES ||
	    !attribute_u32(data->of[NFTA_CMP_OP], &reading->match.operation) ||
	    !read_number(data->of[NFTA_CMP_DATA], &reading->match.value))
		return false;
	rule->matches[rule->match_count++] = reading->match;
	reading->has_key = false;
	return true;
}

static bool read_verdict(struct reading *reading, const struct nlattr *nest)
{
	struct attributes verdict;
	uint32_t code = 0;

	attributes_of_nest(&verdict, nest);
	if (!attribute_u32(verdict.of[NFTA_VERDICT_CODE], &code))
		return false;
	reading->rule.returns = (int)code == NFT_RETURN;
	if ((int)code == NFT_GOTO)
		text_copy(reading->rule.leads_to, sizeof(reading->rule.leads_to),
			  attribute_text(verdict.of[NFTA_VERDICT_CHAIN]));
	return true;
}

/* A verdict, or what "tproxy" takes for its port. */
static bool read_immediate(struct reading *reading, const struct attributes *data)
{
	uint8_t bytes[sizeof(uint32_t)] = {0};
	uint16_t port = 0;
	struct attributes value;

	attributes_of_nest(&value, data->of[NFTA_IMMEDIATE_DATA]);
	if (value.of[NFTA_DATA_VERDICT] != NULL)
		return read_verdict(reading, value.of[NFTA_DATA_VERDICT]);
	if (read_value(data->of[NFTA_IMMEDIATE_DATA], bytes) != sizeof(port))
		return false;
	memcpy(&port, bytes, sizeof(port));
	reading->loaded_port = ntohs(port);
	return true;
}

static bool read_tproxy(struct reading *reading, const struct attributes *data)
{
	reading->rule.tproxy_port = data->of[NFTA_TPROXY_REG_PORT] != NULL ? reading->loaded_port : 0;
	return true;
}

/* A named counter is an object. */
static bool read_nothing(struct reading *reading, const struct attributes *data)
{
	(void)reading;
	(void)data;
	return true;
}

static void read_expression(struct reading *reading, const struct nlattr *nest)
{
	static const struct {
		const char *name;
		bool (*read)(struct reading *reading, const struct attributes *data);
	} readers[] = {
		{"meta", read_meta},	       {"bitwise", read_mask},	{"cmp", read_comparison},
		{"immediate", read_immediate}, {"tproxy", read_tproxy}, {"objref", read_nothing},
	};
	struct attributes expression;
	struct attributes data;
	const char *name = NULL;

	attributes_of_nest(&expression, nest);
	name = attribute_text(expression.of[NFTA_EXPR_NAME]);
	attributes_of_nest(&data, expression.of[NFTA_EXPR_DATA]);
	for (size_t i = 0; name != NULL && i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (strcmp(name, readers[i].name) == 0 && readers[i].read(reading, &data))
			return;
	}
	reading->rule.has_more = true;
}

static int note_rule(const struct nlmsghdr *message, void *data)
{
	const struct listing *listing = data;
	struct reading reading = {.has_key = false};
	struct attributes rule;
	const struct nlattr *nest = NULL;

	attributes_of_message(&rule, message);
	if (rule.of[NFTA_RULE_EXPRESSIONS] == NULL)
		return MNL_CB_OK;
	mnl_attr_for_each_nested(nest, rule.of[NFTA_RULE_EXPRESSIONS]) read_expression(&reading, nest);
	listing->note(&reading.rule, listing->userdata);
	return MNL_CB_OK;
}

int short_rules_read(struct nft *nft, const char *chain, void (*note)(const struct short_rule *rule, void *userdata),
		     void *userdata)
{
	struct listing listing = {note, userdata};

	return nft_list(nft, NFT_MSG_GETRULE, chain, note_rule, &listing);
}
