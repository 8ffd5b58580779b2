/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Arbitrary datagrams and errors in place of the kernel's answers.
 *
 * The linker replaces libmnl's and libc's functions with the __wrap_... functions here (ld(1), --wrap). This covers the
 * functions that the daemon calls, with their loops and their checks of sequence and port, not only the static ones
 * that parse a message. Including the sources instead would reach no loop, and their static names collide.
 *
 * Input: a byte that chooses the reader, then datagrams, each preceded by its 16-bit little-endian length. Lengths from
 * NO_DATAGRAM on stand for an errno instead. At the end of the input, the queue is empty.
 */

#include "fuzz.h"

#include "cgroup/tree.h"
#include "config/load.h"
#include "container/addresses.h"
#include "container/containers.h"
#include "engine/compile.h"
#include "engine/names.h"
#include "engine/preparation.h"
#include "nft/comment.h"
#include "nft/counter.h"
#include "nft/dump.h"
#include "nft/lookups.h"
#include "nft/monitor.h"
#include "nft/nft.h"
#include "nft/others.h"
#include "nft/owner.h"
#include "nft/replace.h"
#include "route/entries.h"
#include "route/monitor.h"
#include "route/order.h"
#include "route/route.h"
#include "route/rules.h"
#include "util/clock.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <sanitizer/asan_interface.h>
#include <string.h>
#include <sys/socket.h>

enum {
	NO_DATAGRAM = 0xff00,
	NFT_PORT = 4711,
	ERRNO_MAX = 4095,
	STALE = 0xa5, /* fill bytes after a datagram, for libmnl, which is not sanitized */
};

static struct {
	const uint8_t *next;
	size_t left;
} input;

static struct mnl_socket *anywhere;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld's names */
ssize_t __wrap_recvmsg(int fd, struct msghdr *datagram, int flags);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *request, size_t size);
uint8_t __wrap_mnl_attr_get_u8(const struct nlattr *attribute);
uint32_t __wrap_mnl_attr_get_u32(const struct nlattr *attribute);
uint64_t __wrap_mnl_attr_get_u64(const struct nlattr *attribute);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/*
 * libmnl relies on guarantees of the kernel, and nobody else may send to these sockets without CAP_NET_ADMIN, so they
 * are kept here too. A length from 2 GiB on is a negative one to libmnl, less than what is left. An error is an errno,
 * negated (include/linux/err.h, MAX_ERRNO), and libmnl negates it again. A message's payload is padded to four bytes,
 * and libmnl rounds the message's length up to that.
 */
static void keep_promises(char *datagram, size_t size)
{
	struct nlmsghdr *message = (struct nlmsghdr *)datagram;

	while (size >= sizeof(*message)) {
		int *error = mnl_nlmsg_get_payload(message);

		message->nlmsg_len &= INT32_MAX;
		if (message->nlmsg_len < sizeof(*message) || message->nlmsg_len > size)
			break;
		if (message->nlmsg_type == NLMSG_ERROR && mnl_nlmsg_get_payload_len(message) >= sizeof(*error))
			*error = -(*error & ERRNO_MAX);
		if (MNL_ALIGN(message->nlmsg_len) > size)
			break;
		size -= MNL_ALIGN(message->nlmsg_len);
		message = (struct nlmsghdr *)((char *)message + MNL_ALIGN(message->nlmsg_len));
	}
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *datagram, int flags)
{
	static const int errors[] = {EINTR, EAGAIN, ENOBUFS, ENOMEM, ENOSPC, EPERM};
	void *buffer = datagram->msg_iov->iov_base;
	const size_t size = datagram->msg_iov->iov_len;
	size_t head = 0;
	size_t whole = 0;

	(void)fd;
	(void)flags;
	if (input.left < 2) {
		errno = EAGAIN;
		return -1;
	}
	head = input.next[0] | (size_t)input.next[1] << 8;
	input.next += 2;
	input.left -= 2;
	if (head >= NO_DATAGRAM) {
		errno = errors[head % (sizeof(errors) / sizeof(errors[0]))];
		return -1;
	}
	whole = head < input.left ? head : input.left;
	head = whole < size ? whole : size;
	/* whoever reads behind it is seen; a buffer's next owner gets it clean, see __asan_default_options() */
	ASAN_UNPOISON_MEMORY_REGION(buffer, size);
	memset(buffer, STALE, size);
	memcpy(buffer, input.next, head);
	keep_promises(buffer, head);
	ASAN_POISON_MEMORY_REGION((char *)buffer + MNL_ALIGN(head),
				  size > MNL_ALIGN(head) ? size - MNL_ALIGN(head) : 0);
	input.next += whole;
	input.left -= whole;
	datagram->msg_flags = whole > head ? MSG_TRUNC : 0;
	return (ssize_t)head;
}

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *socket, const void *request, size_t size)
{
	(void)socket;
	(void)request;
	return (ssize_t)size;
}

