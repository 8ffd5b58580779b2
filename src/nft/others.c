/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/others.h"

#include "nft/attributes.h"
#include "nft/hook.h"
#include "nft/nft.h"
#include "nft/other_rule.h"
#include "nft/ruleset.h"
#include "util/array.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum { NO_HOOK = NF_INET_NUMHOOKS };

struct other_chain {
	uint8_t family; /* NFPROTO_* */
	char table[OTHERS_NAME_SIZE];
	char name[OTHERS_NAME_SIZE];
	uint32_t hook; /* NF_INET_*, or NO_HOOK: reached only from other chains */
	int32_t priority;
	bool drops_the_rest;
	/* effects of its own rules */
	uint64_t passed;    /* packets with these marks have left the chain by the rules read so far */
	uint64_t sets_mark; /* of packets with these marks */
	uint64_t notracks[OBSTACLE_HANDLES_MAX];
	size_t notrack_count;
	bool drops_answers;
	bool accepts_loopback;
	bool accepts_senders; /* what other hosts send, or may do so */
	bool drops_senders;   /* all of that, by a rule */
	bool passed_senders;  /* all of that has left the chain by the rules read so far */
	/* which packets get here, directly or through other chains */
	bool is_for_output;
	uint64_t is_for_late_output; /* after our own chain, with these marks */
	bool is_for_prerouting;
};

struct jump {
	struct other_chain *from;
	struct other_chain *to;
	uint64_t marks; /* packets with these take it */
	bool is_broad;	/* so does all that other hosts in some place send, see struct other_rule */
};

struct others {
	struct nft *nft;
	struct steered_marks marks;
	struct steered_marks senders; /* the gateway's mark, or none */
	void *chains;		      /* for tsearch(), by family, table and name */
	struct other_chain **list;    /* the same, in the kernel's order */
	size_t count;
	size_t capacity;
	size_t next; /* the chain whose rules to request next */
	bool has_chains;
	bool is_done;
	struct jump *jumps;
	size_t jump_count;
	size_t jump_capacity;
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

static bool is_ours(const struct other_chain *chain)
{
	static const char *const tables[] = {TABLE_NAME, TABLE_NAME "-next", TABLE_NAME "-lock", TABLE_NAME "-probe"};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && chain->family == NFPROTO_INET; i++) {
		if (strcmp(chain->table, tables[i]) == 0)
			return true;
	}
	return false;
}

/* Reads the key of a message's chain. Returns false for our own tables and for what can't be parsed. */
static bool read_key(const struct nlmsghdr *message, const struct nlattr *table, const struct nlattr *name,
		     struct other_chain *key)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return false;
	*key = (struct other_chain){.family = head->nfgen_family, .hook = NO_HOOK};
	return text_copy(key->table, OTHERS_NAME_SIZE, attribute_text(table)) &&
	       text_copy(key->name, OTHERS_NAME_SIZE, attribute_text(name)) && !is_ours(key);
}

static struct other_chain *find_chain(struct others *others, const struct other_chain *key)
{
	struct other_chain *const *found = tfind(key, &others->chains, compare);

	return found != NULL ? *found : NULL;
}

/* Of chains with equal priority, the last one registered runs first (net/netfilter/core.c, nf_hook_entries_grow). */
static void read_hook(struct other_chain *chain, const struct nlattr *nest, const struct steered_marks *marks)
{
	struct attributes hook;
	uint32_t priority = 0;

	attributes_of_nest(&hook, nest);
	if (!attribute_u32(hook.of[NFTA_HOOK_HOOKNUM], &chain->hook) || chain->hook >= NF_INET_NUMHOOKS)
		chain->hook = NO_HOOK;
	attribute_u32(hook.of[NFTA_HOOK_PRIORITY], &priority);
	chain->priority = (int32_t)priority;
	chain->is_for_output = chain->hook == NF_INET_LOCAL_OUT;
	if (chain->is_for_output && chain->priority >= hook_of(HOOK_ROUTE_OUTPUT)->priority)
		chain->is_for_late_output = steered_marks_all(marks);
	chain->is_for_prerouting = chain->hook == NF_INET_PRE_ROUTING;
}

static int add_chain(struct others *others, const struct other_chain *key)
{
	struct other_chain *chain = NULL;
	struct other_chain **list =
		array_reserve(others->list, &others->capacity, others->count + 1, sizeof(struct other_chain *));

	if (list == NULL)
		return -ENOMEM;
	others->list = list;
	/* listed twice because the list changed meanwhile */
	if (find_chain(others, key) != NULL)
		return 0;
	chain = malloc(sizeof(*chain));
	if (chain == NULL)
		return -ENOMEM;
	*chain = *key;
	if (tsearch(chain, &others->chains, compare) == NULL) {
		free(chain);
		return -ENOMEM;
	}
	list[others->count++] = chain;
	return 0;
}

