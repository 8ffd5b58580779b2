/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_RULESET_H
#define CGTPROXY_NFT_RULESET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A table as data: sets, maps, chains and their rules. It is written once, by whoever knows the config, and read twice:
 * encode.h turns it into netlink messages, text.h into what "nft -f" reads. It holds no cgroups; those come and go.
 */

#define TABLE_NAME "cgtproxy"
#define MAP_CGROUP "cgroup-vmap"
#define MAP_MARK "mark-vmap"
#define MAP_MARK_DNS "mark-dns-vmap"
#define SET_BYPASS "bypass"
#define SET_BYPASS6 "bypass6"
#define CHAIN_OUTPUT_MANGLE "output-mangle"
#define CHAIN_OUTPUT_NAT "output-nat"
#define CHAIN_PREROUTING "prerouting"
#define CHAIN_DROP "DROP-CHAIN"
#define CHAIN_MARK_SUFFIX "-MARK" /* behind the proxy's name */
#define CHAIN_DNS_SUFFIX "-DNS"	  /* likewise */
#define CHAIN_STEER "STEER-CHAIN"
#define CHAIN_REFUSE "REFUSE-CHAIN"
#define CHAIN_ORPHAN "ORPHAN-CHAIN"
#define CHAIN_UNMARKED "UNMARKED-CHAIN"
#define CHAIN_POSTROUTING "postrouting-fence"
#define CHAIN_FENCE "FENCE-CHAIN"
#define CHAIN_OTHER_MARK "OTHER-MARK-CHAIN"

enum {
	/* a proxy's name of 64 bytes, "-MARK", NUL; the kernel allows NFT_CHAIN_MAXNAMELEN, 128 */
	CHAIN_NAME_SIZE = 72,
	/* net/netfilter/nft_socket.c: deeper levels than this can't be looked up */
	CGROUP_LEVEL_MAX = 255,
	RULE_STATEMENTS_MAX = 8,
	/*
	 * Bits of a flow's conntrack label; others' ct marks are left to them, and labels are rare. One for each proxy
	 * that the flow may be steered to, from the first downward, so that the low ones are left to others.
	 */
	LABEL_FIRST_PROXY = 127,
	LABEL_PROXIES_MAX = 64,
	LABEL_FOREIGN =
		LABEL_FIRST_PROXY - LABEL_PROXIES_MAX, /* began here, from an address not this host's, unsteered */
	LABEL_HIJACKED = LABEL_FOREIGN - 1,	       /* DNS that was redirected by us */
	LABEL_STEERED = LABEL_HIJACKED - 1,	       /* to whichever proxy */
	/* nft reads no longer comment (include/libnftnl/udata.h, NFTNL_UDATA_COMMENT_MAXLEN), the NUL included */
	ABOUT_SIZE = 128,
};

enum verdict_kind {
	VERDICT_RETURN,
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_GOTO,
	VERDICT_CONTINUE, /* with what stands behind the lookup that gave it */
};

struct verdict {
	enum verdict_kind kind;
	char chain[CHAIN_NAME_SIZE]; /* with VERDICT_GOTO */
};

