/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_RULESET_H
#define CGTPROXY_NFT_RULESET_H

#include "nft/set.h"
#include "nft/verdict.h"
#include "util/cleanup.h"
#include "util/fwmark.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A table as data: counters, sets, maps, chains and their rules, whatever their purpose. table.h turns it into netlink
 * messages, text.h into input for "nft -f".
 */

#define TABLE_NAME "cgtproxy"
#define PROBE_TABLE TABLE_NAME "-probe" /* for validation, never committed */

enum {
	/* net/netfilter/nft_socket.c: deeper levels can't be looked up */
	CGROUP_LEVEL_MAX = 255,
	RULE_STATEMENTS_MAX = 8,
	/* nft's maximum for a comment, NUL included (include/libnftnl/udata.h, NFTNL_UDATA_COMMENT_MAXLEN) */
	COMMENT_SIZE = 128,
};

/** One part of a rule: a condition for the parts after it, or an action. */
enum statement_kind {
	STATEMENT_CGROUP_VMAP,	    /* socket cgroupv2 level N vmap @NAME */
	STATEMENT_CGROUP_IN,	    /* socket cgroupv2 level N @NAME */
	STATEMENT_IN_CGROUP,	    /* socket cgroupv2 level N != 0: the socket's cgroup is at that level or deeper */
	STATEMENT_IIFNAME_VMAP,	    /* iifname vmap @NAME */
	STATEMENT_IIF_VMAP,	    /* iif vmap @NAME */
	STATEMENT_IIF_SADDR_VMAP,   /* iif . ip saddr vmap @NAME */
	STATEMENT_IIF_SADDR6_VMAP,  /* iif . ip6 saddr vmap @NAME */
	STATEMENT_SADDR_VMAP,	    /* ip saddr vmap @NAME */
	STATEMENT_SADDR6_VMAP,	    /* ip6 saddr vmap @NAME */
	STATEMENT_MAC_VMAP,	    /* ether saddr vmap @NAME */
	STATEMENT_CT_UNCONFIRMED,   /* ct status ! confirmed: the flow's first packet, still in flight */
	STATEMENT_CT_DNAT,	    /* ct status dnat */
	STATEMENT_CT_ESTABLISHED,   /* ct state established: there was an answer, or this is one */
	STATEMENT_CT_INVALID,	    /* ct state invalid: of no flow */
	STATEMENT_CT_RELATED,	    /* ct state related: an ICMP error about a flow, or an announced flow */
	STATEMENT_CT_ORIGINAL,	    /* ct direction original */
	STATEMENT_CT_REPLY,	    /* ct direction reply */
	STATEMENT_CT_LABEL,	    /* ct label N */
	STATEMENT_CT_NO_LABEL,	    /* ct label ! N */
	STATEMENT_SADDR_FOREIGN,    /* fib saddr type != local */
	STATEMENT_SADDR_LOCAL,	    /* fib saddr type local */
	STATEMENT_SADDR_ELSEWHERE,  /* fib saddr . iif oif missing: not routed to the interface that it came by */
	STATEMENT_DADDR,	    /* ip daddr ADDRESS */
	STATEMENT_DADDR6,	    /* ip6 daddr ADDRESS */
	STATEMENT_DADDR_LOCAL,	    /* fib daddr type local */
	STATEMENT_DADDR_TO_US,	    /* fib daddr type { local, broadcast, anycast, multicast } */
	STATEMENT_DADDR_BROADCAST,  /* fib daddr type broadcast */
	STATEMENT_DADDR_MULTICAST,  /* ip daddr 224.0.0.0/4 */
	STATEMENT_DADDR_MULTICAST6, /* ip6 daddr ff00::/8 */
	STATEMENT_DADDR_LINK_LOCAL, /* ip6 daddr fe80::/10 */
	STATEMENT_DADDR_IN,	    /* ip daddr @NAME */
	STATEMENT_DADDR6_IN,	    /* ip6 daddr @NAME */
	STATEMENT_OIF_DADDR_IN,	    /* fib daddr oif . ip daddr @NAME: where it is routed, and its destination */
	STATEMENT_OIF_DADDR6_IN,    /* fib daddr oif . ip6 daddr @NAME */
	STATEMENT_NFPROTO,	    /* meta nfproto ipv4 | ipv6 */
	STATEMENT_L4PROTO,	    /* meta l4proto tcp | udp | icmp | ipv6-icmp */
	STATEMENT_NOT_L4PROTO,	    /* meta l4proto != ... */
	STATEMENT_TCP_OR_UDP,	    /* meta l4proto { tcp, udp } */
	STATEMENT_NOT_TCP_OR_UDP,   /* meta l4proto != { tcp, udp } */
	STATEMENT_DPORT,	    /* th dport N; after STATEMENT_L4PROTO */
	STATEMENT_IIF_LO,	    /* iif lo */
	STATEMENT_IIF_ANY,	    /* iif != 0: received on an interface */
	STATEMENT_IIF_NONE,	    /* iif 0: sent by this host */
	STATEMENT_IIF_VETH,	    /* meta iifkind veth */
	STATEMENT_OIF_LO,	    /* oif lo */
	STATEMENT_MARK,		    /* meta mark & MASK == VALUE */
	STATEMENT_MARKED,	    /* meta mark != 0 */
	STATEMENT_MARK_VMAP,	    /* meta mark vmap @NAME */
	STATEMENT_COUNTER_NAME,	    /* counter name "NAME" */
	STATEMENT_SET_MARK,	    /* meta mark set: sets the bits of the mask to the value's, keeps the others */
	STATEMENT_SET_CT_LABEL,	    /* ct label set N */
	STATEMENT_DNAT,		    /* dnat ip to ADDRESS:PORT */
	STATEMENT_DNAT6,	    /* dnat ip6 to [ADDRESS]:PORT */
	STATEMENT_REDIRECT,	    /* redirect to :PORT: of the interface's own address */
	STATEMENT_TPROXY,	    /* tproxy to :PORT; the next rule follows if nothing listens there */
	STATEMENT_TPROXY_IP,	    /* tproxy ip to ADDRESS:PORT; likewise */
	STATEMENT_TPROXY_IP6,	    /* tproxy ip6 to [ADDRESS]:PORT */
	STATEMENT_REJECT,	    /* reject: an ICMP error to the sender */
	STATEMENT_REJECT_RESET,	    /* reject with tcp reset; after STATEMENT_L4PROTO */
	STATEMENT_VERDICT,
};

