/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/process.h"

#include "util/cleanup.h"
#include "util/escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { COMM_SIZE = 32 }; /* include/linux/sched.h: TASK_COMM_LEN is 16, threads of the kernel's may have more */

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
