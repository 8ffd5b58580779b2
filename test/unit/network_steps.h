/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_NETWORK_STEPS_H
#define CGTPROXY_TEST_UNIT_NETWORK_STEPS_H

/* What tests have happen in the fake kernel, have the model of containers do, and expect of it. */

#include "fake_network.h"

/* The container that most tests begin with. */
enum {
	VETH = 7,
	NETNS = 0,
	PID = 100,
};

#define MSEC UINT64_C(1000)

/* What there is. */

static inline struct fake_veth *fake_find_veth(uint32_t index)
{
	for (size_t i = 0; i < fake.veth_count; i++) {
		if (fake.veths[i].index == index)
			return &fake.veths[i];
	}
	fail_msg("no veth %u", index);
	return NULL;
}

static inline void fake_add_veth(uint32_t index, int32_t netns)
{
	assert_true(fake.veth_count < VETHS_MAX);
	fake.veths[fake.veth_count++] = (struct fake_veth){.index = index, .netns = netns};
}

static inline void fake_remove_veth(uint32_t index)
{
	struct fake_veth *veth = fake_find_veth(index);

	*veth = fake.veths[--fake.veth_count];
}

static inline void fake_add_address(int32_t netns, const char *text)
{
	assert_true(fake.address_count < FAKE_ADDRESSES_MAX);
	fake.addresses[fake.address_count++] = (struct fake_address){.netns = netns, .text = text};
}

static inline void fake_set_process(uint32_t pid, int32_t netns)
{
	for (size_t i = 0; i < fake.process_count; i++) {
		if (fake.processes[i].pid == pid) {
			fake.processes[i].netns = netns;
			return;
		}
	}
	assert_true(fake.process_count < PROCESSES_MAX);
	fake.processes[fake.process_count++] = (struct fake_process){pid, netns};
}

/* Cgroups. */

static inline const char *fake_path(const struct cgroup *cgroup, const char *file)
{
	static char path[512];
	static char below[CGROUP_PATH_SIZE];

	cgroup_path(cgroup, below);
	snprintf(path, sizeof(path), "%s/%.200s/%s", fake.directory, below, file);
	return path;
}