/* These read like libmnl, but under the sanitizer. */

uint8_t __wrap_mnl_attr_get_u8(const struct nlattr *attribute)
{
	return *(const uint8_t *)mnl_attr_get_payload(attribute);
}

uint32_t __wrap_mnl_attr_get_u32(const struct nlattr *attribute)
{
	return *(const uint32_t *)mnl_attr_get_payload(attribute);
}

uint64_t __wrap_mnl_attr_get_u64(const struct nlattr *attribute)
{
	uint64_t number = 0;

	memcpy(&number, mnl_attr_get_payload(attribute), sizeof(number));
	return number;
}

static void query_table(void)
{
	struct nft nft = {.netlink = {.socket = anywhere, .port = NFT_PORT}};
	struct table_state state;
	struct error error;

	nft_query_table(&nft, TABLE_NAME, &state, &error);
}

static void own(void)
{
	struct nft nft = {.netlink = {.socket = anywhere, .port = NFT_PORT}};
	struct error error;

	nft_acquire(&nft, &error);
}

static void remove_table(void)
{
	struct nft nft = {.netlink = {.socket = anywhere, .port = NFT_PORT}, .persistent_owner = true};
	struct error error;

	CHECK(nft_remove_table(&nft, &error) <= 0);
}

static void check_name(const char *name)
{
	CHECK(memchr(name, '\0', NFT_NAME_SIZE) != NULL);
}

static void check_elements(struct dump *dump)
{
	struct elements elements;

	CHECK(steering_read_elements(dump, &elements) == 0);
	for (size_t i = 0; i < elements.count; i++) {
		CHECK(elements_find(&elements, elements.items[i].cgroup_id) != NULL);
		if (elements.items[i].verdict->kind == VERDICT_GOTO)
			check_name(elements.items[i].verdict->chain);
	}
	elements_clear(&elements);
}

static void check_dump(struct dump *dump)
{
	for (size_t i = 0; i < dump->chain_count; i++) {
		check_name(dump->chains[i].name);
		CHECK(dump_find_chain(dump, dump->chains[i].name) != NULL);
	}
	for (size_t i = 0; i < dump->counter_count; i++)
		check_name(dump->counters[i].name);
	for (size_t i = 0; i < dump->set_count; i++) {
		const struct set *set = &dump->sets[i];

		check_name(set->name);
		CHECK(set->type < SET_NAMED_TYPES || set->type == SET_UNKNOWN);
		for (size_t j = 0; j < set->count; j++) {
			const struct set_element *element = &set->elements[j];
			const bool is_end = set_has_intervals(set->type) && element->flags & NFT_SET_ELEM_INTERVAL_END;

			CHECK((element->verdict != NULL) == (set_is_map(set->type) && !is_end));
		}
	}
	check_elements(dump);
}

static void read_dump(void)
{
	struct nft nft = {.netlink = {.socket = anywhere, .port = NFT_PORT}};
	struct dump dump = {0};
	struct error error;

	if (dump_read(&nft, &dump, &error) == 0)
		check_dump(&dump);
	dump_clear(&dump);
}

static void read_rules(void)
{
	struct nft nft = {.netlink = {.socket = anywhere, .port = NFT_PORT}};
	struct cgroup_lookups lookups;
	char comment[COMMENT_SIZE];

	nft_read_comment(&nft, CHAIN_PREROUTING, comment);
	CHECK(memchr(comment, '\0', sizeof(comment)) != NULL);
	nft_read_lookups(&nft, CHAIN_OUTPUT_MANGLE, &lookups);
	CHECK(!lookups.looked_up.has[0] && !lookups.all_go_away.has[0]);
}

