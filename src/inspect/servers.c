/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/servers.h"

#include "inspect/index.h"
#include "inspect/upstream_talk.h"
#include "util/array.h"
#include "util/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* All that a search looks at. */
struct search {
	struct servers *servers;
	struct cgroup_index index;
	struct processes processes;
};

static bool is_loopback(const struct listener *listener)
{
	if (listener->family == AF_INET)
		return listener->address.ip.s_addr == htonl(INADDR_LOOPBACK);
	return IN6_IS_ADDR_LOOPBACK(&listener->address.ip6) ||
	       (IN6_IS_ADDR_V4MAPPED(&listener->address.ip6) &&
		listener->address.ip6.s6_addr32[3] == htonl(INADDR_LOOPBACK));
}

/*
 * Whether a socket gets what TPROXY brings. For packets from lo the kernel looks for one that listens on any address or
 * on that of lo (nf_tproxy_laddr4(), nf_tproxy_laddr6()).
 */
static bool is_reached(const struct listener *listener)
{
	return listener->transparent && listener->interface == 0 &&
	       (listener_is_wildcard(listener) || is_loopback(listener));
}

static const struct known_proxy *find_known(const struct process *process)
{
	const struct known_proxy *known = known_proxy_find(process->name);

	return known != NULL ? known : known_proxy_find_by_unit(process->cgroup);
}

/* The process that has a socket; where we may not look, a process in its cgroup, preferably a known proxy. */
static const struct process *find_owner(const struct search *search, const struct listener *listener,
					const char *cgroup)
{
	const struct process *in_cgroup = NULL;

	for (size_t i = 0; i < search->processes.count; i++) {
		const struct process *process = &search->processes.items[i];

		if (process_has_socket(process, listener->inode))
			return process;
		if (cgroup != NULL && strcmp(process->cgroup, cgroup) == 0 &&
		    (in_cgroup == NULL ||
		     (known_proxy_find(in_cgroup->name) == NULL && known_proxy_find(process->name) != NULL)))
			in_cgroup = process;
	}
	return in_cgroup;
}

static struct server *add_server(struct servers *servers)
{
	struct server *items =
		array_reserve(servers->items, &servers->capacity, servers->count + 1, sizeof(*servers->items));

	if (items == NULL)
		return NULL;
	servers->items = items;
	items[servers->count] = (struct server){0};
	return &items[servers->count++];
}

static int set_process(struct server *server, const struct process *process, const char *cgroup)
{
	if (process != NULL) {
		server->known = find_known(process);
		server->pid = process->pid;
		memcpy(server->process, process->name, sizeof(server->process));
		cgroup = process->cgroup;
	} else if (cgroup != NULL) {
		server->known = known_proxy_find_by_unit(cgroup);
	}
	server->cgroup = strdup(cgroup != NULL ? cgroup : "/");
	return server->cgroup != NULL ? 0 : -ENOMEM;
}

static struct server *find_server(const struct servers *servers, const struct listener *listener)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (servers->items[i].port == listener->port && servers->items[i].sockets_cgroup == listener->cgroup_id)
			return &servers->items[i];
	}
	return NULL;
}

static bool takes_udp(const struct listeners *listeners, const struct listener *tcp)
{
	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *listener = &listeners->items[i];

		if (listener->protocol == IPPROTO_UDP && listener->port == tcp->port &&
		    listener->cgroup_id == tcp->cgroup_id && is_reached(listener))
			return true;
	}
	return false;
}

static int note_listener(struct search *search, const struct listener *listener)
{
	struct server *server = find_server(search->servers, listener);
	const struct cgroup *cgroup = cgroup_index_find(&search->index, listener->cgroup_id);
	char *path = NULL;
	int result = 0;

	if (server == NULL) {
		server = add_server(search->servers);
		path = cgroup != NULL ? cgroup_path_copy(cgroup) : NULL;
		if (server == NULL || (cgroup != NULL && path == NULL))
			return -ENOMEM;
		result = set_process(server, find_owner(search, listener, path), path);
		free(path);
		server->port = listener->port;
		server->sockets_cgroup = listener->cgroup_id;
		server->takes_udp = takes_udp(&search->servers->listeners, listener);
	}
	server->takes_ipv4 |= listener_takes_family(listener, AF_INET);
	server->takes_ipv6 |= listener_takes_family(listener, AF_INET6);
	return result;
}

