/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONTAINER_MEMBERS_H
#define CGTPROXY_CONTAINER_MEMBERS_H

#include "container/model.h"

#include <stdbool.h>
#include <stdint.h>

/* Which cgroups are in which containers. */

enum { MEMBER_CONTAINERS_MAX = 8 }; /* that a cgroup is in at once */

/** Returns whether a cgroup is in a container. */
bool members_have(const struct member *member, const struct known *known);

/** Puts a cgroup in a container that it is not in. Returns 0, -ENOSPC when it is in too many, or -ENOMEM. */
int members_join(struct model *model, struct member *member, struct known *known, uint64_t now);

/** Takes a cgroup out of a container that it is in. */
void members_leave(struct model *model, struct member *member, struct known *known, uint64_t now);

/** Takes a cgroup out of all containers. */
void members_leave_all(struct model *model, struct member *member, uint64_t now);

#endif