/* Created once; the ruleset refers to its config. */
static const struct config *small_config(void)
{
	static const char text[] =
		"version: 1\n"
		"bypass: [10.0.0.0/8]\n"
		"tproxies: {a: {mark: 3000, port: 7893, dns-hijack: {ip: 10.0.0.1}}}\n"
		"gateway: {rules: [{source: 10.0.0.2, direct: true}, {interface: lan*, tproxy: a}]}\n";
	struct diagnostics diagnostics = {0};
	static struct config *config;

	if (config == NULL)
		CHECK(config_parse(text, strlen(text), &config, &diagnostics) == 0);
	return config;
}

/* The difference between the wanted table and the one reported by the kernel. */
static void replace(void)
{
	static const struct verdict verdicts[] = {{.kind = VERDICT_RETURN}, {.kind = VERDICT_GOTO, .chain = "proxy-a"}};
	static const struct element elements[] = {{300, &verdicts[1]}, {2, &verdicts[0]}, {1, &verdicts[1]}};
	const struct contents contents = {
		.levels = {.has = {[2] = true}},
		.elements = elements,
		.element_count = sizeof(elements) / sizeof(elements[0]),
	};
	struct nft nft = {.netlink = {.socket = anywhere, .port = NFT_PORT}, .persistent_owner = true};
	struct steering steering;
	struct ruleset *wanted = NULL;
	struct transition transition = {&nft, &steering, 3};
	const struct preparation preparation = {transition_write, &transition};
	struct error error;

	CHECK(compile_steering(small_config(), &steering) == 0);
	wanted = compile_ruleset(small_config(), &steering, &contents);
	CHECK(wanted != NULL);
	CHECK(nft_replace(&nft, wanted, &preparation, &error) <= 0);
	ruleset_free(wanted);
	steering_clear(&steering);
}

static void count_obstacle(const struct obstacle *obstacle, void *userdata)
{
	size_t *count = userdata;

	CHECK(strlen(obstacle->table) < OTHERS_NAME_SIZE && strlen(obstacle->chain) < OTHERS_NAME_SIZE);
	CHECK(obstacle->handle_count <= OBSTACLE_HANDLES_MAX && obstacle->marks < 4);
	(*count)++;
}

static void find_obstacles(void)
{
	static const struct steered_marks marks = {{{3000, UINT32_MAX}, {0x100, 0xff00}}, 2};
	static const struct fwmark gateway = {3001, UINT32_MAX};
	struct nft nft = {.netlink = {.socket = anywhere, .port = NFT_PORT}};
	struct others *others = NULL;
	size_t count = 0;
	int result = others_begin(&others, &nft, &marks, &gateway);

	CHECK(result == 0);
	do {
		result = others_read(others);
	} while (result > 0);
	others_tell(others, count_obstacle, &count);
	others_free(others);
}

static void query_counter(void)
{
	struct nft nft = {.netlink = {.socket = anywhere, .port = NFT_PORT}};
	struct counter counter = {0};

	CHECK(nft_query_counter(&nft, CHAIN_FENCE, &counter) <= 0);
	CHECK(strlen(counter.name) < sizeof(counter.name));
}

static void monitor_nft(void)
{
	struct nft_monitor monitor = {.netlink = {.socket = anywhere}};
	struct foreign_change change;

	nft_monitor_read(&monitor, &change);
	CHECK(*change.by != '\0' && is_harmless(change.by, strlen(change.by)));
}

static const struct routing *wanted_routing(void)
{
	static const struct fwmark mark = {3000, UINT32_MAX};
	static const struct fwmark gateway = {3001, UINT32_MAX};
	static const struct routing wanted = {
		.table = 300, .priority = 3000, .marks = &mark, .mark_count = 1, .gateway = &gateway};

	return &wanted;
}

static void check_text(const char *text, size_t size)
{
	CHECK(memchr(text, '\0', size) != NULL);
	CHECK(is_harmless(text, strlen(text)));
}

static void monitor_route(void)
{
	struct route_monitor monitor = {.netlink = {.socket = anywhere}};
	struct route_disturbance disturbance;

	route_monitor_read(&monitor, wanted_routing(), 0, &disturbance);
	CHECK(*disturbance.removed.name != '\0' && *disturbance.added.name != '\0');
	check_text(disturbance.removed.name, sizeof(disturbance.removed.name));
	check_text(disturbance.added.name, sizeof(disturbance.added.name));
}

