/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PROXY_CGROUPS_H
#define CGTPROXY_INSPECT_PROXY_CGROUPS_H

#include "inspect/proxies.h"
#include "socket/listeners.h"

#include <stddef.h>
#include <stdint.h>

/*
 * In which cgroups proxies listen. Any user can listen on a proxy's port at an address of 127.0.0.0/8, from any number
 * of cgroups; so only sockets that TPROXY finds count, which takes privileges, and not more than a few for each proxy.
 */

enum { PROXY_CGROUPS_MAX = 64 }; /* of a proxy */

/** A cgroup in which a proxy listens. */
struct proxy_cgroup {
	uint64_t id;
	uint32_t proxy; /* index in the config */
};

/** Sorted by id, without duplicates. */
struct proxy_cgroups {
	struct proxy_cgroup *items;
	size_t count;
	size_t capacity;
};

/**
 * Adds the cgroups of the sockets that take what is sent to a proxy, the first PROXY_CGROUPS_MAX.
 *
 * @cgroups:   zeroed at first; proxy_cgroups_clear() it whatever this returns
 * @proxy:     index, not added before
 * @listeners: on its port
 *
 * Returns 0 or -ENOMEM.
 */
int proxy_cgroups_add(struct proxy_cgroups *cgroups, uint32_t proxy, const struct listeners *listeners,
		      const struct proxy_surroundings *surroundings);

/** Returns the first of the @count entries with a cgroup's id, one for each proxy that listens in it, or NULL. */
const struct proxy_cgroup *proxy_cgroups_find(const struct proxy_cgroups *cgroups, uint64_t id, size_t *count);

void proxy_cgroups_clear(struct proxy_cgroups *cgroups);

#endif
