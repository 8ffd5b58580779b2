/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/poller.h"

#include <errno.h>
#include <unistd.h>

int poller_open(struct poller *poller)
{
	poller->fd = epoll_create1(EPOLL_CLOEXEC);
	return poller->fd < 0 ? -errno : 0;
}

int poller_add(const struct poller *poller, struct poll_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data = {.ptr = source}};

	return epoll_ctl(poller->fd, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

void poller_change(const struct poller *poller, struct poll_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data = {.ptr = source}};

	epoll_ctl(poller->fd, EPOLL_CTL_MOD, source->fd, &event);
}

void poll_source_close(struct poll_source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	source->fd = -1;
}

int poller_run(const struct poller *poller)
{
	struct epoll_event events[POLLER_BATCH];
	const int count = epoll_wait(poller->fd, events, POLLER_BATCH, 0);

	for (int i = 0; i < count; i++) {
		struct poll_source *source = events[i].data.ptr;

		if (source->fd >= 0)
			source->handle(source, events[i].events);
	}
	return count;
}

void poller_close(struct poller *poller)
{
	if (poller->fd >= 0)
		close(poller->fd);
	poller->fd = -1;
}
