/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/relay.h"

#include "relay/associations.h"
#include "relay/connection.h"
#include "relay/dns_client.h"
#include "relay/dns_lifetime.h"
#include "relay/listener.h"
#include "relay/resolver.h"
#include "util/clock.h"
#include "util/log.h"

#include <errno.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

enum {
	FILES_RESERVED = 64, /* for everything that is no connection, the least numbers below included */
	FILES_BLOCK = 512,   /* for each of which there may be: */
	ANSWERS_EACH = 8,    /* more sockets that answer */
	ANSWERS_LEAST = 16,
	ANSWERS_MAX = 256,
	ASSOCIATIONS_EACH = 32, /* associations, with two files each */
	ASSOCIATIONS_LEAST = 16,
	ASSOCIATIONS_MAX = 4096,
	FILES_A_CONNECTION = 2,
	PIPES_MAX = 512, /* half of what the kernel gives an unprivileged user in full size */
	PIPES_PART = 16, /* of the files, at most, are pipes */
	ROUNDS_MAX = 16, /* of events before sd-event has its turn */
};

/* A relay and its event loop. */
struct loop {
	struct relay relay;
	sd_event *events;
	sd_event_source *timer;
	uint64_t timer_at; /* UINT64_MAX: it is off */
};

static int set_timer(struct loop *loop)
{
	const uint64_t deadline = deadlines_next(&loop->relay.deadlines);
	const uint64_t dns = dns_service_next(&loop->relay);
	const uint64_t next = deadline < dns ? deadline : dns;
	int result = 0;

	/* it may be early, since deadlines are unset more often than they are due */
	if (next >= loop->timer_at)
		return 0;
	loop->timer_at = next;
	result = sd_event_source_set_time(loop->timer, next);
	return result < 0 ? result : sd_event_source_set_enabled(loop->timer, SD_EVENT_ONESHOT);
}

/* Frees what is over. */
static void bury(struct relay *relay)
{
	connections_bury(relay);
	dns_service_bury(relay);
	associations_bury(relay);
}

static int conclude(struct loop *loop)
{
	int result = 0;

	bury(&loop->relay);
	listeners_resume(&loop->relay);
	if (loop->relay.is_upstream_lost)
		resolver_ask(&loop->relay, clock_now());
	loop->relay.is_upstream_lost = false;
	result = set_timer(loop);
	return result < 0 ? sd_event_exit(loop->events, result) : 0;
}

static int on_sockets(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct loop *loop = userdata;
	int count = POLLER_BATCH;

	(void)source;
	(void)fd;
	(void)events;
	for (int i = 0; i < ROUNDS_MAX && count == POLLER_BATCH; i++) {
		count = poller_run(&loop->relay.poller);
		bury(&loop->relay);
	}
	return conclude(loop);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct loop *loop = userdata;

	(void)source;
	(void)usec;
	loop->timer_at = UINT64_MAX;
	deadlines_run(&loop->relay.deadlines, clock_now());
	dns_service_run(&loop->relay, clock_now());
	return conclude(loop);
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source;
	log_info("%s: stopping", info->ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
	return sd_event_exit(userdata, 0);
}

static int block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	/* splice() to a socket that is closed; send() is told not to */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	return sigprocmask(SIG_BLOCK, &signals, NULL) < 0 ? -errno : 0;
}

static int set_up_events(struct loop *loop)
{
	int result = block_signals();

	if (result >= 0)
		result = sd_event_new(&loop->events);
	if (result >= 0)
		result = sd_event_add_signal(loop->events, NULL, SIGTERM, on_stop_signal, loop->events);
	if (result >= 0)
		result = sd_event_add_signal(loop->events, NULL, SIGINT, on_stop_signal, loop->events);
	if (result >= 0)
		result = sd_event_add_io(loop->events, NULL, loop->relay.poller.fd, EPOLLIN, on_sockets, loop);
	if (result >= 0)
		result = sd_event_add_time(loop->events, &loop->timer, CLOCK_MONOTONIC, UINT64_MAX, USEC_PER_SEC / 100,
					   on_timer, loop);
	if (result >= 0)
		result = sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF);
	/* an environment that makes no sense is no reason not to relay */
	if (result >= 0 && sd_watchdog_enabled(0, NULL) > 0)
		result = sd_event_set_watchdog(loop->events, true);
	return result < 0 ? result : 0;
}

/* Returns how many files may be open, having asked for as many as may be asked for. */
static size_t raise_files_limit(void)
{
	struct rlimit limit = {.rlim_cur = 1024};

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		const rlim_t before = limit.rlim_cur;

		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			limit.rlim_cur = before;
	}
	return limit.rlim_cur < INT32_MAX ? (size_t)limit.rlim_cur : INT32_MAX;
}

static size_t least(size_t one, size_t other)
{
	return one < other ? one : other;
}

