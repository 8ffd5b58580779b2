/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/pipes.h"

#include <fcntl.h>
#include <unistd.h>

/*
 * A larger pipe takes a quarter less time for a long stream. With PIPES_MAX of relay.c, these and the others, of 64
 * KiB, stay below what all pipes of an unprivileged user may hold together (/proc/sys/fs/pipe-user-pages-soft).
 */
enum { PIPES_LARGE = 128, LARGE_SIZE = 256 * 1024 };

void pipes_init(struct pipes *pipes, size_t max)
{
	*pipes = (struct pipes){.max = max};
}

bool pipes_take(struct pipes *pipes, struct pipe *pipe)
{
	int ends[2];

	if (pipes->idle_count > 0) {
		*pipe = pipes->idle[--pipes->idle_count];
		return true;
	}
	if (pipes->count >= pipes->max || pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
		return false;
	if (pipes->count < PIPES_LARGE)
		(void)fcntl(ends[0], F_SETPIPE_SZ, LARGE_SIZE); /* or else it stays as it is */
	*pipe = (struct pipe){.read = ends[0], .write = ends[1]};
	pipes->count++;
	return true;
}

static void close_pipe(struct pipes *pipes, const struct pipe *pipe)
{
	close(pipe->read);
	close(pipe->write);
	pipes->count--;
}

void pipes_give(struct pipes *pipes, struct pipe *pipe, bool is_empty)
{
	if (pipe->write < 0)
		return;
	if (is_empty && pipes->idle_count < PIPES_IDLE_MAX)
		pipes->idle[pipes->idle_count++] = *pipe;
	else
		close_pipe(pipes, pipe);
	*pipe = (struct pipe){-1, -1};
}

void pipes_close(struct pipes *pipes)
{
	while (pipes->idle_count > 0)
		close_pipe(pipes, &pipes->idle[--pipes->idle_count]);
}
