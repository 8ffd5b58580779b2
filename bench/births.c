/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Processes that start directly in a new cgroup (clone3 with CLONE_INTO_CGROUP, as in systemd) and send at once: how
 * many datagrams the kernel accepted before it refused the first one, or vice versa.
 */

#include "cgroups.h"
#include "driver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	DISCARD_PORT = 9,
	ATTEMPTS = 200000,
};

/* A new process's result, in memory shared with its parent. */
struct life {
	uint64_t sent; /* how many of its datagrams came before the first that fared differently */
	uint64_t time; /* from its first datagram to that one; ns */
	int failure;   /* errno of what should not fail, or 0 */
};

static void live(struct life *life, const struct sockaddr_in *destination, bool until_refused)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	uint64_t begin = clock_ns(CLOCK_MONOTONIC);

	life->sent = 0;
	life->failure = ETIMEDOUT;
	while (life->sent < ATTEMPTS) {
		ssize_t sent = sendto(sock, "birth", 5, 0, (const struct sockaddr *)destination, sizeof(*destination));

		if (sent < 0 && errno != EPERM) {
			life->failure = errno;
			return;
		}
		if ((sent < 0) == until_refused) {
			life->failure = 0;
			break;
		}
		life->sent++;
	}
	life->time = clock_ns(CLOCK_MONOTONIC) - begin;
}

static pid_t bear(int cgroup)
{
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)cgroup,
	};

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static void bear_one(const struct nest *nest, struct life *life, const struct sockaddr_in *destination,
		     bool until_refused)
{
	int cgroup = openat(nest->fd, nest->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t child = bear(cgroup);

	if (child == 0) {
		live(life, destination, until_refused);
		_exit(0);
	}
	if (child < 0 || waitpid(child, NULL, 0) < 0)
		give_up("can't bear a process in a new cgroup");
	close(cgroup);
	errno = life->failure;
	if (errno != 0)
		give_up("a process born in the cgroup %s can't send", nest->name);
}

int cmd_births(int count, char **arguments)
{
	const uint64_t births = number(arguments[2]);
	const bool until_refused = strcmp(arguments[4], "until-refused") == 0;
	struct sockaddr_in destination = {.sin_family = AF_INET, .sin_port = htons(DISCARD_PORT)};
	struct life *life = mmap(NULL, sizeof(*life), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct nest nest;

	(void)count;
	if (life == MAP_FAILED)
		give_up("no memory");
	if (inet_pton(AF_INET, arguments[3], &destination.sin_addr) != 1)
		give_up("%s is no address", arguments[3]);
	nest_open(&nest, arguments[0], arguments[1]);
	for (uint64_t i = 0; i < births; i++) {
		nest_name(&nest, i);
		nest_make(&nest);
		bear_one(&nest, life, &destination, until_refused);
		printf("%" PRIu64 " %" PRIu64 "\n", life->sent, life->time);
		fflush(stdout);
		nest_remove(&nest);
		rest(1000);
	}
	return 0;
}
