/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/others.h"

#include "nft/attributes.h"
#include "nft/hook.h"
#include "nft/ruleset.h"
#include "util/array.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum {
	NO_HOOK = NF_INET_NUMHOOKS,
	XT_CT_NOTRACK = 1, /* include/uapi/linux/netfilter/xt_CT.h */
};

struct other_chain {
	uint8_t family; /* NFPROTO_* */
	char table[OTHERS_NAME_SIZE];
	char name[OTHERS_NAME_SIZE];
	uint32_t hook; /* NF_INET_*, or NO_HOOK: only other chains lead here */
	int32_t priority;
	bool drops_the_rest;
	/* what its own rules do */
	bool sets_mark;
	bool has_notrack;
	bool drops_answers;
	bool accepts_loopback;
	/* which packets get here, by way of other chains as well */
	bool is_for_output;
	bool is_for_late_output; /* behind our own chain */
	bool is_for_prerouting;
};

struct jump {
	struct other_chain *from;
	struct other_chain *to;
};

struct others {
	void *chains; /* for tsearch(), by family, table and name */
	struct jump *jumps;
	size_t jump_count;
	size_t jump_capacity;
	int error;
};

static int compare(const void *left, const void *right)
{
	const struct other_chain *a = left;
	const struct other_chain *b = right;
	int order = a->family - b->family;

	if (order == 0)
		order = strcmp(a->table, b->table);
	return order != 0 ? order : strcmp(a->name, b->name);
}

/* The key of a chain that a message is about; false for a table of our own, and for what can't be read. */
static bool read_key(const struct nlmsghdr *message, const struct nlattr *table, const struct nlattr *name,
		     struct other_chain *key)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return false;
	*key = (struct other_chain){.family = head->nfgen_family, .hook = NO_HOOK};
	return text_copy(key->table, OTHERS_NAME_SIZE, attribute_text(table)) &&
	       text_copy(key->name, OTHERS_NAME_SIZE, attribute_text(name)) &&
	       strncmp(key->table, TABLE_NAME, strlen(TABLE_NAME)) != 0;
}

static struct other_chain *find_chain(struct others *others, const struct other_chain *key)
{
	struct other_chain *const *found = tfind(key, &others->chains, compare);

	return found != NULL ? *found : NULL;
}

static int no_memory(struct others *others)
{
	others->error = -ENOMEM;
	errno = ENOMEM;
	return MNL_CB_ERROR;
}

static void read_hook(struct other_chain *chain, const struct nlattr *nest)
{
	struct attributes hook;
	uint32_t priority = 0;

	attributes_of_nest(&hook, nest);
	if (!attribute_u32(hook.of[NFTA_HOOK_HOOKNUM], &chain->hook) || chain->hook >= NF_INET_NUMHOOKS)
		chain->hook = NO_HOOK;
	attribute_u32(hook.of[NFTA_HOOK_PRIORITY], &priority);
	chain->priority = (int32_t)priority;
	chain->is_for_output = chain->hook == NF_INET_LOCAL_OUT;
	chain->is_for_late_output = chain->is_for_output && chain->priority > hook_of(HOOK_ROUTE_OUTPUT)->priority;
	chain->is_for_prerouting = chain->hook == NF_INET_PRE_ROUTING;
}

static int note_chain(const struct nlmsghdr *message, void *data)
{
	struct others *others = data;
	struct attributes attributes;
	struct other_chain key;
	struct other_chain *chain = NULL;
	uint32_t policy = NF_ACCEPT;

	attributes_of_message(&attributes, message);
	if (!read_key(message, attributes.of[NFTA_CHAIN_TABLE], attributes.of[NFTA_CHAIN_NAME], &key))
		return MNL_CB_OK;
	if (attributes.of[NFTA_CHAIN_HOOK] != NULL)
		read_hook(&key, attributes.of[NFTA_CHAIN_HOOK]);
	attribute_u32(attributes.of[NFTA_CHAIN_POLICY], &policy);
	key.drops_the_rest = policy == NF_DROP;
	chain = malloc(sizeof(*chain));
	if (chain == NULL)
		return no_memory(others);
	*chain = key;
	if (tsearch(chain, &others->chains, compare) == NULL) {
		free(chain);
		return no_memory(others);
	}
	return MNL_CB_OK;
}

/* What is known of a rule while its expressions are read one by one. */
struct rule_view {
	struct others *others;
	struct other_chain *chain;
	bool has_interface;	/* the interface that it came in by is in the register */
	bool is_loopback;	/* it came in by the loopback interface */
	bool asks_address_type; /* which is local, or not; firewalld asks for the way back instead, and that is right */
};

