/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_CONFIG_H
#define CGTPROXY_CONFIG_CONFIG_H

#include "config/diagnostic.h"
#include "config/upstream.h"
#include "util/address.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/fwmark.h"

#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* A checked config: these structures are valid and can be applied. In the order of data/example.yaml. */

enum {
	PROXY_NAME_MAX = 64,
	ROUTE_TABLE_DEFAULT = 300,
	RULE_PRIORITY_DEFAULT = 3000,
	GATEWAY_MARK_DEFAULT = 3001,
	GATEWAY_RULES_MAX = 1024,
	GATEWAY_VALUES_MAX = 16384, /* of all the gateway's rules together */
	DNS_PORT = 53,
	PROXIES_MAX = 64,
};

/** An address and its prefix length. */
struct network {
	int family; /* AF_INET or AF_INET6 */
	union {
		struct in_addr ip;
		struct in6_addr ip6;
	};
	unsigned prefix;
};

struct dns_hijack {
	bool enabled;
	struct position position;
	struct in_addr ip;
	bool has_ip6;
	struct in6_addr ip6;
	uint16_t port; /* host byte order */
	bool tcp;
};

/** How a kind of traffic is treated in cgroups that go to a proxy. */
enum traffic {
	TRAFFIC_PROXY,
	TRAFFIC_DIRECT,
	TRAFFIC_REFUSE,
};

/* Where names have their addresses with fake-ip: RFC 2544's for tests, and a part of RFC 4193's that nobody may use. */
#define FAKE_NETWORK_IP                                                                                                \
	{                                                                                                              \
		.family = AF_INET, .ip = {htonl(0xc6120000U)}, .prefix = 15                                            \
	}
#define FAKE_NETWORK_IP6                                                                                               \
	{                                                                                                              \
		.family = AF_INET6, .ip6 = {{{0xfc}}}, .prefix = 18                                                    \
	}

/** Who answers the questions for names of a relay's clients. */
struct relay_dns {
	enum relay_dns_kind {
		RELAY_DNS_OFF, /* whoever was asked */
		RELAY_DNS_FAKE_IP,
		RELAY_DNS_SERVER,
	} kind;
	struct endpoint server; /* of RELAY_DNS_SERVER */
};

/** What cgtproxy-relay does for a proxy. */
struct proxy_relay {
	bool enabled;
	struct position position;
	bool has_upstream; /* always, in a config without errors */
	struct upstream upstream;
	struct relay_dns dns;
};

struct proxy {
	char *name;
	struct position position;
	struct fwmark mark; /* no bit of the value is outside the mask */
	uint16_t port;	    /* host byte order */
	enum traffic udp;
	enum traffic ipv6;
	enum traffic other; /* never TRAFFIC_PROXY */
	struct dns_hijack dns_hijack;
	struct proxy_relay relay; /* port is where it listens */
};

/** Where a cgroup's traffic goes. */
enum {
	TARGET_DIRECT,
	TARGET_DROP,	    /* silently */
	TARGET_REFUSE,	    /* with an error to the program */
	TARGET_FIRST_PROXY, /* and so on, in the order of config.proxies */
};

struct config_rule {
	char *pattern;	/* RE2 expression */
	char *selector; /* as written in the config, like "unit: docker.service", escaped for display */
	uint32_t target;
	const char *dropin; /* the file it is in, like "config.d/50-route.yaml", or NULL: the config itself */
	struct position position;
};

enum {
	DROPINS_MAX = 256,
	DROPIN_NAME_MAX = 255, /* without the directory */
	/* of config_rule_place() */
	RULE_PLACE_SIZE = DROPIN_NAME_MAX + 40,
};

/** What a rule of the gateway selects forwarded packets by. */
enum gateway_selector {
	GATEWAY_INTERFACE, /* that they arrived on */
	GATEWAY_SOURCE,
	GATEWAY_MAC, /* of the sender */
};

struct gateway_value {
	union {
		char interface[IFNAMSIZ]; /* a name, never "lo", or a prefix of names and '*'; the rest is zero */
		struct network source;
		uint8_t mac[ETH_ALEN]; /* neither zero nor multicast */
	};
};

struct gateway_rule {
	enum gateway_selector selector;
	char *text;		      /* as written in the config, like "interface: [br0, lan*]", escaped for display */
	struct gateway_value *values; /* at least one; they may overlap, also with those of other rules */
	size_t value_count;
	uint32_t target;
	struct position position;
};

/** How traffic that this host forwards for others is steered. */
struct gateway {
	bool enabled;		  /* there is a gateway, or containers are covered */
	struct position position; /* of its section, or else of "containers" */
	struct fwmark mark;	  /* of what goes to a proxy; whole, and no proxy's */
	bool strict;		  /* refuse what no rule is for, and what was open before it was steered */
	struct gateway_rule *rules;
	size_t rule_count;
};

enum on_stop {
	ON_STOP_CLEAR,
	ON_STOP_KEEP,
};

struct config {
	char *file;		/* its absolute path, or NULL if there is no file */
	struct timespec loaded; /* when it was read */
	uint32_t version;	/* of its files then (config_files_look()), or 0 */
	char *cgroup_root;	/* NULL: found automatically */
	uint32_t route_table;
	uint32_t rule_priority;
	bool bypass_local; /* traffic to the host's own addresses is never steered */
	bool strict;
	enum on_stop on_stop;
	struct network *bypass;
	size_t bypass_count;
	struct proxy *proxies;
	size_t proxy_count;
	struct config_rule *rules; /* those of drop-ins first */
	size_t rule_count;
	bool containers; /* a rule for a cgroup covers what it sends from a network namespace of its own */
	struct gateway gateway;
	char **dropins; /* files with rules beside the config, in their order, like "config.d/50-route.yaml" */
	size_t dropin_count;
};

/** Returns "direct", "drop", "refuse" or the proxy's name. */
const char *config_target_name(const struct config *config, uint32_t target);

/** Finds a proxy by name. Returns it, or NULL, also without a config. */
struct proxy *config_find_proxy(const struct config *config, const char *name);

/**
 * Says where a rule is: "line 4", or "line 4 of config.d/50-route.yaml".
 *
 * @out: RULE_PLACE_SIZE bytes
 *
 * Returns @out.
 */
const char *config_rule_place(const struct config_rule *rule, char *out);

/** Frees what belongs to a rule. */
void rule_clear(struct config_rule *rule);
void gateway_rule_clear(struct gateway_rule *rule);

void config_free(struct config *config);

DEFINE_CLEANUP(struct config *, config_free)

#endif
