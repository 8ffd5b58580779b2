/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_PROCESSES_H
#define CGTPROXY_INSPECT_PROCESSES_H

#include "util/error.h"
#include "util/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROCESS_ARGUMENTS_SIZE = 8192,
};

/** A running process. */
struct process {
	uint32_t pid;
	char name[PROCESS_PROGRAM_SIZE]; /* what it calls itself (comm): any bytes but NUL and newline */
	char *cgroup;			 /* path below the mount */
};

struct processes {
	struct process *items;
	size_t count;
	size_t capacity;
};

/**
 * Lists the processes that have a cgroup. Those that begin or end meanwhile may be missing.
 *
 * @processes: zeroed; processes_clear() it, whatever this returns
 * @mount:     path of the cgroup2 mount
 *
 * Returns 0 or a negative errno with @error.
 */
int processes_list(struct processes *processes, const char *mount, struct error *error);

/**
 * Reads the beginning of a process's command line, as /proc/PID/cmdline has it: each argument with a NUL at its end.
 *
 * @arguments: PROCESS_ARGUMENTS_SIZE bytes
 *
 * Returns its length, 0 if it can't be read.
 */
size_t process_arguments(uint32_t pid, char *arguments);

/** Returns whether a process has a socket open, as far as we may look at it (ptrace(2), access mode). */
bool process_has_socket(const struct process *process, uint32_t inode);

/** What is known of where a process has its network. */
enum process_network {
	NETWORK_UNKNOWN, /* we may not look at it */
	NETWORK_OURS,
	NETWORK_OTHER,
};

/** Finds out whether a process is in our network namespace. */
enum process_network process_network(const struct process *process);

void processes_clear(struct processes *processes);

#endif