static void read_meta(struct rule_view *rule, const struct attributes *meta)
{
	uint32_t key = 0;

	attribute_u32(meta->of[NFTA_META_KEY], &key);
	rule->has_interface = meta->of[NFTA_META_DREG] != NULL && (key == NFT_META_IIF || key == NFT_META_IIFNAME);
	if (meta->of[NFTA_META_SREG] != NULL && key == NFT_META_MARK)
		rule->chain->sets_mark = true;
}

static void read_comparison(struct rule_view *rule, const struct attributes *comparison)
{
	static const uint32_t loopback_index = 1;
	struct attributes data;
	uint32_t operation = NFT_CMP_NEQ;
	const char *bytes = NULL;
	size_t length = 0;

	attributes_of_nest(&data, comparison->of[NFTA_CMP_DATA]);
	if (!rule->has_interface || data.of[NFTA_DATA_VALUE] == NULL)
		return;
	rule->has_interface = false;
	attribute_u32(comparison->of[NFTA_CMP_OP], &operation);
	bytes = mnl_attr_get_payload(data.of[NFTA_DATA_VALUE]);
	length = mnl_attr_get_payload_len(data.of[NFTA_DATA_VALUE]);
	if (operation == NFT_CMP_EQ &&
	    ((length == sizeof(loopback_index) && memcmp(bytes, &loopback_index, length) == 0) ||
	     (length > 2 && memcmp(bytes, "lo", 3) == 0)))
		rule->is_loopback = true;
}

static int add_jump(struct rule_view *rule, const struct nlattr *name)
{
	struct others *others = rule->others;
	struct other_chain key = *rule->chain;
	struct jump *jumps = NULL;

	if (!text_copy(key.name, OTHERS_NAME_SIZE, attribute_text(name)) || find_chain(others, &key) == NULL)
		return 0;
	jumps = array_reserve(others->jumps, &others->jump_capacity, others->jump_count + 1, sizeof(*jumps));
	if (jumps == NULL)
		return -ENOMEM;
	others->jumps = jumps;
	jumps[others->jump_count++] = (struct jump){rule->chain, find_chain(others, &key)};
	return 0;
}

static int read_immediate(struct rule_view *rule, const struct attributes *immediate)
{
	struct attributes data;
	uint32_t code = 0;

	attributes_of_nest(&data, immediate->of[NFTA_IMMEDIATE_DATA]);
	if (data.of[NFTA_DATA_VERDICT] == NULL)
		return 0;
	attributes_of_nest(&data, data.of[NFTA_DATA_VERDICT]);
	if (!attribute_u32(data.of[NFTA_VERDICT_CODE], &code))
		return 0;
	if (data.of[NFTA_VERDICT_CHAIN] != NULL)
		return add_jump(rule, data.of[NFTA_VERDICT_CHAIN]);
	if (code == NF_ACCEPT && rule->is_loopback)
		rule->chain->accepts_loopback = true;
	if (code == NF_DROP && rule->asks_address_type && !rule->is_loopback && !rule->chain->accepts_loopback)
		rule->chain->drops_answers = true;
	return 0;
}

/* A target of iptables that runs on nf_tables. */
static void read_target(struct rule_view *rule, const struct attributes *target)
{
	const char *name = attribute_text(target->of[NFTA_TARGET_NAME]);
	const struct nlattr *info = target->of[NFTA_TARGET_INFO];
	uint16_t flags = 0;

	if (name == NULL)
		return;
	if (strcmp(name, "MARK") == 0 || strcmp(name, "CONNMARK") == 0)
		rule->chain->sets_mark = true;
	if (info != NULL && mnl_attr_get_payload_len(info) >= sizeof(flags))
		memcpy(&flags, mnl_attr_get_payload(info), sizeof(flags));
	if (strcmp(name, "NOTRACK") == 0 || (strcmp(name, "CT") == 0 && (flags & XT_CT_NOTRACK)))
		rule->chain->has_notrack = true;
}