static bool is_listed(const struct servers *servers, const struct process *process, const struct known_proxy *known)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (servers->items[i].known == known && strcmp(servers->items[i].cgroup, process->cgroup) == 0)
			return true;
	}
	return false;
}

/* Without a look at the process itself, it counts as ours if sockets of its cgroup listen here. */
static bool has_our_network(const struct search *search, const struct process *process)
{
	const struct listeners *listeners = &search->servers->listeners;
	enum process_network network = process_network(process);
	bool is_ours = network == NETWORK_OURS;

	for (size_t i = 0; network == NETWORK_UNKNOWN && !is_ours && i < listeners->count; i++) {
		const struct cgroup *cgroup = cgroup_index_find(&search->index, listeners->items[i].cgroup_id);
		char *path = cgroup != NULL ? cgroup_path_copy(cgroup) : NULL;

		is_ours = path != NULL && strcmp(path, process->cgroup) == 0;
		free(path);
	}
	return is_ours;
}

/* A known proxy; or else what runs in the unit of one. */
static int note_process(struct search *search, const struct process *process, const struct known_proxy *known)
{
	struct server *server = NULL;

	if (known == NULL || is_listed(search->servers, process, known) || !has_our_network(search, process))
		return 0;
	server = add_server(search->servers);
	return server != NULL ? set_process(server, process, NULL) : -ENOMEM;
}

static int search_all(struct search *search)
{
	const struct listeners *listeners = &search->servers->listeners;
	const struct processes *processes = &search->processes;
	int result = 0;

	for (size_t i = 0; i < listeners->count && result == 0; i++) {
		if (listeners->items[i].protocol == IPPROTO_TCP && is_reached(&listeners->items[i]))
			result = note_listener(search, &listeners->items[i]);
	}
	for (size_t i = 0; i < processes->count && result == 0; i++)
		result = note_process(search, &processes->items[i], known_proxy_find(processes->items[i].name));
	for (size_t i = 0; i < processes->count && result == 0; i++)
		result = note_process(search, &processes->items[i],
				      known_proxy_find_by_unit(processes->items[i].cgroup));
	return result;
}

static int compare_servers(const void *left, const void *right)
{
	const struct server *a = left;
	const struct server *b = right;

	if ((a->port != 0) != (b->port != 0))
		return a->port != 0 ? -1 : 1;
	if ((a->known != NULL) != (b->known != NULL))
		return a->known != NULL ? -1 : 1;
	if (strcmp(a->process, b->process) != 0)
		return strcmp(a->process, b->process);
	return (a->port > b->port) - (a->port < b->port);
}

static void finish(struct search *search)
{
	struct servers *servers = search->servers;

	if (servers->count > 0)
		qsort(servers->items, servers->count, sizeof(*servers->items), compare_servers);
	processes_clear(&search->processes);
	cgroup_index_clear(&search->index);
}

int servers_find(struct servers *servers, struct error *error)
{
	struct search search = {.servers = servers};
	int result = cgroup_index_read(&search.index, NULL, error);

	if (result == 0) {
		result = listeners_find(0, &servers->listeners);
		if (result < 0)
			error_set(error, result, "can't list who listens on this host: %s", strerror(-result));
	}
	if (result == 0)
		result = processes_list(&search.processes, search.index.mount, error);
	if (result == 0) {
		result = search_all(&search);
		if (result < 0)
			error_set(error, result, "no memory to look for proxy servers");
	}
	finish(&search);
	return result;
}

/* Where SOCKS5 and HTTP proxies listen that nobody has told otherwise. */
static bool is_usual_port(uint16_t port)
{
	static const uint16_t ports[] = {1080, 3128, 7890, 7891, 8080, 8118, 9050, 10808, 10809};

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		if (ports[i] == port)
			return true;
	}
	return false;
}