/** One part of a rule: a condition that must hold for the parts after it to be reached, or something done. */
enum statement_kind {
	STATEMENT_CGROUP_VMAP,	    /* socket cgroupv2 level N vmap @cgroup-vmap */
	STATEMENT_CGROUP_SET,	    /* socket cgroupv2 level N @NAME */
	STATEMENT_IN_CGROUP,	    /* socket cgroupv2 level N != 0: the socket's cgroup is at that level or deeper */
	STATEMENT_CT_UNCONFIRMED,   /* ct status ! confirmed: the flow's first packet, which is on its way yet */
	STATEMENT_CT_ORIGINAL,	    /* ct direction original */
	STATEMENT_CT_REPLY,	    /* ct direction reply */
	STATEMENT_CT_LABEL,	    /* ct label N */
	STATEMENT_CT_NO_LABEL,	    /* ct label ! N */
	STATEMENT_SADDR_FOREIGN,    /* fib saddr type != local */
	STATEMENT_DADDR,	    /* ip daddr ADDRESS */
	STATEMENT_DADDR6,	    /* ip6 daddr ADDRESS */
	STATEMENT_DADDR_LOCAL,	    /* fib daddr type local */
	STATEMENT_DADDR_BROADCAST,  /* fib daddr type broadcast */
	STATEMENT_DADDR_MULTICAST,  /* ip daddr 224.0.0.0/4 */
	STATEMENT_DADDR_MULTICAST6, /* ip6 daddr ff00::/8 */
	STATEMENT_DADDR_BYPASS,	    /* ip daddr @bypass */
	STATEMENT_DADDR_BYPASS6,    /* ip6 daddr @bypass6 */
	STATEMENT_NFPROTO,	    /* meta nfproto ipv4 | ipv6 */
	STATEMENT_L4PROTO,	    /* meta l4proto tcp | udp */
	STATEMENT_NOT_L4PROTO,	    /* meta l4proto != tcp | udp */
	STATEMENT_TCP_OR_UDP,	    /* meta l4proto { tcp, udp } */
	STATEMENT_NOT_TCP_OR_UDP,   /* meta l4proto != { tcp, udp } */
	STATEMENT_DPORT,	    /* th dport N; behind STATEMENT_L4PROTO */
	STATEMENT_IIF_LO,	    /* iif lo */
	STATEMENT_IIF_ANY,	    /* iif != 0: it came in by an interface */
	STATEMENT_IIF_NONE,	    /* iif 0: this host sends it */
	STATEMENT_OIF_LO,	    /* oif lo */
	STATEMENT_MARK,		    /* meta mark & MASK == VALUE */
	STATEMENT_MARKED,	    /* meta mark != 0 */
	STATEMENT_MARK_VMAP,	    /* meta mark vmap @mark-vmap */
	STATEMENT_MARK_DNS_VMAP,    /* meta mark vmap @mark-dns-vmap */
	STATEMENT_COUNTER_NAME,	    /* counter name "NAME" */
	STATEMENT_SET_MARK,	    /* meta mark set: the bits under the mask become the value's, the others stay */
	STATEMENT_SET_CT_LABEL,	    /* ct label set N */
	STATEMENT_DNAT,		    /* dnat ip to ADDRESS:PORT */
	STATEMENT_DNAT6,	    /* dnat ip6 to [ADDRESS]:PORT */
	STATEMENT_TPROXY,	    /* tproxy to :PORT; goes on when nobody listens there */
	STATEMENT_REJECT,	    /* reject: an ICMP error to the sender */
	STATEMENT_REJECT_RESET,	    /* reject with tcp reset; behind STATEMENT_L4PROTO */
	STATEMENT_VERDICT,
};

struct mark {
	uint32_t value;
	uint32_t mask;
};

struct statement {
	enum statement_kind kind;
	union {
		uint32_t level;
		unsigned label;
		uint8_t protocol; /* NFPROTO_* of STATEMENT_NFPROTO, else IPPROTO_* */
		uint16_t port;	  /* host byte order */
		struct mark mark;
		struct in_addr ip;
		struct in6_addr ip6;
		const char *name; /* belongs to the config */
		struct {
			uint32_t level;
			const char *name; /* belongs to the ruleset */
		} set;
		struct {
			union {
				struct in_addr ip;
				struct in6_addr ip6;
			};
			uint16_t port; /* host byte order */
		} nat;
		struct verdict verdict;
	};
};

struct rule {
	struct statement statements[RULE_STATEMENTS_MAX];
	size_t count;
	const char *comment; /* or NULL; nft shows it behind the rule */
};

enum chain_hook {
	HOOK_NONE, /* reached by goto only */
	HOOK_ROUTE_OUTPUT,
	HOOK_NAT_OUTPUT,
	HOOK_FILTER_PREROUTING,
	HOOK_FILTER_POSTROUTING,
};

struct chain {
	char name[CHAIN_NAME_SIZE];
	enum chain_hook hook;
	struct rule *rules;
	size_t count;
	size_t capacity;
};

/** An interval of addresses, both ends included, in network byte order; IPv4 uses the first four bytes. */
struct interval {
	uint8_t first[16];
	uint8_t last[16];
};

struct interval_set {
	struct interval *intervals; /* ascending, neither overlapping nor adjacent */
	size_t count;
};

