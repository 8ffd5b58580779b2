/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_MODEL_H
#define CGTPROXY_CONTAINER_MODEL_H

#include "container/addresses.h"
#include "container/container.h"
#include "container/links.h"
#include "container/schedule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * The containers as far as they are known. Asks nobody; all that it is told may be wrong, as long as it is put right
 * later.
 *
 * Memory is bounded by limits that no host should reach. Whoever can create network namespaces that are connected to
 * ours costs the kernel much more of it, and more time than we take.
 */

enum {
	MODEL_CONTAINERS_MAX = 16384,
	MODEL_INTERFACES_MAX = 256, /* of each */
};

struct member;

/** What is known of a container. */
struct known {
	struct container container; /* first, so that the one is the other; its arrays are those that follow */
	TAILQ_ENTRY(known) next;
	TAILQ_ENTRY(known) in_changed;
	struct container_interface *interfaces;
	size_t interface_capacity;
	struct container_address *addresses;
	const struct cgroup **cgroups;
	struct member **members; /* of these cgroups */
	size_t cgroup_capacity;
	size_t member_capacity;
	struct schedule_item poll; /* asking for addresses */
	bool is_changed;
	bool is_asked;	  /* for its addresses, with success */
	bool is_searched; /* all cgroups were asked whether they are in it, since it was there */
	bool is_wanting;  /* no cgroup of it is known, though not all were asked */
	bool left_out;	  /* it has more addresses than we know, which was logged */
};

/** A cgroup, as far as it is in containers. */
struct member {
	struct cgroup *cgroup;
	struct known **containers; /* in no order; NULL: none */
	uint8_t container_count;
};

/** Our end of a veth. */
struct veth {
	TAILQ_ENTRY(veth) next;
	uint32_t index;
	uint32_t listing; /* number of the last list of interfaces that had it */
	struct known *known;
};

TAILQ_HEAD(known_queue, known);

struct model {
	struct known_queue items;
	struct known_queue changed;
	TAILQ_HEAD(veth_queue, veth) veths;
	void *by_netns; /* tsearch(3) of struct known */
	void *by_index; /* tsearch(3) of struct veth */
	size_t count;
	size_t wanting;
	uint64_t last_number;
	uint32_t listing;      /* number of the last list */
	struct known *taken;   /* gone, and to be freed once the caller has seen it */
	struct schedule polls; /* of the containers */
};

/** @poll_interval: usec between two questions for the addresses of a container where nothing happens */
void model_init(struct model *model, uint64_t poll_interval);

void model_clear(struct model *model);

/** Returns the container with that network namespace, or NULL. */
struct known *model_find(const struct model *model, int32_t netns);

/** Returns the container that an interface leads to, or NULL. */
struct known *model_find_by_veth(const struct model *model, uint32_t index);

/**
 * Takes in the state of an interface.
 *
 * Returns 1 if there is a container that was not there before, else 0, -ENOSPC when there are too many, or -ENOMEM.
 */
int model_put_link(struct model *model, const struct link_state *link, uint64_t now);

/** Removes the container with that network namespace, if there is one. */
void model_remove_netns(struct model *model, int32_t netns, uint64_t now);

/** A list of all veths begins: what follows is in it. */
void model_begin_list(struct model *model);

/** The list was complete: forgets the veths that were not in it. */
void model_end_list(struct model *model, uint64_t now);

/** Sets the addresses of a container. Returns whether they have changed: 1, 0, or -ENOMEM. */
int model_put_addresses(struct model *model, struct known *known, const struct addresses *addresses, uint64_t now);

/** All cgroups, or not all, were asked whether they are in a container, since it was there. */
void model_set_searched(struct model *model, struct known *known, bool is_searched);

/* For those who change it otherwise: */

/** Something of a container has changed: more may follow, so it is looked at again soon. */
void model_note_change(struct model *model, struct known *known, uint64_t now);

/** Forgets in a cgroup that it is in a container. */
void model_forget_in(struct member *member, const struct known *known);

/** See containers_take_changed() and containers_next(). */
struct container *model_take_changed(struct model *model);
struct container *model_next(const struct model *model, const struct container *container);

#endif
