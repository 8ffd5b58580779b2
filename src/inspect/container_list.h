/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_CONTAINER_LIST_H
#define CGTPROXY_INSPECT_CONTAINER_LIST_H

#include "container/containers.h"
#include "inspect/containers.h"
#include "inspect/index.h"
#include "nft/dump.h"
#include "nft/verdict.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>

/* The containers that have a network of their own, and what the kernel does with what they send. */

struct listed_container {
	char name[CONTAINER_NAME_SIZE]; /* "podman 0123456789ab", unescaped, or "" if its cgroups' paths don't tell */
	char **cgroups;			/* paths of those that have processes in it, unescaped */
	size_t cgroup_count;
	char **addresses; /* of other scopes than link and host */
	size_t address_count;
	char **interfaces; /* names of those that its packets arrive on */
	size_t interface_count;
	/* "direct", "drop", "refuse" or the proxy's name; "" where no rule for its cgroups is in force */
	char target[NFT_NAME_SIZE];
	bool is_partly; /* some of its addresses have another target, or none */
};

struct container_list {
	struct listed_container *items;
	size_t count;
	bool is_incomplete; /* not all cgroups could be asked in time */
};

/** Returns whether the table covers containers. */
bool container_list_is_covered(const struct dump *dump);

/** Has all containers found that can be found within a moment. Returns whether that is all of them. */
bool container_list_settle(struct containers *containers);

/**
 * Lists the containers that have a cgroup.
 *
 * @dump:  our table
 * @index: of the existing cgroups; what is noted there is for this function only
 * @list:  zeroed; container_list_clear() it whatever this returns
 *
 * Returns 0, -EPERM without CAP_NET_ADMIN, or another negative errno, with @error.
 */
int container_list_read(const struct dump *dump, const struct cgroup_index *index, struct container_list *list,
			struct error *error);

/** Returns whether a container has the cgroup of a path, or one below it. */
bool container_is_below(const struct listed_container *container, const char *path);

/** Returns the container that has an address, or NULL. */
const struct listed_container *container_list_find_address(const struct container_list *list, const char *address);

void container_list_clear(struct container_list *list);

#endif
