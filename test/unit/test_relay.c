/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Parts of the relay: pipes, one direction of a connection, deadlines, clients' numbers, and what is logged. */

#include "unit.h"

#include "relay/deadlines.h"
#include "relay/failures.h"
#include "relay/flow.h"
#include "relay/sources.h"
#include "util/clock.h"
#include "util/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MUCH = 4 * 1024 * 1024 };

/* Two pairs of sockets, with the flow between them. */
struct line {
	int source;
	int sink;
	struct end from;
	struct end to;
	struct flow flow;
	struct flow_means means;
	uint8_t buffer[FLOW_COPY_MAX];
};

static struct line *line_new(size_t pipes)
{
	struct line *line = calloc(1, sizeof(*line));
	int one[2];
	int other[2];

	assert_non_null(line);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, one), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, other), 0);
	line->source = one[0];
	line->from = (struct end){.source = {.fd = one[1]}, .readable = true, .writable = true};
	line->to = (struct end){.source = {.fd = other[0]}, .readable = true, .writable = true};
	line->sink = other[1];
	line->means.buffer = line->buffer;
	flow_init(&line->flow);
	pipes_init(&line->means.pipes, pipes);
	return line;
}

static void line_free(struct line *line)
{
	flow_end(&line->flow, &line->means);
	pipes_close(&line->means.pipes);
	assert_int_equal(line->means.pipes.count, 0);
	close(line->source);
	close(line->from.source.fd);
	close(line->to.source.fd);
	close(line->sink);
	free(line);
}

static enum flow_result move(struct line *line)
{
	return flow_move(&line->flow, &line->from, &line->to, &line->means);
}

static void test_little_is_copied(void **state)
{
	struct line *line = line_new(4);
	char got[16] = "";

	(void)state;
	assert_int_equal(write(line->source, "hello", 5), 5);
	assert_int_equal(move(line), FLOW_WAITS);
	assert_int_equal(read(line->sink, got, sizeof(got)), 5);
	assert_string_equal(got, "hello");
	assert_false(line->from.readable);
	assert_true(line->flow.moved);
	assert_int_equal(line->means.pipes.count, 0);
	line_free(line);
}

/* The last bytes and the end of them may be one event. */
static void test_the_end_behind_data(void **state)
{
	struct line *line = line_new(4);
	char got[16];

	(void)state;
	assert_int_equal(write(line->source, "bye", 3), 3);
	assert_int_equal(shutdown(line->source, SHUT_WR), 0);
	end_note(&line->from, EPOLLIN | EPOLLRDHUP);
	assert_int_equal(move(line), FLOW_WAITS);
	assert_true(line->from.ended && line->to.shut);
	assert_int_equal(read(line->sink, got, sizeof(got)), 3);
	assert_int_equal(read(line->sink, got, sizeof(got)), 0);
	line_free(line);
}

/* Moves a long stream to a sink that reads now and then; every byte has to be there once. */
static void move_much(size_t pipes)
{
	struct line *line = line_new(pipes);
	static uint8_t in[65536];
	static uint8_t out[50000];
	size_t written = 0;
	size_t checked = 0;

	while (checked < MUCH) {
		ssize_t length = 0;

		for (size_t i = 0; i < sizeof(in); i++)
			in[i] = (uint8_t)((written + i) * 2654435761U >> 13);
		length = written < MUCH ? write(line->source, in, sizeof(in)) : 0;
		written += length > 0 ? (size_t)length : 0;
		end_note(&line->from, EPOLLIN);
		assert_int_not_equal(move(line), FLOW_BROKEN);
		length = read(line->sink, out, sizeof(out));
		for (ssize_t i = 0; i < length; i++)
			assert_int_equal(out[i], (uint8_t)((checked + (size_t)i) * 2654435761U >> 13));
		checked += length > 0 ? (size_t)length : 0;
		end_note(&line->to, EPOLLOUT);
	}
	assert_int_equal(line->flow.held, 0);
	line_free(line);
}

static void test_much_is_spliced(void **state)
{
	(void)state;
	move_much(1);
}

static void test_much_without_a_pipe(void **state)
{
	(void)state;
	move_much(0);
}

static void test_a_reader_that_is_gone(void **state)
{
	struct line *line = line_new(1);

	(void)state;
	assert_int_equal(write(line->source, "hello", 5), 5);
	assert_int_equal(shutdown(line->sink, SHUT_RD), 0);
	assert_int_equal(move(line), FLOW_BROKEN);
	line_free(line);
}

static void test_pipes_are_bounded(void **state)
{
	struct pipes pipes;
	struct pipe taken[3] = {{-1, -1}, {-1, -1}, {-1, -1}};

	(void)state;
	pipes_init(&pipes, 2);
	assert_true(pipes_take(&pipes, &taken[0]) && pipes_take(&pipes, &taken[1]));
	assert_false(pipes_take(&pipes, &taken[2]));
	pipes_give(&pipes, &taken[2], true);
	pipes_give(&pipes, &taken[0], false);
	assert_int_equal(pipes.count, 1);
	pipes_give(&pipes, &taken[1], true);
	assert_int_equal(pipes.idle_count, 1);
	assert_true(pipes_take(&pipes, &taken[2]));
	assert_int_equal(pipes.idle_count, 0);
	pipes_give(&pipes, &taken[2], true);
	pipes_close(&pipes);
	assert_int_equal(pipes.count, 0);
}

