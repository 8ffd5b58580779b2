/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_FAKE_NETWORK_H
#define CGTPROXY_TEST_UNIT_FAKE_NETWORK_H

/*
 * A fake kernel with veths, other network namespaces and processes in them, and a cgroup tree whose files are in a
 * temporary directory. Requests are answered when they are sent, from what there is at that moment; a list's second
 * datagram and those that follow are written when the one before is read, as in the kernel. The linker replaces
 * libmnl's and libc's functions with the __wrap_... functions (ld(1), --wrap). Time passes only where a test says so.
 */

#include "unit.h"

#include "cgroup/tree.h"
#include "container/containers.h"
#include "container/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	VETHS_MAX = 512,
	PROCESSES_MAX = 512,
	FAKE_ADDRESSES_MAX = 600,
	QUEUE_MAX = 64,
	DATAGRAM_SIZE = 8192,
	LINKS_PER_DATAGRAM = 3,
	SOCKETS_MAX = 16,
	LOG_MAX = 4096,
	BRIDGE = 1000,
};

struct fake_veth {
	uint32_t index;
	int32_t netns;
	uint32_t master;
	const char *master_kind;
};

struct fake_process {
	uint32_t pid;
	int32_t netns;
};

struct fake_address {
	int32_t netns;
	const char *text;
	uint8_t scope;
	uint32_t flags;
};

struct fake_datagram {
	char bytes[DATAGRAM_SIZE];
	size_t length;
	int failure; /* reading it fails with this errno, or 0 */
};

struct fake_socket {
	int fd;
	uint32_t port;
	struct fake_datagram *queue[QUEUE_MAX];
	size_t first;
	size_t count;
	size_t listed; /* veths of a list that were written so far */
	bool is_listing;
	uint32_t sequence;
};

static struct {
	struct fake_veth veths[VETHS_MAX];
	size_t veth_count;
	struct fake_process processes[PROCESSES_MAX];
	size_t process_count;
	struct fake_address addresses[FAKE_ADDRESSES_MAX];
	size_t address_count;
	struct fake_socket sockets[SOCKETS_MAX];
	size_t socket_count;
	int news_fd; /* of the sockets that notifications come from */
	int hints_fd;
	bool is_changed; /* NLM_F_DUMP_INTR in the next datagram of a list of links */
	/* what was asked for, at first */
	uint32_t pids_asked[LOG_MAX];
	size_t pids_asked_count;
	uint64_t polls[LOG_MAX]; /* when addresses were */
	size_t poll_count;
	size_t lists;
	size_t ports_asked;
	uint32_t port_answer; /* of every bridge, or 0: it does not know */
	int address_failure;  /* errno */
	bool ignores_target;  /* as an old kernel does, so it lists the addresses of this host */
	size_t unread;	      /* datagrams, when their socket was closed */
	ino_t process_namespace;
	size_t allocations; /* that succeed before one fails; SIZE_MAX: all do */
	uint64_t now;
	uint64_t tick; /* by which each question for the time moves it on */
	char directory[64];
	int directory_fd;
	struct cgroup_tree tree;
	uint64_t last_id;
	struct containers *containers;
} fake;

void *__real_calloc(size_t count, size_t size); /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static uint64_t fake_clock(void)
{
	fake.now += fake.tick;
	return fake.now;
}

static struct fake_socket *socket_of(int fd)
{
	for (size_t i = 0; i < fake.socket_count; i++) {
		if (fake.sockets[i].fd == fd)
			return &fake.sockets[i];
	}
	assert_true(fake.socket_count < SOCKETS_MAX);
	fake.sockets[fake.socket_count] = (struct fake_socket){.fd = fd};
	return &fake.sockets[fake.socket_count++];
}

static struct fake_datagram *add_datagram(struct fake_socket *to)
{
	struct fake_datagram *datagram = __real_calloc(1, sizeof(*datagram));

	assert_non_null(datagram);
	assert_true(to->count < QUEUE_MAX);
	to->queue[(to->first + to->count++) % QUEUE_MAX] = datagram;
	return datagram;
}

