/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/process.h"

#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	START_TIME_FIELD = 22,
};

bool process_read_program(uint32_t pid, char *name)
{
	char path[64];
	CLEANUP(fclosep) FILE *file = NULL;

	name[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/comm", pid);
	file = fopen(path, "re");
	if (file == NULL || fgets(name, PROCESS_PROGRAM_SIZE, file) == NULL)
		return false;
	name[strcspn(name, "\n")] = '\0';
	return true;
}

const char *process_of_port(uint32_t port, char *out)
{
	char name[PROCESS_PROGRAM_SIZE];
	char shown[ESCAPED_SIZE(PROCESS_PROGRAM_SIZE)];

	if (process_read_program(port, name))
		snprintf(out, PROCESS_NAME_SIZE, _("process %" PRIu32 " (%s)"), port,
			 escape(shown, sizeof(shown), name, strlen(name)));
	else
		snprintf(out, PROCESS_NAME_SIZE, _("the owner of netlink port %" PRIu32), port);
	return out;
}

uint32_t process_find_connected(const char *name, unsigned protocol)
{
	CLEANUP(fclosep) FILE *file = fopen("/proc/net/netlink", "re");
	char line[256];
	char other[PROCESS_PROGRAM_SIZE];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char *state = NULL;
		const char *socket = strtok_r(line, " ", &state);
		const char *number = socket != NULL ? strtok_r(NULL, " ", &state) : NULL;
		const char *port = number != NULL ? strtok_r(NULL, " ", &state) : NULL;

		const uint32_t pid = port != NULL ? (uint32_t)strtoul(port, NULL, 10) : 0;

		if (pid != 0 && strtoul(number, NULL, 10) == protocol && process_read_program(pid, other) &&
		    strcmp(other, name) == 0)
			return pid;
	}
	return 0;
}

bool process_is_connected(const char *name, unsigned protocol)
{
	return process_find_connected(name, protocol) != 0;
}

uint32_t process_socket_of_port(unsigned protocol, uint32_t port)
{
	CLEANUP(fclosep) FILE *file = fopen("/proc/net/netlink", "re");
	char line[256];
	unsigned long inode = 0;

	while (file != NULL && inode == 0 && fgets(line, sizeof(line), file) != NULL) {
		unsigned long fields[10] = {0};
		char *state = NULL;
		const char *word = strtok_r(line, " ", &state);

		/* net/netlink/af_netlink.c, netlink_native_seq_show(): the second is the protocol, the last the inode
		 */
		for (size_t i = 0; word != NULL && i < 10; word = strtok_r(NULL, " ", &state), i++)
			fields[i] = strtoul(word, NULL, 10);
		if (fields[1] == protocol && fields[2] == port)
			inode = fields[9];
	}
	return (uint32_t)inode;
}

/* The kernel's boot time, because the difference of two clocks would vary between calls. */
static time_t booted(void)
{
	CLEANUP(fclosep) FILE *file = fopen("/proc/stat", "re");
	char line[256];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "btime ", strlen("btime ")) == 0)
			return strtoll(line + strlen("btime "), NULL, 10);
	}
	return 0;
}

int process_started(uint32_t pid, time_t *started)
{
	char path[64];
	char text[512];
	size_t length = 0;
	CLEANUP(fclosep) FILE *file = NULL;
	char *field = NULL;
	char *end = NULL;
	unsigned long long ticks = 0;
	const time_t boot = booted();

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return -errno;
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	/* proc_pid_stat(5): the second field, in parentheses, is a name that may contain any character */
	field = strrchr(text, ')');
	for (int number = 2; field != NULL && number < START_TIME_FIELD; number++)
		field = strchr(field + 1, ' ');
	if (field != NULL)
		ticks = strtoull(field, &end, 10);
	if (field == NULL || end == field || boot == 0)
		return -EINVAL;
	*started = boot + (time_t)(ticks / (unsigned long long)sysconf(_SC_CLK_TCK));
	return 0;
}