static int note_chain(const struct nlmsghdr *message, void *data)
{
	struct others *others = data;
	struct attributes attributes;
	struct other_chain key;
	uint32_t policy = NF_ACCEPT;

	attributes_of_message(&attributes, message);
	if (!read_key(message, attributes.of[NFTA_CHAIN_TABLE], attributes.of[NFTA_CHAIN_NAME], &key))
		return MNL_CB_OK;
	if (attributes.of[NFTA_CHAIN_HOOK] != NULL)
		read_hook(&key, attributes.of[NFTA_CHAIN_HOOK], &others->marks);
	attribute_u32(attributes.of[NFTA_CHAIN_POLICY], &policy);
	key.drops_the_rest = policy == NF_DROP;
	return add_chain(others, &key) < 0 ? netlink_no_memory() : MNL_CB_OK;
}

/* Whether a rule may apply to what other hosts send; only what comes before a rule that drops all the rest counts. */
static bool reaches_senders(const struct other_chain *chain, const struct other_rule *rule)
{
	return rule->may_match != 0 && !chain->passed_senders && !chain->drops_senders;
}

static int add_jump(struct others *others, struct other_chain *chain, const struct other_rule *rule,
		    const struct other_rule *for_senders)
{
	struct other_chain key = *chain;
	struct jump *jumps = NULL;

	if (!text_copy(key.name, OTHERS_NAME_SIZE, attribute_text(rule->to)) || find_chain(others, &key) == NULL)
		return 0;
	jumps = array_reserve(others->jumps, &others->jump_capacity, others->jump_count + 1, sizeof(*jumps));
	if (jumps == NULL)
		return -ENOMEM;
	others->jumps = jumps;
	jumps[others->jump_count++] = (struct jump){chain, find_chain(others, &key), rule->may_match & ~chain->passed,
						    for_senders->is_broad && reaches_senders(chain, for_senders)};
	return 0;
}

static void note_effects_on_senders(struct other_chain *chain, const struct other_rule *rule)
{
	if (reaches_senders(chain, rule)) {
		chain->accepts_senders |= rule->may_accept_senders;
		chain->drops_senders |= rule->drops && rule->matches != 0;
	}
	chain->passed_senders |= rule->ends && rule->matches != 0;
}

static void note_effects(struct other_chain *chain, const struct other_rule *rule, const struct nlattr *handle)
{
	chain->sets_mark |= rule->sets_mark & ~chain->passed;
	if (rule->ends)
		chain->passed |= rule->matches;
	if (rule->has_notrack && chain->notrack_count < OBSTACLE_HANDLES_MAX &&
	    attribute_u64(handle, &chain->notracks[chain->notrack_count]))
		chain->notrack_count++;
	if (rule->drops_by_address && !chain->accepts_loopback)
		chain->drops_answers = true;
	chain->accepts_loopback |= rule->accepts_loopback;
}

static int note_rule(const struct nlmsghdr *message, void *data)
{
	struct others *others = data;
	struct attributes attributes;
	struct other_chain key;
	struct other_chain *chain = NULL;
	struct other_rule rule;
	struct other_rule for_senders = {0};

	attributes_of_message(&attributes, message);
	if (!read_key(message, attributes.of[NFTA_RULE_TABLE], attributes.of[NFTA_RULE_CHAIN], &key))
		return MNL_CB_OK;
	chain = find_chain(others, &key);
	if (chain == NULL || attributes.of[NFTA_RULE_EXPRESSIONS] == NULL)
		return MNL_CB_OK;
	other_rule_read(&rule, attributes.of[NFTA_RULE_EXPRESSIONS], &others->marks);
	if (others->senders.count > 0)
		other_rule_read(&for_senders, attributes.of[NFTA_RULE_EXPRESSIONS], &others->senders);
	if (rule.to != NULL && add_jump(others, chain, &rule, &for_senders) < 0)
		return netlink_no_memory();
	note_effects_on_senders(chain, &for_senders);
	note_effects(chain, &rule, attributes.of[NFTA_RULE_HANDLE]);
	return MNL_CB_OK;
}

/* Returns whether this changed anything. */
static bool spread(bool from, bool *to)
{
	const bool is_news = from && !*to;

	*to |= from;
	return is_news;
}

static bool spread_marks(uint64_t from, uint64_t *to)
{
	const bool is_news = (from & ~*to) != 0;

	*to |= from;
	return is_news;
}