struct mark_element {
	uint32_t mark;
	struct verdict verdict;
};

struct mark_map {
	struct mark_element *elements;
	size_t count;
	size_t capacity;
};

/** The levels that output-mangle looks up. */
struct level_set {
	bool has[CGROUP_LEVEL_MAX + 1];
};

struct ruleset {
	const char *table; /* TABLE_NAME but for a probe */
	struct interval_set bypass;
	struct interval_set bypass6;
	struct mark_map marks;
	struct mark_map dns_marks;
	const char **counters; /* names, each valid as long as the config */
	size_t counter_count;
	struct verdict *targets; /* where a cgroup can be sent, but for direct; each has a set of cgroups of its name */
	size_t target_count;
	struct chain *chains;
	size_t chain_count;
	size_t chain_capacity;
	bool strict;
	uint32_t room; /* for so many elements in the cgroup map, which is looked up faster then; 0: any number */
	char drop_chain[CHAIN_NAME_SIZE];
	char about[ABOUT_SIZE]; /* which config it is of and since when, see about.h: the comment of a rule */
};

/**
 * A cgroup of which the kernel holds a verdict.
 *
 * To the kernel, VERDICT_GOTO is two elements: the cgroup map says "continue", and the set with the chain's name has
 * the cgroup. A map of gotos would be walked as a whole, once for each lookup, whenever an element is added
 * (net/netfilter/nf_tables_api.c, nft_setelem_validate): with 50,000 of them that takes 10 ms, and this 10 us.
 */
struct element {
	uint64_t cgroup_id;
	const struct verdict *verdict;
};

/** Compares two elements by their ids, for qsort() and bsearch(). */
int element_compare(const void *left, const void *right);

/**
 * Adds an empty chain.
 *
 * Returns the chain, valid until the next call, or NULL without memory.
 */
struct chain *ruleset_add_chain(struct ruleset *ruleset, const char *name, enum chain_hook hook);

/**
 * Adds a rule made of @count statements to a chain.
 *
 * Returns 0 or -ENOMEM.
 */
int chain_add_rule(struct chain *chain, const struct statement *statements, size_t count);

/** The same for statements written out: chain_add(chain, DPORT(53), COUNTER). */
#define chain_add(chain, ...)                                                                                          \
	chain_add_rule((chain), (const struct statement[]){__VA_ARGS__},                                               \
		       sizeof((const struct statement[]){__VA_ARGS__}) / sizeof(struct statement))

/** The statement that ends a chain's part in a packet. */
#define RETURN                                                                                                         \
	{                                                                                                              \
		.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_RETURN }                                        \
	}

/**
 * Adds an element to a mark map.
 *
 * Returns 0 or -ENOMEM.
 */
int mark_map_add(struct mark_map *map, uint32_t mark, const struct verdict *verdict);

/**
 * Writes the rules of output-mangle: one lookup for each level, deepest first, so that a cgroup's own verdict comes
 * before its ancestors'. A strict ruleset refuses at each level what is there or deeper and was not found, and guards
 * one level below the deepest, for cgroups that nobody has seen yet.
 *
 * Packets without a cgroup come last and go to ORPHAN-CHAIN, where the ruleset has one.
 *
 * @chain:  an empty chain; the caller frees it with chain_clear()
 *
 * Returns 0 or -ENOMEM.
 */
int ruleset_level_rules(const struct ruleset *ruleset, const struct level_set *levels, struct chain *chain);

/**
 * Writes the rules of STEER-CHAIN, where packets go of whose cgroup the map says that it is not direct: one
 * lookup for each level and target. A packet that finds nothing, since its cgroup's target changed after the map was
 * read, is refused.
 *
 * @chain:  an empty chain; the caller frees it with chain_clear(); it refers to the ruleset
 *
 * Returns 0 or -ENOMEM.
 */
int ruleset_steered_rules(const struct ruleset *ruleset, const struct level_set *levels, struct chain *chain);

/** Frees a chain's rules; the chain is empty then. */
void chain_clear(struct chain *chain);

/** Frees all that a ruleset holds and the ruleset itself. */
void ruleset_free(struct ruleset *ruleset);

#endif