struct statement {
	enum statement_kind kind;
	union {
		uint32_t level;
		unsigned label;
		uint8_t protocol; /* NFPROTO_* of STATEMENT_NFPROTO, else IPPROTO_* */
		uint16_t port;	  /* host byte order */
		struct fwmark mark;
		struct in_addr ip;
		struct in6_addr ip6;
		char name[NFT_NAME_SIZE]; /* of a set, map or counter */
		struct {
			uint32_t level;
			char name[NFT_NAME_SIZE];
		} cgroup_set;
		struct {
			union {
				struct in_addr ip;
				struct in6_addr ip6;
			};
			uint16_t port; /* host byte order */
		} to;		       /* of STATEMENT_DNAT* and STATEMENT_TPROXY_IP* */
		struct verdict verdict;
	};
};

struct rule {
	struct statement statements[RULE_STATEMENTS_MAX];
	size_t count;
	const char *comment; /* or NULL; nft shows it after the rule */
};

enum chain_hook {
	HOOK_NONE, /* reached by goto only */
	HOOK_ROUTE_OUTPUT,
	HOOK_NAT_OUTPUT,
	HOOK_NAT_PREROUTING,
	HOOK_FILTER_PREROUTING,
	HOOK_FILTER_POSTROUTING,
};

struct chain {
	char name[NFT_NAME_SIZE];
	enum chain_hook hook;
	struct rule *rules;
	size_t count;
	size_t capacity;
};

struct ruleset {
	const char *table;		 /* TABLE_NAME, except for probes and the like */
	char (*counters)[NFT_NAME_SIZE]; /* their names */
	size_t counter_count;
	size_t counter_capacity;
	struct set *sets;
	size_t set_count;
	size_t set_capacity;
	struct chain *chains;
	size_t chain_count;
	size_t chain_capacity;
	struct verdicts verdicts;   /* of the maps' elements */
	char comment[COMMENT_SIZE]; /* of some rule */
};

/** Returns an empty ruleset of our table, to be freed with ruleset_free(), or NULL when out of memory. */
struct ruleset *ruleset_new(void);

/** Adds a counter with that name. Returns 0 or -ENOMEM. */
int ruleset_add_counter(struct ruleset *ruleset, const char *name);

/**
 * Adds an empty set.
 *
 * Returns the set, valid until the next call, or NULL when out of memory.
 */
struct set *ruleset_add_set(struct ruleset *ruleset, const char *name, enum set_type type);

/** Removes the set that was added last. */
void ruleset_remove_last_set(struct ruleset *ruleset);

/** Adds an element to a map of the ruleset. Returns 0 or -ENOMEM. */
int ruleset_map(struct ruleset *ruleset, struct set *map, const void *key, const struct verdict *verdict);

/**
 * Adds an empty chain.
 *
 * Returns the chain, valid until the next call, or NULL when out of memory.
 */
struct chain *ruleset_add_chain(struct ruleset *ruleset, const char *name, enum chain_hook hook);

/** Returns the set or chain with that name, or NULL. */
struct set *ruleset_find_set(const struct ruleset *ruleset, const char *name);
struct chain *ruleset_find_chain(const struct ruleset *ruleset, const char *name);

/**
 * Appends a rule of @count statements to a chain.
 *
 * Returns 0 or -ENOMEM.
 */
int chain_add_rule(struct chain *chain, const struct statement *statements, size_t count);

/** The same for literal statements: chain_add(chain, DPORT(53), COUNTER). */
#define chain_add(chain, ...)                                                                                          \
	chain_add_rule((chain), (const struct statement[]){__VA_ARGS__},                                               \
		       sizeof((const struct statement[]){__VA_ARGS__}) / sizeof(struct statement))

/** The statement that leaves a chain. */
#define RETURN                                                                                                         \
	{                                                                                                              \
		.kind = STATEMENT_VERDICT, .verdict = {.kind = VERDICT_RETURN }                                        \
	}

/** Returns a statement that refers to a set, map or counter by name. */
struct statement statement_about(enum statement_kind kind, const char *name);

/** Returns the statement that goes to a chain. */
struct statement statement_goto(const char *chain);

/** Frees a ruleset and everything in it. */
void ruleset_free(struct ruleset *ruleset);

DEFINE_CLEANUP(struct ruleset *, ruleset_free)

#endif
