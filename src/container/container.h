/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_CONTAINER_H
#define CGTPROXY_CONTAINER_CONTAINER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of a container, see container/containers.h. */

struct cgroup;

/** Where a container's packets arrive: at our end of a veth, or at the bridge that this is a port of. */
struct container_interface {
	uint32_t iif;  /* index of the interface that they arrive on, as "meta iif" has it; several may have the same */
	uint32_t veth; /* index of our end; the same unless bridged */
	bool bridged;  /* others' packets arrive there too, and only their source address tells them apart */
};

/** An address that other hosts may see: not of the scopes link or host. */
struct container_address {
	int family; /* AF_INET or AF_INET6 */
	union {
		struct in_addr ip;
		struct in6_addr ip6;
	};
};

/** A container. The arrays have no duplicates and are sorted, so that two states can be merged. */
struct container {
	uint64_t number; /* from 1 on, never used again; the kernel's id is */
	int32_t netns;	 /* the kernel's id of its network namespace in ours, which ip(8) shows as link-netnsid */
	const struct container_interface *interfaces; /* by iif, then veth */
	size_t interface_count;
	const struct container_address *addresses; /* by family, then bytes */
	size_t address_count;
	const struct cgroup *const *cgroups; /* by id; those that have processes in it */
	size_t cgroup_count;
	bool is_gone;	/* its network namespace is no longer connected to ours; the arrays are empty */
	void *userdata; /* the caller's, NULL at first */
};

#endif