static struct nlmsghdr *add_message(struct fake_datagram *datagram, const struct fake_socket *to, uint16_t type,
				    const void *head, size_t size)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(datagram->bytes + datagram->length);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_MULTI;
	message->nlmsg_seq = to->sequence;
	message->nlmsg_pid = to->port;
	memcpy(mnl_nlmsg_put_extra_header(message, size), head, size);
	return message;
}

static void end_message(struct fake_datagram *datagram, const struct nlmsghdr *message)
{
	datagram->length += MNL_ALIGN(message->nlmsg_len);
	assert_true(datagram->length <= DATAGRAM_SIZE);
}

static void put_kind(struct nlmsghdr *message, const char *kind, const char *master_kind)
{
	struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);

	mnl_attr_put_strz(message, IFLA_INFO_KIND, kind);
	if (master_kind != NULL)
		mnl_attr_put_strz(message, IFLA_INFO_SLAVE_KIND, master_kind);
	mnl_attr_nest_end(message, info);
}

static void write_link(struct fake_datagram *datagram, const struct fake_socket *to, uint16_t type,
		       const struct fake_veth *veth)
{
	const struct ifinfomsg head = {.ifi_index = (int)veth->index};
	struct nlmsghdr *message = add_message(datagram, to, type, &head, sizeof(head));

	mnl_attr_put_u32(message, IFLA_LINK, 2);
	if (veth->netns >= 0)
		mnl_attr_put_u32(message, IFLA_LINK_NETNSID, (uint32_t)veth->netns);
	if (veth->master != 0)
		mnl_attr_put_u32(message, IFLA_MASTER, veth->master);
	put_kind(message, "veth", veth->master_kind);
	end_message(datagram, message);
}

static void write_end(struct fake_datagram *datagram, const struct fake_socket *to)
{
	const int32_t nothing = 0;

	end_message(datagram, add_message(datagram, to, NLMSG_DONE, &nothing, sizeof(nothing)));
}

static void write_refusal(struct fake_socket *to, int error)
{
	const struct nlmsgerr refusal = {.error = -error};
	struct fake_datagram *datagram = add_datagram(to);

	end_message(datagram, add_message(datagram, to, NLMSG_ERROR, &refusal, sizeof(refusal)));
}

static void write_links(struct fake_socket *to)
{
	struct fake_datagram *datagram = add_datagram(to);

	for (size_t i = 0; i < LINKS_PER_DATAGRAM && to->listed < fake.veth_count; i++)
		write_link(datagram, to, RTM_NEWLINK, &fake.veths[to->listed++]);
	if (to->listed >= fake.veth_count) {
		write_end(datagram, to);
		to->is_listing = false;
	}
	if (fake.is_changed)
		((struct nlmsghdr *)(void *)datagram->bytes)->nlmsg_flags |= NLM_F_DUMP_INTR;
	fake.is_changed = false;
}

static void write_address(struct fake_datagram *datagram, const struct fake_socket *to,
			  const struct fake_address *address)
{
	const int family = strchr(address->text, ':') != NULL ? AF_INET6 : AF_INET;
	const struct ifaddrmsg head = {.ifa_family = (uint8_t)family, .ifa_scope = address->scope};
	struct nlmsghdr *message = add_message(datagram, to, RTM_NEWADDR, &head, sizeof(head));
	char bytes[16];

	assert_int_equal(inet_pton(family, address->text, bytes), 1);
	mnl_attr_put(message, IFA_ADDRESS, family == AF_INET ? 4 : 16, bytes);
	if (family == AF_INET)
		mnl_attr_put(message, IFA_LOCAL, 4, bytes);
	mnl_attr_put_u32(message, IFA_FLAGS, address->flags);
	if (!fake.ignores_target)
		mnl_attr_put_u32(message, IFA_TARGET_NETNSID, (uint32_t)address->netns);
	end_message(datagram, message);
}

