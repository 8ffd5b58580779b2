/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/pipes.h"

#include <fcntl.h>
#include <unistd.h>

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
