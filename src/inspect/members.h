/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_MEMBERS_H
#define CGTPROXY_INSPECT_MEMBERS_H

#include "socket/open_sockets.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Processes, as far as /proc shows them to us. */

enum {
	MEMBER_NAME_SIZE = 64, /* include/linux/sched.h, TASK_COMM_LEN is 16; names of kernel threads are longer */
	MEMBER_COMMAND_SIZE = 256,
	MEMBERS_MAX = 1000,
};

/** A process. Its texts are any bytes. */
struct member {
	uint32_t pid;
	char name[MEMBER_NAME_SIZE];	   /* what it calls itself */
	char command[MEMBER_COMMAND_SIZE]; /* its arguments, separated by spaces, possibly truncated; "" if unknown */
	uint32_t uid;			   /* the effective one */
	char *user;			   /* its name, or the number */
	bool has_other_network;		   /* its network namespace is not ours */
	const char *explained;		   /* path of the explanation that is valid for it, by report_make() */
};

struct members {
	struct member *items;
	size_t count;
	size_t capacity;
	bool is_truncated; /* there are more than MEMBERS_MAX */
};

/**
 * Adds a process.
 *
 * @members: zeroed before the first; release with members_clear(), also on failure
 *
 * Returns 0, -ESRCH when there is no such process, or -ENOMEM.
 */
int members_add(struct members *members, uint32_t pid);

/**
 * Adds the processes of a cgroup, without those of cgroups below it.
 *
 * @mount: path of the cgroup2 mount
 * @path:  below it
 *
 * Returns 0, also when there is no such cgroup, or -ENOMEM.
 */
int members_add_cgroup(struct members *members, const char *mount, const char *path);

/**
 * Lists the sockets that processes have open.
 *
 * @inodes:  zeroed; its items are freed by the caller, also on failure
 * @unknown: set to how many of the processes may not be looked at
 *
 * Returns 0 or -ENOMEM.
 */
int members_list_sockets(const struct members *members, struct inodes *inodes, size_t *unknown);

void members_clear(struct members *members);

#endif