static size_t limit_associations(const struct relay_options *options, size_t files)
{
	const size_t most = least(ASSOCIATIONS_LEAST + files / FILES_BLOCK * ASSOCIATIONS_EACH, ASSOCIATIONS_MAX);

	return options->udp_clients > 0 ? least(options->udp_clients, most) : most;
}

static void set_limits(struct relay *relay, const struct relay_options *options)
{
	const size_t files = raise_files_limit();
	const size_t pipes = least(files / PIPES_PART / 2, PIPES_MAX);
	const size_t answers = least(ANSWERS_LEAST + files / FILES_BLOCK * ANSWERS_EACH, ANSWERS_MAX);
	const size_t associations = limit_associations(options, files);
	const size_t more = associations > ASSOCIATIONS_LEAST ? associations - ASSOCIATIONS_LEAST : 0;
	const size_t taken = FILES_RESERVED + 2 * pipes + answers - ANSWERS_LEAST + 2 * more;
	const size_t most = files > taken + FILES_A_CONNECTION ? (files - taken) / FILES_A_CONNECTION : 1;

	associations_init(&relay->associations, associations);
	relay->associations.sources.max = options->connections_each;
	answer_sockets_init(&relay->datagrams.answers, answers);
	pipes_init(&relay->means.pipes, pipes);
	relay->is_files_limit = options->connections_max == 0 || options->connections_max > most;
	relay->count_max = relay->is_files_limit ? most : options->connections_max;
	relay->sources.max = options->connections_each;
}

static int prepare(struct relay *relay, const struct relay_options *options)
{
	const uint64_t spans[DEADLINE_KINDS] = {
		[DEADLINE_RETRY] = USEC_PER_SEC / 40,	   [DEADLINE_RESUME] = USEC_PER_SEC / 2,
		[DEADLINE_REACH] = options->upstream_time, [DEADLINE_ANSWER] = options->answer_time,
		[DEADLINE_IDLE] = options->idle,	   [DEADLINE_DNS_CLIENT] = DNS_CLIENT_IDLE,
		[DEADLINE_DATAGRAMS] = options->udp_idle,
	};

	deadlines_init(&relay->deadlines, spans);
	TAILQ_INIT(&relay->connections);
	TAILQ_INIT(&relay->over);
	set_limits(relay, options);
	relay->upstream = options->upstream;
	relay->means.buffer = malloc(FLOW_COPY_MAX);
	relay->own_ports = calloc(UINT16_MAX + 1, sizeof(*relay->own_ports));
	if (relay->means.buffer == NULL || relay->own_ports == NULL)
		return -ENOMEM;
	return netlink_open(&relay->netlink, NETLINK_ROUTE, 0);
}

static int listen_to_clients(struct relay *relay, const struct relay_options *options, struct error *error)
{
	const int inherited = listeners_inherit(relay, error);
	int result = inherited;

	if (result > 0 && options->is_port_certain)
		return error_set(error, -EINVAL, "there are sockets from systemd, so that --listen is one too many");
	if (result == 0 && options->port == 0)
		return error_set(error, -EINVAL,
				 "there is nothing to listen on: say --listen PORT, or have systemd pass on a socket");
	if (result == 0)
		result = listeners_make(relay, options->port, error);
	return result < 0 ? result : listeners_start(relay, error);
}

static int serve(struct loop *loop, struct error *error)
{
	char name[UPSTREAM_NAME_SIZE];
	int result = 0;

	log_info("ready; connections go to %s", upstream_write(loop->relay.upstream, name));
	sd_notify(0, "READY=1");
	result = sd_event_loop(loop->events);
	sd_notify(0, "STOPPING=1");
	return result < 0 ? error_set(error, result, "the event loop failed: %s", strerror(-result)) : 0;
}

static void close_relay(struct relay *relay)
{
	listeners_close(relay);
	resolver_close(relay);
	connections_end(relay);
	associations_end(relay);
	dns_service_end(relay);
	pipes_close(&relay->means.pipes);
	poller_close(&relay->poller);
	netlink_close(&relay->netlink);
	free(relay->own_ports);
	free(relay->means.buffer);
}

int relay_run(const struct relay_options *options, struct error *error)
{
	struct loop loop = {.relay = {.poller = {.fd = -1}, .resolver = {.source = {.fd = -1}}},
			    .timer_at = UINT64_MAX};
	int result = upstream_resolve(options->upstream, error);

	if (result < 0)
		return result;
	result = prepare(&loop.relay, options);
	if (result >= 0)
		result = poller_open(&loop.relay.poller);
	if (result >= 0)
		result = set_up_events(&loop);
	if (result < 0)
		error_set(error, result, "can't prepare the event loop: %s", strerror(-result));
	if (result >= 0)
		result = dns_service_begin(&loop.relay, &options->dns, error);
	if (result >= 0)
		result = listen_to_clients(&loop.relay, options, error);
	if (result >= 0)
		result = serve(&loop, error);
	close_relay(&loop.relay);
	sd_event_source_unref(loop.timer);
	sd_event_unref(loop.events);
	return result;
}