static int expired;
static struct deadline *expired_last;

static void note_expired(struct deadline *deadline, uint64_t now)
{
	(void)now;
	expired++;
	expired_last = deadline;
}

static void test_deadlines(void **state)
{
	const uint64_t spans[DEADLINE_KINDS] = {[DEADLINE_REACH] = 10, [DEADLINE_ANSWER] = 100};
	struct deadline all[4] = {0};
	struct deadlines deadlines;

	(void)state;
	deadlines_init(&deadlines, spans);
	assert_true(deadlines_next(&deadlines) == UINT64_MAX);
	deadlines_set(&deadlines, &all[0], DEADLINE_ANSWER, 1, note_expired);
	deadlines_set(&deadlines, &all[1], DEADLINE_REACH, 2, note_expired);
	deadlines_set(&deadlines, &all[2], DEADLINE_REACH, 3, note_expired);
	deadlines_set(&deadlines, &all[3], DEADLINE_IDLE, 3, note_expired); /* never */
	assert_int_equal(deadlines_next(&deadlines), 12);
	deadlines_set(&deadlines, &all[1], DEADLINE_REACH, 5, note_expired);
	assert_int_equal(deadlines_next(&deadlines), 13);
	deadlines_run(&deadlines, 12);
	assert_int_equal(expired, 0);
	deadlines_run(&deadlines, 13);
	assert_int_equal(expired, 1);
	assert_ptr_equal(expired_last, &all[2]);
	deadlines_unset(&deadlines, &all[1]);
	deadlines_unset(&deadlines, &all[1]);
	deadlines_unset(&deadlines, &all[3]);
	assert_int_equal(deadlines_next(&deadlines), 101);
	deadlines_run(&deadlines, 1000);
	assert_int_equal(expired, 2);
	assert_true(deadlines_next(&deadlines) == UINT64_MAX);
}

static void test_sources(void **state)
{
	struct sources sources = {.max = 2};
	struct endpoint addresses[2] = {{.family = AF_INET, .port = 1}, {.family = AF_INET6, .port = 2}};
	struct source *held[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		addresses[i % 2].port++; /* another port is the same client */
		assert_int_equal(sources_enter(&sources, &addresses[i % 2], &held[i]), 0);
	}
	for (size_t i = 0; i < 2; i++) {
		struct source *more = NULL;

		assert_int_equal(sources_enter(&sources, &addresses[i], &more), -EUSERS);
		assert_null(more);
	}
	sources_leave(&sources, held[0]);
	assert_int_equal(sources_enter(&sources, &addresses[0], &held[0]), 0);
	for (size_t i = 0; i < 4; i++)
		sources_leave(&sources, held[i]);
	assert_null(sources.tree);
	sources_leave(&sources, NULL);
}

static char logged[1024];
static int log_count;

static void receive_log(int priority, const char *message, void *data)
{
	(void)data;
	assert_int_equal(priority, LOG_WARNING);
	snprintf(logged, sizeof(logged), "%s", message);
	log_count++;
}

static void test_failures(void **state)
{
	static struct failures failures;
	struct destination to = {.endpoint = {.family = AF_INET, .port = 443}};
	uint64_t now = USEC_PER_SEC;

	(void)state;
	inet_pton(AF_INET, "203.0.113.10", &to.endpoint.ip);
	log_redirect(receive_log, NULL);
	for (int i = 0; i < 8; i++)
		failures_log(&failures, FAILURE_LOST, ECONNRESET, now, &to, "text");
	assert_int_equal(log_count, 1);
	assert_string_equal(logged, "203.0.113.10:443: text");
	failures_log(&failures, FAILURE_LOST, EPIPE, now, &to, "other");
	failures_log(&failures, FAILURE_SLOW, ECONNRESET, now, NULL, "third");
	assert_int_equal(log_count, 3);
	assert_string_equal(logged, "third");
	now += 60 * USEC_PER_SEC;
	failures_log(&failures, FAILURE_LOST, ECONNRESET, now, &to, "text");
	assert_string_equal(logged, "203.0.113.10:443: text (7 more like this one since the last that was logged)");
	/* more causes than are remembered: nothing is lost but the silence */
	for (uint32_t i = 0; i < 2 * FAILURES_MAX; i++)
		failures_log(&failures, FAILURE_HANDSHAKE, i, now + i, NULL, "many");
	assert_int_equal(log_count, 4 + 2 * FAILURES_MAX);
	log_redirect(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_little_is_copied),
		cmocka_unit_test(test_the_end_behind_data),
		cmocka_unit_test(test_much_is_spliced),
		cmocka_unit_test(test_much_without_a_pipe),
		cmocka_unit_test(test_a_reader_that_is_gone),
		cmocka_unit_test(test_pipes_are_bounded),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_failures),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