static bool is_usual_program(const char *name)
{
	static const char *const names[] = {"danted",	 "hysteria", "microsocks", "naive", "privoxy",
					    "sockd",	 "squid",    "ss-local",   "ssh",   "sslocal",
					    "tinyproxy", "tor",	     "trojan"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static bool is_local(const struct listener *listener)
{
	return listener->protocol == IPPROTO_TCP && !listener->transparent && listener->interface == 0 &&
	       (listener_is_wildcard(listener) || is_loopback(listener));
}

/* Returns whether it is a proxy that wants no password. */
static bool speaks(enum upstream_kind kind, const struct listener *listener, struct upstream_talk *talk)
{
	const struct upstream upstream = {.kind = kind};
	const bool is_ip = listener_takes_family(listener, AF_INET);
	struct upstream_address address = {.length = is_ip ? sizeof(address.ip) : sizeof(address.ip6)};

	if (is_ip)
		address.ip = (struct sockaddr_in){.sin_family = AF_INET,
						  .sin_port = htons(listener->port),
						  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	else
		address.ip6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
						    .sin6_port = htons(listener->port),
						    .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	upstream_talk(&upstream, &address, clock_now() + USEC_PER_SEC / 2, talk);
	return talk->answer == UPSTREAM_ANSWERS;
}

static int note_upstream(struct search *search, const struct listener *listener, const struct process *owner,
			 const char *cgroup)
{
	const bool is_ip = listener_takes_family(listener, AF_INET);
	struct upstream_talk talk;
	const bool is_socks5 = speaks(UPSTREAM_SOCKS5, listener, &talk);
	struct server *server = NULL;

	if (!is_socks5 && !speaks(UPSTREAM_HTTP, listener, &talk))
		return 0;
	server = add_server(search->servers);
	if (server == NULL || set_process(server, owner, cgroup) < 0)
		return -ENOMEM;
	server->port = listener->port;
	server->sockets_cgroup = listener->cgroup_id;
	server->takes_ipv4 = server->takes_ipv6 = true;
	server->takes_udp = is_socks5 && talk.udp == UPSTREAM_UDP_YES;
	return asprintf(&server->upstream, "%s://%s:%u", is_socks5 ? "socks5" : "http", is_ip ? "127.0.0.1" : "[::1]",
			listener->port) < 0
		       ? -ENOMEM
		       : 0;
}

static int try_listener(struct search *search, const struct listener *listener)
{
	const struct cgroup *cgroup = cgroup_index_find(&search->index, listener->cgroup_id);
	const struct process *owner = NULL;
	char *path = NULL;
	int result = 0;

	if (!is_local(listener) || find_server(search->servers, listener) != NULL)
		return 0;
	path = cgroup != NULL ? cgroup_path_copy(cgroup) : NULL;
	if (cgroup != NULL && path == NULL)
		return -ENOMEM;
	owner = find_owner(search, listener, path);
	if (is_usual_port(listener->port) || (owner != NULL && is_usual_program(owner->name)))
		result = note_upstream(search, listener, owner, path);
	free(path);
	return result;
}

int servers_find_upstreams(struct servers *servers, struct error *error)
{
	struct search search = {.servers = servers};
	int result = cgroup_index_read(&search.index, NULL, error);

	if (result == 0)
		result = processes_list(&search.processes, search.index.mount, error);
	for (size_t i = 0; i < servers->listeners.count && result == 0; i++) {
		result = try_listener(&search, &servers->listeners.items[i]);
		if (result < 0)
			error_set(error, result, "no memory to look for proxy servers");
	}
	finish(&search);
	return result;
}

uint16_t servers_free_port(const struct servers *servers, uint16_t first)
{
	uint16_t port = first;

	for (size_t i = 0; i < servers->listeners.count; i++) {
		if (servers->listeners.items[i].port == port) {
			port++;
			i = (size_t)-1;
		}
	}
	return port;
}

void servers_clear(struct servers *servers)
{
	for (size_t i = 0; i < servers->count; i++) {
		free(servers->items[i].cgroup);
		free(servers->items[i].upstream);
	}
	free(servers->items);
	listeners_clear(&servers->listeners);
	*servers = (struct servers){0};
}
