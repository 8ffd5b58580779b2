/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/process.h"

#include "util/cleanup.h"
#include "util/escape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COMM_SIZE = 32 }; /* include/linux/sched.h: TASK_COMM_LEN is 16, threads of the kernel's may have more */

#define SKIP_6 " %*s %*s %*s %*s %*s %*s"
#define SKIP_18 SKIP_6 SKIP_6 SKIP_6

const char *process_of_port(uint32_t port, char *out)
{
	char path[64];
	char name[COMM_SIZE];
	char shown[ESCAPED_SIZE(COMM_SIZE)];
	CLEANUP(fclosep) FILE *file = NULL;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/comm", port);
	file = fopen(path, "re");
	if (file == NULL || fgets(name, sizeof(name), file) == NULL) {
		snprintf(out, PROCESS_NAME_SIZE, "the owner of netlink port %" PRIu32, port);
		return out;
	}
	escape(shown, sizeof(shown), name, strcspn(name, "\n"));
	snprintf(out, PROCESS_NAME_SIZE, "process %" PRIu32 " (%s)", port, shown);
	return out;
}

int process_started(uint32_t pid, time_t *started)
{
	char path[64];
	char line[512];
	CLEANUP(fclosep) FILE *file = NULL;
	const char *behind_name = NULL;
	unsigned long long ticks = 0;
	struct timespec since_boot;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return -errno;
	if (fgets(line, sizeof(line), file) == NULL)
		return -ESRCH;
	/* proc_pid_stat(5): the 22nd field; the second, in parentheses, is a name that may have any character */
	behind_name = strrchr(line, ')');
	if (behind_name == NULL || sscanf(behind_name, ") %*c" SKIP_18 " %llu", &ticks) != 1)
		return -EINVAL;
	clock_gettime(CLOCK_BOOTTIME, &since_boot);
	*started = time(NULL) - since_boot.tv_sec + (time_t)(ticks / (unsigned long long)sysconf(_SC_CLK_TCK));
	return 0;
}
