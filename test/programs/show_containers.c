/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Shows what src/container knows, as the engine would use it: a line of JSON for each container that has changed, and
 * one when all that was there at the start is known. Ends when its standard input does.
 */

#include "cgroup/mount.h"
#include "cgroup/watch.h"
#include "container/containers.h"
#include "util/clock.h"
#include "util/log.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SETTLE_TIME (20 * USEC_PER_SEC)

struct show {
	struct watch watch;
	struct containers *containers; /* NULL at first */
	uint64_t longest;	       /* step, in usec of processor time */
	uint64_t steps;
};

static int on_appeared(struct cgroup *cgroup, void *userdata)
{
	struct show *show = userdata;

	return show->containers != NULL ? containers_appeared(show->containers, cgroup, clock_now()) : 0;
}

static void on_vanished(struct cgroup *cgroup, void *userdata)
{
	struct show *show = userdata;

	if (show->containers != NULL)
		containers_vanished(show->containers, cgroup, clock_now());
}

static void on_entered(struct cgroup *cgroup, void *userdata)
{
	struct show *show = userdata;

	if (show->containers != NULL)
		containers_entered(show->containers, cgroup, clock_now());
}

static void print(json_t *line)
{
	json_dumpf(line, stdout, JSON_COMPACT);
	json_decref(line);
	puts("");
	fflush(stdout);
}

static json_t *list_interfaces(const struct container *container)
{
	json_t *list = json_array();

	for (size_t i = 0; i < container->interface_count; i++)
		json_array_append_new(list, json_pack("{s:i, s:i, s:b}", "iif", container->interfaces[i].iif, "veth",
						      container->interfaces[i].veth, "bridged",
						      container->interfaces[i].bridged));
	return list;
}

static json_t *list_addresses(const struct container *container)
{
	json_t *list = json_array();

	for (size_t i = 0; i < container->address_count; i++) {
		char text[INET6_ADDRSTRLEN] = "";

		inet_ntop(container->addresses[i].family, &container->addresses[i].ip6, text, sizeof(text));
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *list_cgroups(const struct container *container)
{
	static char path[CGROUP_PATH_SIZE];
	json_t *list = json_array();

	for (size_t i = 0; i < container->cgroup_count; i++) {
		cgroup_path(container->cgroups[i], path);
		json_array_append_new(list, json_string(path));
	}
	return list;
}

static void print_changes(struct show *show)
{
	const struct container *container = NULL;

	while ((container = containers_take_changed(show->containers)) != NULL)
		print(json_pack("{s:I, s:I, s:i, s:b, s:o, s:o, s:o}", "at", clock_now(), "number", container->number,
				"netns", container->netns, "is_gone", container->is_gone, "interfaces",
				list_interfaces(container), "addresses", list_addresses(container), "cgroups",
				list_cgroups(container)));
}

/* Microseconds of processor time that this process has taken. */
static uint64_t spent(void)
{
	struct timespec time = {0};

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * USEC_PER_SEC + (uint64_t)time.tv_nsec / 1000;
}

static void print_state(const struct show *show, bool is_settled, uint64_t begun)
{
	print(json_pack("{s:I, s:b, s:I, s:I, s:I, s:I, s:I}", "at", clock_now(), "settled", is_settled, "took",
			clock_now() - begun, "longest", show->longest, "steps", show->steps, "spent", spent(),
			"cgroups", show->watch.tree.count));
}

static int wait_for(const struct show *show, struct pollfd *fds, nfds_t count)
{
	const uint64_t now = clock_now();
	uint64_t deadline = containers_deadline(show->containers);
	struct timespec pause = {0};

	if (show->watch.unwatched > 0 && deadline > now + USEC_PER_SEC)
		deadline = now + USEC_PER_SEC;
	if (deadline > now) {
		pause.tv_sec = deadline == UINT64_MAX ? 3600 : (time_t)((deadline - now) / USEC_PER_SEC);
		pause.tv_nsec = (long)((deadline - now) % USEC_PER_SEC * 1000);
	}
	return ppoll(fds, count, &pause, NULL);
}

static void step(struct show *show)
{
	const uint64_t begun = spent();

	containers_step(show->containers, clock_now);
	show->steps++;
	if (spent() - begun > show->longest)
		show->longest = spent() - begun;
}

/* A line on standard input asks for the state. */
static bool answer(const struct show *show)
{
	char text[256];

	if (read(STDIN_FILENO, text, sizeof(text)) <= 0)
		return false;
	print_state(show, true, clock_now());
	return true;
}

static int run(struct show *show, struct error *error)
{
	struct pollfd fds[] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = show->watch.inotify, .events = POLLIN},
		{.fd = containers_fd(show->containers), .events = POLLIN},
	};

	for (;;) {
		if (wait_for(show, fds, 3) < 0)
			return 1;
		if (fds[0].revents != 0 && !answer(show))
			return 0;
		if (fds[1].revents != 0 && watch_read(&show->watch, error) < 0)
			return 1;
		if (show->watch.unwatched > 0)
			watch_look(&show->watch, clock_now());
		if (fds[2].revents != 0 || containers_deadline(show->containers) <= clock_now())
			step(show);
		print_changes(show);
	}
}

static int start(struct show *show, struct error *error)
{
	const struct watch_listener listener = {on_appeared, on_vanished, show, on_entered};
	CLEANUP(freep) char *mount = NULL;
	int result = cgroup_mount_find(NULL, &mount, error);

	if (result == 0)
		result = watch_open(&show->watch, mount, CGROUP_DEPTH_MAX, &listener, error);
	if (result == 0)
		result = watch_walk(&show->watch, error);
	if (result < 0)
		return result;
	show->containers = containers_new(show->watch.root, show->watch.tree.root, error);
	return show->containers != NULL ? 0 : -1;
}

int main(void)
{
	struct show *show = calloc(1, sizeof(*show));
	struct error error = {""};
	uint64_t begun = 0;
	int result = 1;

	if (show == NULL)
		return 1;
	log_open();
	show->watch.inotify = -1;
	show->watch.root = -1;
	if (start(show, &error) == 0) {
		bool is_settled = false;

		begun = clock_now();
		is_settled = containers_settle(show->containers, begun + SETTLE_TIME, clock_now);
		print_state(show, is_settled, begun);
		print_changes(show);
		result = run(show, &error);
	}
	if (result != 0)
		log_error("%s", error.text);
	containers_free(show->containers);
	watch_close(&show->watch);
	free(show);
	return result;
}