static void list_rules(void)
{
	struct rtnetlink rtnetlink = {0};
	struct policy_rules rules = {0};
	struct order order;

	rules_list(&rtnetlink, AF_INET, &rules);
	CHECK(rules.count <= rules.capacity);
	order = order_decide(&rules, wanted_routing());
	CHECK(order.priority <= wanted_routing()->priority && order.priority >= order_lowest(wanted_routing()));
	for (size_t i = 0; i < rules.count; i++) {
		char text[ROUTE_TEXT_SIZE];

		rule_describe(&rules.items[i], text, sizeof(text));
		check_text(text, sizeof(text));
	}
	free(rules.items);
	rtnetlink_close(&rtnetlink);
}

static void list_tables(void)
{
	struct rtnetlink rtnetlink = {0};
	struct route_tables tables = {0};

	entries_list_tables(&rtnetlink, AF_INET6, &tables);
	CHECK(tables.count <= tables.capacity);
	free(tables.items);
	rtnetlink_close(&rtnetlink);
}

static void list_entries(void)
{
	struct rtnetlink rtnetlink = {0};
	struct route_entries entries = {0};

	entries_list(&rtnetlink, AF_INET6, wanted_routing()->table, &entries);
	for (size_t i = 0; i < entries.foreign_count && i < ENTRIES_MAX; i++) {
		char text[ROUTE_TEXT_SIZE];

		entry_describe(&entries.foreign[i], text, sizeof(text));
		check_text(text, sizeof(text));
	}
	rtnetlink_close(&rtnetlink);
}

/* Everything done based on the lists: moving, restoring, removing. */
static void put(void)
{
	struct rtnetlink rtnetlink = {0};
	struct route_state state = {0};
	struct error error;

	CHECK(route_put(&rtnetlink, wanted_routing(), 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6, true, &state, &error) <=
	      0);
	rtnetlink_close(&rtnetlink);
}

/* The cleanup based on the lists: which rules and routes are recognized as ours. */
static void remove_others(void)
{
	struct rtnetlink rtnetlink = {0};
	struct error error;

	route_remove_others(&rtnetlink, wanted_routing(), &error);
	rtnetlink_close(&rtnetlink);
}

static uint64_t fuzz_now = 1;

static uint64_t fuzz_clock(void)
{
	fuzz_now += 20;
	return fuzz_now;
}

static void check_container(const struct container *container)
{
	CHECK(container->number > 0 && container->netns >= 0);
	CHECK(container->is_gone == (container->interface_count == 0));
	for (size_t i = 1; i < container->interface_count; i++) {
		const struct container_interface *interface = &container->interfaces[i];

		CHECK(interface[-1].iif < interface->iif ||
		      (interface[-1].iif == interface->iif && interface[-1].veth < interface->veth));
	}
	for (size_t i = 1; i < container->address_count; i++)
		CHECK(address_compare(&container->addresses[i - 1], &container->addresses[i]) < 0);
}

/* Containers, from lists and notifications of any kind, and the answers to the questions that follow. */
static void find_containers(void)
{
	enum { STEPS = 50 };
	struct cgroup_tree tree;
	struct containers *containers = NULL;
	const struct container *container = NULL;
	struct error error;

	CHECK(cgroup_tree_init(&tree, 1) == 0);
	containers = containers_new(-1, tree.root, &error);
	CHECK(containers != NULL);
	for (int i = 0; i < STEPS && input.left > 0; i++) {
		fuzz_now += USEC_PER_SEC; /* what is repeated is due soon */
		containers_step(containers, fuzz_clock);
		while ((container = containers_take_changed(containers)) != NULL)
			check_container(container);
	}
	containers_free(containers);
	cgroup_tree_clear(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(void) = {
		query_table,	own,	       remove_table, monitor_nft,     monitor_route, list_rules,
		list_tables,	remove_others, read_dump,    replace,	      list_entries,  put,
		find_obstacles, query_counter, read_rules,   find_containers,
	};

	if (size == 0)
		return 0;
	if (anywhere == NULL)
		anywhere = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	CHECK(anywhere != NULL);
	input.next = data + 1;
	input.left = size - 1;
	readers[data[0] % (sizeof(readers) / sizeof(readers[0]))]();
	return 0;
}
