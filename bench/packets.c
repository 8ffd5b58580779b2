/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The cost of sending a datagram, in different namespaces and cgroups, in turns. Measures the CPU time of the sending
 * thread: everything of interest happens within sendto(), also on the receiving side of a veth or lo.
 */

#include "driver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DISCARD_PORT = 9 };

/* Where datagrams are sent: a socket made in one namespace and one cgroup. */
struct lane {
	int socket;
};

static void enter_namespace(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		give_up("can't enter the namespace %s", path);
	close(fd);
}

static void enter_cgroup(const char *directory)
{
	char path[4096];
	int fd = -1;

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		give_up("can't enter the cgroup %s", directory);
	close(fd);
}

/* What is sent to the device is thrown away, as cheaply as can be: nobody reads here. The descriptor stays open. */
static void hold_device(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
		give_up("can't hold the device %s", name);
}

/* A TPROXY server that receives datagrams and ignores them. */
static void serve_transparently(const char *port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number(port))};
	const int on = 1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_IP, IP_TRANSPARENT, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		give_up("can't serve at port %s", port);
}

static int open_socket(const char *address)
{
	struct sockaddr_in destination = {.sin_family = AF_INET, .sin_port = htons(DISCARD_PORT)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &destination.sin_addr) != 1 ||
	    connect(fd, (const struct sockaddr *)&destination, sizeof(destination)) < 0)
		give_up("can't connect a socket to %s", address);
	return fd;
}

static void lane_open(struct lane *lane, char *description)
{
	char *rest_of_it = description;
	const char *namespace = strsep(&rest_of_it, ",");
	const char *cgroup = strsep(&rest_of_it, ",");
	const char *address = strsep(&rest_of_it, ",");
	const char *option = NULL;

	errno = EINVAL;
	if (cgroup == NULL || address == NULL)
		give_up("%s is no NAMESPACE,CGROUP,ADDRESS", description);
	enter_namespace(namespace);
	enter_cgroup(cgroup);
	while ((option = strsep(&rest_of_it, ",")) != NULL) {
		if (strncmp(option, "tun=", 4) == 0)
			hold_device(option + 4);
		else if (strncmp(option, "tproxy=", 7) == 0)
			serve_transparently(option + 7);
	}
	lane->socket = open_socket(address);
}

/* How long one datagram takes, in ns. */
static double measure(const struct lane *lane, uint64_t count)
{
	uint64_t begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	for (uint64_t i = 0; i < count; i++) {
		if (send(lane->socket, "packet", 6, 0) < 0)
			give_up("can't send");
	}
	return (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
}

int cmd_packets(int count, char **arguments)
{
	const uint64_t rounds = number(arguments[0]);
	const uint64_t packets = number(arguments[1]);
	const size_t lane_count = (size_t)count - 2;
	struct lane *lanes = calloc(lane_count, sizeof(*lanes));
	double *times = calloc(lane_count, sizeof(*times));

	if (lanes == NULL || times == NULL)
		give_up("no memory");
	for (size_t i = 0; i < lane_count; i++)
		lane_open(&lanes[i], arguments[i + 2]);
	for (uint64_t round = 0; round < rounds; round++) {
		/* each round begins with another one, so that no lane always follows the same neighbour */
		for (size_t i = 0; i < lane_count; i++) {
			size_t lane = (i + round) % lane_count;

			times[lane] = measure(&lanes[lane], packets);
		}
		for (size_t i = 0; i < lane_count; i++)
			printf("%s%.1f", i > 0 ? " " : "", times[i]);
		puts("");
	}
	free(times);
	free(lanes);
	return 0;
}
