/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/flow.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

enum { SPLICE_MAX = 1024 * 1024 }; /* more than any pipe of ours holds */

/* What came of one attempt. */
enum step {
	STEP_MOVED,
	STEP_BLOCKED, /* the flags of the ends say why */
	STEP_BROKEN,
};

void flow_init(struct flow *flow)
{
	*flow = (struct flow){.pipe = {-1, -1}};
}

void end_note(struct end *end, uint32_t events)
{
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI))
		end->readable = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		end->writable = true;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI))
		end->unsure = true;
	if (events & EPOLLPRI)
		end->urgent = true;
	if (events & EPOLLERR)
		end->failed = true;
}

static enum step read_nothing(struct end *from, ssize_t result)
{
	if (result == 0) {
		from->ended = true;
		return STEP_MOVED;
	}
	if (errno == EINTR)
		return STEP_MOVED;
	if (errno != EAGAIN)
		return STEP_BROKEN;
	from->readable = false;
	return STEP_BLOCKED;
}

static enum step write_nothing(struct end *to)
{
	if (errno == EINTR)
		return STEP_MOVED;
	if (errno != EAGAIN)
		return STEP_BROKEN;
	to->writable = false;
	return STEP_BLOCKED;
}

/* From the socket to the empty pipe: nothing but a lack of data blocks that. */
static enum step fill(struct flow *flow, struct end *from)
{
	const ssize_t length =
		splice(from->source.fd, NULL, flow->pipe.write, NULL, SPLICE_MAX, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (length <= 0) {
		flow->bulk = false;
		return read_nothing(from, length);
	}
	flow->held = (uint32_t)length;
	flow->bulk = length >= FLOW_COPY_MAX;
	return STEP_MOVED;
}

static enum step drain(struct flow *flow, struct end *to)
{
	const ssize_t length =
		splice(flow->pipe.read, NULL, to->source.fd, NULL, flow->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (length <= 0)
		return write_nothing(to);
	flow->held -= (uint32_t)length;
	flow->moved = true;
	return STEP_MOVED;
}

/* Removes what was sent from the socket that it came from; there, MSG_TRUNC says not to copy it again. */
static enum step discard(struct end *from, uint8_t *buffer, size_t length)
{
	while (length > 0) {
		const ssize_t done = recv(from->source.fd, buffer, length, MSG_TRUNC | MSG_DONTWAIT);

		if (done > 0)
			length -= (size_t)done;
		else if (done == 0 || errno != EINTR)
			return STEP_BROKEN; /* it was there before */
	}
	return STEP_MOVED;
}

static enum step copy(struct flow *flow, struct end *from, struct end *to, uint8_t *buffer)
{
	const ssize_t length = recv(from->source.fd, buffer, FLOW_COPY_MAX, MSG_PEEK | MSG_DONTWAIT);
	ssize_t sent = 0;
	enum step step = STEP_MOVED;

	if (length <= 0) {
		flow->bulk = false;
		return read_nothing(from, length);
	}
	if (length == FLOW_COPY_MAX && !flow->bulk) {
		flow->bulk = true;
		return STEP_MOVED;
	}
	flow->bulk = length == FLOW_COPY_MAX;
	sent = send(to->source.fd, buffer, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent <= 0)
		return write_nothing(to);
	flow->moved = true;
	step = discard(from, buffer, (size_t)sent);
	if (sent < length)
		to->writable = false;
	else if (length < FLOW_COPY_MAX && !from->unsure)
		from->readable = false;
	return step;
}

static enum step move(struct flow *flow, struct end *from, struct end *to, struct flow_means *means)
{
	if (!to->writable)
		return STEP_BLOCKED;
	if (flow->held > 0)
		return drain(flow, to);
	if (!from->readable || from->ended)
		return STEP_BLOCKED;
	if (flow->bulk && !from->urgent && (flow->pipe.write >= 0 || pipes_take(&means->pipes, &flow->pipe)))
		return fill(flow, from);
	return copy(flow, from, to, means->buffer);
}

/* The other side has been reset if there is nothing to shut down. */
static bool pass_end(struct end *to)
{
	to->shut = true;
	return shutdown(to->source.fd, SHUT_WR) == 0;
}

enum flow_result flow_move(struct flow *flow, struct end *from, struct end *to, struct flow_means *means)
{
	enum step step = STEP_MOVED;
	size_t steps = 0;

	/* a step moves a pipe's content at most, and two are needed for it */
	for (; step == STEP_MOVED && steps < FLOW_STEPS; steps++)
		step = move(flow, from, to, means);
	if (flow->held == 0)
		pipes_give(&means->pipes, &flow->pipe, true);
	if (step == STEP_BROKEN || (from->ended && flow->held == 0 && !to->shut && !pass_end(to)))
		return FLOW_BROKEN;
	return step == STEP_MOVED ? FLOW_YIELDS : FLOW_WAITS;
}

void flow_end(struct flow *flow, struct flow_means *means)
{
	pipes_give(&means->pipes, &flow->pipe, flow->held == 0);
	flow->held = 0;
}