static int read_expression(struct rule_view *rule, const struct nlattr *nest)
{
	struct attributes expression;
	struct attributes data;
	const char *name = NULL;
	uint32_t result = 0;

	attributes_of_nest(&expression, nest);
	attributes_of_nest(&data, expression.of[NFTA_EXPR_DATA]);
	name = attribute_text(expression.of[NFTA_EXPR_NAME]);
	if (name == NULL)
		return 0;
	if (strcmp(name, "meta") == 0)
		read_meta(rule, &data);
	else if (strcmp(name, "cmp") == 0)
		read_comparison(rule, &data);
	else if (strcmp(name, "immediate") == 0)
		return read_immediate(rule, &data);
	else if (strcmp(name, "target") == 0)
		read_target(rule, &data);
	else if (strcmp(name, "notrack") == 0)
		rule->chain->has_notrack = true;
	else if (strcmp(name, "fib") == 0 && attribute_u32(data.of[NFTA_FIB_RESULT], &result))
		rule->asks_address_type = result == NFT_FIB_RESULT_ADDRTYPE;
	return 0;
}

static int note_rule(const struct nlmsghdr *message, void *data)
{
	struct rule_view rule = {.others = data};
	struct attributes attributes;
	struct other_chain key;
	const struct nlattr *nest = NULL;

	attributes_of_message(&attributes, message);
	if (!read_key(message, attributes.of[NFTA_RULE_TABLE], attributes.of[NFTA_RULE_CHAIN], &key))
		return MNL_CB_OK;
	rule.chain = find_chain(rule.others, &key);
	if (rule.chain == NULL || attributes.of[NFTA_RULE_EXPRESSIONS] == NULL)
		return MNL_CB_OK;
	mnl_attr_for_each_nested(nest, attributes.of[NFTA_RULE_EXPRESSIONS])
	{
		if (read_expression(&rule, nest) < 0)
			return no_memory(rule.others);
	}
	return MNL_CB_OK;
}

/* Returns whether this is news. */
static bool spread(bool from, bool *to)
{
	const bool is_news = from && !*to;

	*to |= from;
	return is_news;
}

/* What is true of a chain's packets is so of those that it sends on; what it sends on to accepts for it as well. */
static void follow_jumps(struct others *others)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < others->jump_count; i++) {
			struct other_chain *from = others->jumps[i].from;
			struct other_chain *to = others->jumps[i].to;

			changed |= spread(from->is_for_output, &to->is_for_output);
			changed |= spread(from->is_for_late_output, &to->is_for_late_output);
			changed |= spread(from->is_for_prerouting, &to->is_for_prerouting);
			changed |= spread(to->accepts_loopback, &from->accepts_loopback);
		}
	}
}

static const char *family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	default:
		return NULL; /* bridges and devices come before or after all that we do */
	}
}

struct teller {
	void (*tell)(const struct obstacle *obstacle, void *userdata);
	void *userdata;
};

static void tell_chain(const void *node, VISIT visit, void *closure)
{
	const struct other_chain *chain = *(const struct other_chain *const *)node;
	const struct teller *teller = closure;
	const bool is[] = {
		[OBSTACLE_MARK] = chain->sets_mark && chain->is_for_late_output,
		[OBSTACLE_NOTRACK] = chain->has_notrack && (chain->is_for_output || chain->is_for_prerouting),
		[OBSTACLE_INPUT_POLICY] =
			chain->hook == NF_INET_LOCAL_IN && chain->drops_the_rest && !chain->accepts_loopback,
		[OBSTACLE_ANSWERS] = chain->drops_answers && chain->is_for_prerouting,
	};

	if ((visit != postorder && visit != leaf) || family_name(chain->family) == NULL)
		return;
	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		const struct obstacle obstacle = {(enum obstacle_kind)i, family_name(chain->family), chain->table,
						  chain->name};

		if (is[i])
			teller->tell(&obstacle, teller->userdata);
	}
}

/* Of the tables of all families. */
static int dump(struct nft *nft, uint16_t type, mnl_cb_t note, struct others *others)
{
	struct nft_request request;
	struct nlmsghdr *message = nft_request_begin(&request, type, NLM_F_DUMP);
	struct nfgenmsg *head = mnl_nlmsg_get_payload(message);
	int result = 0;

	head->nfgen_family = NFPROTO_UNSPEC;
	result = nft_request_run(nft, &request, note, others);
	return others->error < 0 ? others->error : result;
}

int nft_find_obstacles(struct nft *nft, void (*tell)(const struct obstacle *obstacle, void *userdata), void *userdata)
{
	struct others others = {0};
	struct teller teller = {tell, userdata};
	int result = dump(nft, NFT_MSG_GETCHAIN, note_chain, &others);

	if (result == 0)
		result = dump(nft, NFT_MSG_GETRULE, note_rule, &others);
	if (result == 0) {
		follow_jumps(&others);
		twalk_r(others.chains, tell_chain, &teller);
	}
	tdestroy(others.chains, free);
	free(others.jumps);
	return result;
}
