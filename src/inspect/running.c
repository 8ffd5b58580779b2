/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/running.h"

#include "engine/names.h"
#include "inspect/processes.h"
#include "nft/comment.h"
#include "nft/owner.h"
#include "util/cleanup.h"
#include "util/process.h"

#include <dirent.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>

int running_read(struct running *running, struct error *error)
{
	CLEANUP(nft_close) struct nft nft = {0};
	struct table_state state;
	int result = nft_open(&nft, error);

	*running = (struct running){0};
	if (result == 0)
		result = nft_query_table(&nft, TABLE_NAME, &state, error);
	if (result == 0)
		result = nft_find_owner(&nft, &state, &running->port, error);
	if (result < 0)
		return result;
	nft_read_comment(&nft, CHAIN_PREROUTING, running->comment);
	stamp_read(running->comment, &running->stamp);
	return 0;
}

/* The process is looked at after it was opened, so it can't be another one by then. */
static int open_owner(uint32_t pid, uint32_t inode)
{
	const struct process process = {.pid = pid};
	const int fd = pidfd_open((pid_t)pid, 0);

	if (fd < 0)
		return -errno;
	if (process_has_socket(&process, inode))
		return fd;
	close(fd);
	return -ESRCH;
}

static int find_owner(uint32_t inode)
{
	CLEANUP(closedirp) DIR *processes = opendir("/proc");
	const struct dirent *entry = NULL;
	int result = -ESRCH;

	while (processes != NULL && result < 0 && (entry = readdir(processes)) != NULL) {
		const unsigned long pid = strtoul(entry->d_name, NULL, 10);

		if (pid > 0 && pid <= INT32_MAX)
			result = open_owner((uint32_t)pid, inode);
	}
	return result < 0 ? -ESRCH : result;
}

int running_open(const struct running *running)
{
	const uint32_t inode = process_socket_of_port(NETLINK_NETFILTER, running->port);
	int result = -ESRCH;

	if (inode == 0)
		return -ESRCH;
	if (running->port <= INT32_MAX)
		result = open_owner(running->port, inode);
	return result < 0 ? find_owner(inode) : result;
}
