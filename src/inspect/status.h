/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STATUS_H
#define CGTPROXY_INSPECT_STATUS_H

#include "config/config.h"
#include "inspect/problems.h"
#include "inspect/status_routing.h"
#include "nft/nft.h"
#include "nft/ruleset.h"
#include "route/route.h"
#include "util/error.h"
#include "util/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/*
 * The state of a cgtproxy, as the kernel tells it: whether one runs, what is in force, and what became of it. The
 * daemon is not asked, so this is true also when it hangs, was killed, or left its rules behind.
 */

/** Where traffic goes, and how much of it. */
struct status_target {
	char name[PROXY_NAME_MAX + 1]; /* "direct", "drop", "refuse" or the proxy's */
	bool is_proxy;
	bool is_counted; /* whether packets and bytes are known */
	uint64_t packets;
	uint64_t bytes;
	size_t cgroups; /* that exist */
	size_t sockets; /* that processes in this network namespace have open */
	/* of a proxy that the config knows */
	uint16_t port;	     /* host byte order, or 0 */
	bool is_listened_to; /* whether somebody listens on the port */
	char **listeners;    /* paths of the cgroups that do, each once, as they are */
	size_t listener_count;
};

/** A cgroup whose traffic goes elsewhere than its parent's. */
struct status_cgroup {
	char *path; /* below the mount, as it is */
	size_t target;
};

enum status_config {
	STATUS_CONFIG_UNKNOWN,	  /* which one it was is not known */
	STATUS_CONFIG_BUILT_IN,	  /* there was no file */
	STATUS_CONFIG_CURRENT,	  /* the file is as it was when it was loaded */
	STATUS_CONFIG_CHANGED,	  /* it was changed since */
	STATUS_CONFIG_UNREADABLE, /* it can't be read (any more), or is not valid */
};

struct status {
	uint64_t moment; /* usec of CLOCK_MONOTONIC, when the counters were read */

	bool is_running;
	uint32_t pid;
	char process[PROCESS_NAME_SIZE];
	time_t since; /* 0: not known */

	struct table_state table;
	bool is_whole;	 /* the table has all that the daemon puts there */
	size_t elements; /* in the map of cgroups, those of cgroups that are gone included */

	enum status_config config;
	char file[COMMENT_SIZE];
	time_t loaded;

	struct status_routes routes;

	struct problems problems; /* that other programs make */
	uint64_t problems_moment; /* when they were looked for, as @moment */
	uint64_t problems_cost;	  /* and for how long, in usec */

	struct status_target fence;    /* what had a proxy's mark and was about to leave by another interface than lo */
	struct status_target *targets; /* direct, drop, refuse and the proxies; none without a table */
	size_t target_count;
	struct status_cgroup *cgroups; /* in the order of a tree's walk, names sorted */
	size_t cgroup_count;
};

/**
 * Asks for the state of this network namespace.
 *
 * @file:   the config to compare with, or NULL for the one that the table was made from
 * @before: an earlier look, or NULL; when to look for problems takes long, those of it are taken over for some time
 * @status: zeroed; status_clear() it whatever this returns
 *
 * Returns 0, -EPERM without CAP_NET_ADMIN, or another negative errno, with @error.
 */
int status_read(const char *file, struct status *before, struct status *status, struct error *error);

/** Returns whether everything that should be there is, as far as is known. */
bool status_is_complete(const struct status *status);

void status_clear(struct status *status);

#endif