static const struct nlattr *find_in(const struct nlmsghdr *message, size_t head, uint16_t type)
{
	const struct nlattr *attribute = NULL;

	mnl_attr_for_each (attribute, message, (unsigned)head) {
		if (mnl_attr_get_type(attribute) == type)
			return attribute;
	}
	return NULL;
}

static bool is_netns(int32_t netns)
{
	for (size_t i = 0; i < fake.veth_count; i++) {
		if (fake.veths[i].netns == netns)
			return true;
	}
	return false;
}

static void answer_addresses(struct fake_socket *to, const struct nlmsghdr *request)
{
	const struct nlattr *target = find_in(request, sizeof(struct ifaddrmsg), IFA_TARGET_NETNSID);
	struct fake_datagram *datagram = NULL;
	int32_t netns = NETNS_NONE;

	assert_non_null(target);
	netns = (int32_t)mnl_attr_get_u32(target);
	if (fake.poll_count < LOG_MAX)
		fake.polls[fake.poll_count++] = fake.now;
	if (fake.address_failure != 0 || (!is_netns(netns) && !fake.ignores_target)) {
		write_refusal(to, fake.address_failure != 0 ? fake.address_failure : EINVAL);
		return;
	}
	datagram = add_datagram(to);
	for (size_t i = 0; i < fake.address_count; i++) {
		if (fake.addresses[i].netns != netns && !fake.ignores_target)
			continue;
		if (datagram->length + 256 > DATAGRAM_SIZE)
			datagram = add_datagram(to);
		write_address(datagram, to, &fake.addresses[i]);
	}
	write_end(datagram, to);
}

static void answer_netns(struct fake_socket *to, const struct nlmsghdr *request)
{
	const struct nlattr *pid = find_in(request, sizeof(struct rtgenmsg), NETNSA_PID);
	const struct rtgenmsg head = {0};

	assert_non_null(pid);
	if (fake.pids_asked_count < LOG_MAX)
		fake.pids_asked[fake.pids_asked_count] = mnl_attr_get_u32(pid);
	fake.pids_asked_count++;
	for (size_t i = 0; i < fake.process_count; i++) {
		struct fake_datagram *datagram = NULL;
		struct nlmsghdr *message = NULL;

		if (fake.processes[i].pid != mnl_attr_get_u32(pid))
			continue;
		datagram = add_datagram(to);
		message = add_message(datagram, to, RTM_NEWNSID, &head, sizeof(head));
		mnl_attr_put_u32(message, NETNSA_NSID, (uint32_t)fake.processes[i].netns);
		end_message(datagram, message);
		return;
	}
	write_refusal(to, ESRCH);
}

static void answer_links(struct fake_socket *to, const struct nlmsghdr *request)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(request);

	if (request->nlmsg_flags & NLM_F_DUMP) {
		fake.lists++;
		to->is_listing = true;
		to->listed = 0;
		write_links(to);
		return;
	}
	for (size_t i = 0; i < fake.veth_count; i++) {
		if (fake.veths[i].index == (uint32_t)head->ifi_index) {
			write_link(add_datagram(to), to, RTM_NEWLINK, &fake.veths[i]);
			return;
		}
	}
	write_refusal(to, ENODEV);
}