/* Writes the processes of a cgroup, one line each. */
static inline void fake_fill(const struct cgroup *cgroup, const char *pids)
{
	FILE *file = fopen(fake_path(cgroup, "cgroup.procs"), "we");

	assert_non_null(file);
	assert_true(fputs(pids, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline struct cgroup *fake_add_cgroup(struct cgroup *parent, const char *name, const char *pids)
{
	struct cgroup *cgroup = cgroup_add(&fake.tree, parent, name, ++fake.last_id);

	assert_non_null(cgroup);
	assert_int_equal(mkdir(fake_path(cgroup, ""), 0700), 0);
	fake_fill(cgroup, pids);
	if (fake.containers != NULL)
		assert_int_equal(containers_appeared(fake.containers, cgroup, fake.now), 0);
	return cgroup;
}

static inline void fake_remove_cgroup(struct cgroup *cgroup)
{
	unlink(fake_path(cgroup, "cgroup.procs"));
	assert_int_equal(rmdir(fake_path(cgroup, "")), 0);
	if (fake.containers != NULL)
		containers_vanished(fake.containers, cgroup, fake.now);
	cgroup_remove(&fake.tree, cgroup);
}

/* Notifications. */

static inline struct fake_socket *fake_news(void)
{
	return socket_of(fake.news_fd);
}

static inline struct fake_socket *fake_hints(void)
{
	return socket_of(fake.hints_fd);
}

static inline void fake_tell_link(uint16_t type, const struct fake_veth *veth)
{
	write_link(add_datagram(fake_news()), fake_news(), type, veth);
}

static inline void fake_tell_end(int32_t netns)
{
	const struct rtgenmsg head = {0};
	struct fake_datagram *datagram = add_datagram(fake_news());
	struct nlmsghdr *message = add_message(datagram, fake_news(), RTM_DELNSID, &head, sizeof(head));

	mnl_attr_put_u32(message, NETNSA_NSID, (uint32_t)netns);
	end_message(datagram, message);
}

static inline void fake_lose(struct fake_socket *from)
{
	add_datagram(from)->failure = ENOBUFS;
}

static inline void fake_tell_neighbour(uint32_t index, const char *text)
{
	const struct ndmsg head = {
		.ndm_family = text != NULL ? AF_INET : AF_BRIDGE, .ndm_ifindex = (int)index, .ndm_state = NUD_STALE};
	const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
	struct fake_datagram *datagram = add_datagram(fake_hints());
	struct nlmsghdr *message = add_message(datagram, fake_hints(), RTM_NEWNEIGH, &head, sizeof(head));
	char bytes[4];

	mnl_attr_put(message, NDA_LLADDR, sizeof(mac), mac);
	if (text != NULL) {
		assert_int_equal(inet_pton(AF_INET, text, bytes), 1);
		mnl_attr_put(message, NDA_DST, sizeof(bytes), bytes);
	} else {
		mnl_attr_put_u32(message, NDA_MASTER, BRIDGE);
	}
	end_message(datagram, message);
}

/* The model. */

static inline void fake_start(void)
{
	struct error error;

	fake.containers = containers_new(fake.directory_fd, fake.tree.root, &error);
	assert_non_null(fake.containers);
}

static inline void fake_settle(void)
{
	assert_true(containers_settle(fake.containers, UINT64_MAX, fake_clock));
}

/** Hears what was told, and does what is due until a moment, as an event loop would. */
static inline void fake_run_until(uint64_t until)
{
	containers_step(fake.containers, fake_clock);
	while (containers_deadline(fake.containers) <= until) {
		if (fake.now < containers_deadline(fake.containers))
			fake.now = containers_deadline(fake.containers);
		containers_step(fake.containers, fake_clock);
	}
	fake.now = until;
}

/** Lets it hear what was told, and do what is due at once. */
static inline void fake_hear(void)
{
	for (int i = 0; i < 20; i++)
		containers_step(fake.containers, fake_clock);
}

static inline const struct container *fake_only(void)
{
	const struct container *container = containers_next(fake.containers, NULL);

	assert_non_null(container);
	assert_null(containers_next(fake.containers, container));
	return container;
}

/** Takes what has changed so far. */
static inline void fake_forget_changes(void)
{
	const struct container *container = NULL;

	do
		container = containers_take_changed(fake.containers);
	while (container != NULL);
}

static inline size_t fake_count(void)
{
	size_t count = 0;

	for (const struct container *container = containers_next(fake.containers, NULL); container != NULL;
	     container = containers_next(fake.containers, container))
		count++;
	return count;
}

/* One container with a cgroup, which was there before. */
static inline struct cgroup *fake_start_with_one(void)
{
	struct cgroup *cgroup = fake_add_cgroup(fake.tree.root, "one", "100\n");

	fake_add_veth(VETH, NETNS);
	fake_add_address(NETNS, "10.0.0.2");
	fake_set_process(PID, NETNS);
	fake_start();
	fake_settle();
	return cgroup;
}

/* What is expected of one. */

static inline void assert_interface(const struct container *container, size_t at, uint32_t iif, uint32_t veth,
				    bool bridged)
{
	assert_true(at < container->interface_count);
	assert_int_equal(container->interfaces[at].iif, iif);
	assert_int_equal(container->interfaces[at].veth, veth);
	assert_int_equal(container->interfaces[at].bridged, bridged);
}

static inline void assert_addresses(const struct container *container, const char *const *texts, size_t count)
{
	assert_int_equal(container->address_count, count);
	for (size_t i = 0; i < count; i++) {
		char text[INET6_ADDRSTRLEN];

		inet_ntop(container->addresses[i].family, &container->addresses[i].ip6, text, sizeof(text));
		assert_string_equal(text, texts[i]);
	}
}

static inline void assert_cgroups(const struct container *container, const struct cgroup *const *cgroups, size_t count)
{
	assert_int_equal(container->cgroup_count, count);
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(container->cgroups[i], cgroups[i]);
}

static inline int fake_open(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.now = UINT64_C(1000000000);
	fake.allocations = SIZE_MAX;
	strcpy(fake.directory, "/tmp/cgtproxy-unit-XXXXXX");
	if (mkdtemp(fake.directory) == NULL)
		return -1;
	fake.directory_fd = open(fake.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fake.last_id = 1;
	assert_int_equal(cgroup_tree_init(&fake.tree, 1), 0);
	fake_fill(fake.tree.root, "");
	return 0;
}

static inline int fake_close(void **state)
{
	char command[128];

	(void)state;
	containers_free(fake.containers);
	cgroup_tree_clear(&fake.tree);
	assert_int_equal(fake.socket_count, 0);
	close(fake.directory_fd);
	snprintf(command, sizeof(command), "rm -rf %s", fake.directory);
	return system(command); /* NOLINT(cert-env33-c) */
}

#endif