/* Properties of a chain's packets extend to the chains it jumps to; what those accept counts for the chain as well. */
static void follow_jumps(struct others *others)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < others->jump_count; i++) {
			struct other_chain *from = others->jumps[i].from;
			struct other_chain *to = others->jumps[i].to;

			changed |= spread(from->is_for_output, &to->is_for_output);
			changed |= spread_marks(from->is_for_late_output & others->jumps[i].marks,
						&to->is_for_late_output);
			changed |= spread(from->is_for_prerouting, &to->is_for_prerouting);
			changed |= spread(to->accepts_loopback, &from->accepts_loopback);
			changed |= spread(to->accepts_senders && others->jumps[i].is_broad, &from->accepts_senders);
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
		return NULL; /* bridge and netdev chains run before or after all of ours */
	}
}

struct teller {
	const struct others *others;
	void (*tell)(const struct obstacle *obstacle, void *userdata);
	void *userdata;
};

static void tell_chain(const void *node, VISIT visit, void *closure)
{
	const struct other_chain *chain = *(const struct other_chain *const *)node;
	const struct teller *teller = closure;
	const uint64_t marks = chain->sets_mark & chain->is_for_late_output;
	const bool is[] = {
		[OBSTACLE_MARK] = marks != 0,
		[OBSTACLE_NOTRACK] = chain->notrack_count > 0 && (chain->is_for_output || chain->is_for_prerouting),
		[OBSTACLE_INPUT_POLICY] =
			chain->hook == NF_INET_LOCAL_IN && chain->drops_the_rest && !chain->accepts_loopback,
		[OBSTACLE_ANSWERS] = chain->drops_answers && chain->is_for_prerouting,
		[OBSTACLE_GATEWAY_INPUT] = teller->others->senders.count > 0 && chain->hook == NF_INET_LOCAL_IN &&
					   (chain->drops_the_rest || chain->drops_senders) && !chain->accepts_senders,
	};

	if ((visit != postorder && visit != leaf) || family_name(chain->family) == NULL)
		return;
	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		const struct obstacle obstacle = {
			.kind = (enum obstacle_kind)i,
			.family = family_name(chain->family),
			.table = chain->table,
			.chain = chain->name,
			.drops_the_rest = chain->drops_the_rest,
			.marks = marks,
			.handles = chain->notracks,
			.handle_count = chain->notrack_count,
		};

		if (is[i])
			teller->tell(&obstacle, teller->userdata);
	}
}

static int ask_for_chains(struct others *others)
{
	struct nft_request request;
	struct nlmsghdr *message = nft_request_begin(&request, NFT_MSG_GETCHAIN, NLM_F_DUMP);
	struct nfgenmsg *head = mnl_nlmsg_get_payload(message);

	head->nfgen_family = NFPROTO_UNSPEC;
	return netlink_ask(&others->nft->netlink, message);
}

/*
 * For each datagram, the kernel skips the rules already listed from the first one on (nf_tables_dump_rules), so each
 * list should be short.
 */
static int ask_for_rules(struct others *others, const struct other_chain *chain)
{
	struct nft_request request;
	struct nlmsghdr *message = nft_request_begin(&request, NFT_MSG_GETRULE, NLM_F_DUMP);
	struct nfgenmsg *head = mnl_nlmsg_get_payload(message);

	head->nfgen_family = chain->family;
	mnl_attr_put_strz(message, NFTA_RULE_TABLE, chain->table);
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain->name);
	return netlink_ask(&others->nft->netlink, message);
}

int others_begin(struct others **others, struct nft *nft, const struct steered_marks *marks,
		 const struct fwmark *gateway)
{
	*others = calloc(1, sizeof(**others));
	if (*others == NULL)
		return -ENOMEM;
	(*others)->nft = nft;
	(*others)->marks = *marks;
	if (gateway != NULL)
		(*others)->senders = (struct steered_marks){.items = {*gateway}, .count = 1};
	return ask_for_chains(*others);
}

int others_read(struct others *others)
{
	/* concurrent changes are found by a later scan */
	const struct netlink_reader reader = {.note = others->has_chains ? note_rule : note_chain, .data = others};
	int result = others->is_done ? 0 : netlink_read(&others->nft->netlink, &reader);

	if (result < 0)
		netlink_drain(&others->nft->netlink);
	if (result != 0 || others->is_done)
		return result;
	others->has_chains = true;
	if (others->next < others->count) {
		result = ask_for_rules(others, others->list[others->next++]);
		return result < 0 ? result : 1;
	}
	follow_jumps(others);
	others->is_done = true;
	return 0;
}

void others_tell(const struct others *others, void (*tell)(const struct obstacle *obstacle, void *userdata),
		 void *userdata)
{
	struct teller teller = {others, tell, userdata};

	twalk_r(others->chains, tell_chain, &teller);
}

void others_free(struct others *others)
{
	if (others == NULL)
		return;
	tdestroy(others->chains, free);
	free(others->list);
	free(others->jumps);
	free(others);
}
