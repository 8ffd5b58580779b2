/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STATUS_STATE_H
#define CGTPROXY_INSPECT_STATUS_STATE_H

#include "config/config.h"
#include "config/relay.h"
#include "inspect/container_list.h"
#include "inspect/problems.h"
#include "inspect/status_gateway.h"
#include "inspect/status_routing.h"
#include "nft/nft.h"
#include "nft/ruleset.h"
#include "nft/stamp.h"
#include "route/route.h"
#include "util/fwmark.h"
#include "util/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* What "status" shows, as data. */

/** The relay of a proxy. */
struct status_relay {
	bool exists;
	char upstream[UPSTREAM_NAME_SIZE]; /* without user and password */
	char dns[RELAY_DNS_SIZE];	   /* as in the config: "off", "fake-ip", "tcp://9.9.9.9:53" */
	bool is_counted;
	size_t connections; /* open ones that it has taken */
};

/** A target and its traffic. */
struct status_target {
	char name[PROXY_NAME_MAX + 1]; /* "direct", "drop", "refuse" or the proxy's */
	bool is_proxy;
	bool is_counted;  /* whether packets and bytes are known */
	uint64_t packets; /* that were sent; answers are not counted */
	uint64_t bytes;
	size_t cgroups; /* that exist */
	size_t sockets; /* open in this network namespace */
	/* of a proxy, as it is in force */
	uint16_t port;	    /* host byte order, or 0: not known */
	struct fwmark mark; /* without a mask: not known */
	uint16_t file_port; /* what the config file says, where that differs, or 0 */
	struct fwmark file_mark;
	bool is_listened_to; /* whether a socket listens on the port */
	char **listeners;    /* paths of the listening cgroups, each once, unescaped */
	size_t listener_count;
	struct status_relay relay;
};

/** A cgroup whose target is not its parent's. */
struct status_cgroup {
	char *path; /* below the mount, unescaped */
	size_t target;
};

enum status_config {
	STATUS_CONFIG_UNKNOWN,	  /* it is not known which one was loaded */
	STATUS_CONFIG_BUILT_IN,	  /* there was no file */
	STATUS_CONFIG_CURRENT,	  /* the file is unchanged since it was loaded */
	STATUS_CONFIG_CHANGED,	  /* it has changed since */
	STATUS_CONFIG_UNREADABLE, /* it can't be read, or is not valid */
	STATUS_CONFIG_OTHER,	  /* it is compared with another file */
};

struct status {
	uint64_t moment; /* usec of CLOCK_MONOTONIC, when the counters were read */

	bool is_running;
	uint32_t pid;
	char process[PROCESS_NAME_SIZE];
	time_t since; /* 0: not known */

	struct table_state table;
	bool is_whole;	 /* the table has everything that the daemon puts there */
	size_t elements; /* in the cgroup map, including those of removed cgroups */

	enum status_config config;
	struct stamp stamp; /* of it; zero if unknown */

	struct status_routes routes;

	struct status_gateway gateway;
	bool covers_containers;
	struct container_list containers; /* that have a network of their own */

	struct problems problems;
	uint64_t problems_moment; /* when they were looked for, like @moment */
	uint64_t problems_cost;	  /* and how long that took, in usec */

	struct status_target fence;    /* packets with a proxy's mark, about to leave by an interface other than lo */
	struct status_target *targets; /* direct, drop, refuse and the proxies; empty without a table */
	size_t target_count;
	struct status_cgroup *cgroups; /* depth first, names sorted */
	size_t cgroup_count;
};

#endif