static void answer_port(struct fake_socket *to)
{
	const struct ndmsg head = {.ndm_family = AF_BRIDGE, .ndm_ifindex = (int)fake.port_answer};
	struct fake_datagram *datagram = NULL;

	fake.ports_asked++;
	if (fake.port_answer == 0) {
		write_refusal(to, ENOENT);
		return;
	}
	datagram = add_datagram(to);
	end_message(datagram, add_message(datagram, to, RTM_NEWNEIGH, &head, sizeof(head)));
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld's names */

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *data, size_t size);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *data, size_t size)
{
	struct fake_socket *to = socket_of(mnl_socket_get_fd(socket));
	const struct nlmsghdr *request = data;

	to->sequence = request->nlmsg_seq;
	to->port = mnl_socket_get_portid(socket);
	if (request->nlmsg_type == RTM_GETADDR)
		answer_addresses(to, request);
	else if (request->nlmsg_type == RTM_GETNSID)
		answer_netns(to, request);
	else if (request->nlmsg_type == RTM_GETLINK)
		answer_links(to, request);
	else if (request->nlmsg_type == RTM_GETNEIGH)
		answer_port(to);
	else
		fail_msg("a request of type %u", request->nlmsg_type);
	return (ssize_t)size;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *parts, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *parts, int flags)
{
	struct fake_socket *from = socket_of(fd);
	const size_t size = parts->msg_iov->iov_len;
	struct fake_datagram *datagram = NULL;
	size_t length = 0;
	int failure = 0;

	(void)flags;
	if (from->count == 0) {
		errno = EAGAIN;
		return -1;
	}
	datagram = from->queue[from->first];
	from->first = (from->first + 1) % QUEUE_MAX;
	from->count--;
	length = datagram->length < size ? datagram->length : size;
	memcpy(parts->msg_iov->iov_base, datagram->bytes, length);
	parts->msg_flags |= datagram->length > size ? MSG_TRUNC : 0;
	failure = datagram->failure;
	free(datagram);
	if (from->is_listing)
		write_links(from);
	errno = failure;
	return failure != 0 ? -1 : (ssize_t)length;
}

/* A descriptor may be opened again for another socket. */
int __wrap_mnl_socket_close(struct mnl_socket *socket);
int __real_mnl_socket_close(struct mnl_socket *socket);
int __wrap_mnl_socket_close(struct mnl_socket *socket)
{
	struct fake_socket *closed = socket_of(mnl_socket_get_fd(socket));

	fake.unread += closed->count;
	for (; closed->count > 0; closed->count--) {
		free(closed->queue[closed->first]);
		closed->first = (closed->first + 1) % QUEUE_MAX;
	}
	*closed = fake.sockets[--fake.socket_count];
	return __real_mnl_socket_close(socket);
}

static bool has_memory(void)
{
	if (fake.allocations == SIZE_MAX || fake.allocations-- > 0)
		return true;
	fake.allocations = SIZE_MAX;
	errno = ENOMEM;
	return false;
}

void *__wrap_malloc(size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return has_memory() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return has_memory() ? __real_calloc(count, size) : NULL;
}

void *__wrap_reallocarray(void *items, size_t count, size_t size);
void *__real_reallocarray(void *items, size_t count, size_t size);
void *__wrap_reallocarray(void *items, size_t count, size_t size)
{
	return has_memory() ? __real_reallocarray(items, count, size) : NULL;
}

/* stat() has two names, as files may be large. */
static int fake_stat(struct stat *status)
{
	*status = (struct stat){.st_ino = fake.process_namespace};
	return 0;
}

int __wrap_stat(const char *path, struct stat *status);
int __wrap_stat(const char *path, struct stat *status)
{
	assert_string_equal(path, "/proc/self/ns/pid");
	return fake_stat(status);
}

int __wrap_stat64(const char *path, struct stat *status);
int __wrap_stat64(const char *path, struct stat *status)
{
	assert_string_equal(path, "/proc/self/ns/pid");
	return fake_stat(status);
}

/* Nothing is heard from the real kernel. */
int __wrap_mnl_socket_setsockopt(const struct mnl_socket *socket, int type, void *buffer, socklen_t size);
int __wrap_mnl_socket_setsockopt(const struct mnl_socket *socket, int type, void *buffer, socklen_t size)
{
	int value = 0;

	assert_int_equal(size, sizeof(value));
	memcpy(&value, buffer, sizeof(value));
	if (type == NETLINK_ADD_MEMBERSHIP && value == RTNLGRP_LINK)
		fake.news_fd = mnl_socket_get_fd(socket);
	else if (type == NETLINK_ADD_MEMBERSHIP && value == RTNLGRP_NEIGH)
		fake.hints_fd = mnl_socket_get_fd(socket);
	return 0;
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

#endif
