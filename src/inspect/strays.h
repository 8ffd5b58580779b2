/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STRAYS_H
#define CGTPROXY_INSPECT_STRAYS_H

#include "inspect/explain.h"
#include "inspect/index.h"
#include "inspect/members.h"
#include "inspect/subject.h"
#include "socket/open_sockets.h"

#include <stddef.h>

/*
 * Sockets of processes that belong to another cgroup than the processes do. A socket stays in the cgroup in which it
 * was created, and so does what accept(2) returns for it: of socket activation, of a program that was moved, or
 * inherited from one.
 */

struct stray {
	struct open_socket socket;
	char *path;		    /* of the socket's cgroup, or NULL if that was removed */
	char target[NFT_NAME_SIZE]; /* in force; "" if unknown */
};

struct strays {
	struct stray *items;
	size_t count;
	size_t capacity;
	size_t unknown; /* processes whose sockets we may not see */
};

/**
 * Finds the sockets that processes have open, and whose cgroup is none of theirs.
 *
 * @home:   whose processes they are
 * @strays: zeroed; release with strays_clear(), also on failure
 *
 * Returns 0 or a negative errno with @error.
 */
int strays_find(const struct members *members, const struct cgroup_index *index, struct explainer *explainer,
		const struct subject *home, struct strays *strays, struct error *error);

void strays_clear(struct strays *strays);

#endif
