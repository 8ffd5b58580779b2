/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/upstream_probe.h"

#include "util/clock.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(sizeof(struct upstream_probe) <= PIPE_BUF, "what is written into a pipe at once, is read at once");

static const uint64_t time_for_other = USEC_PER_SEC;	 /* of the whole, to see whether it is the other protocol */
static const uint64_t time_to_report = USEC_PER_SEC / 4; /* after the whole */

/* The process that tries an upstream: the name service, which may block, can't be given a time otherwise. */
struct prober {
	pid_t pid;
	int answer; /* -1: none is awaited */
};

static void try_addresses(const struct upstream *upstream, uint64_t until, struct upstream_probe *probe)
{
	for (size_t i = 0; i < upstream->address_count; i++) {
		const uint64_t now = clock_now();

		if (now >= until)
			return;
		probe->address = upstream->addresses[i];
		upstream_talk(upstream, &probe->address, now + (until - now) / (upstream->address_count - i),
			      &probe->talk);
		if (probe->talk.answer != UPSTREAM_NOT_REACHED)
			return;
	}
}

static void try_other(const struct upstream *upstream, uint64_t until, struct upstream_probe *probe)
{
	const struct upstream other = {.kind = upstream->kind == UPSTREAM_HTTP ? UPSTREAM_SOCKS5 : UPSTREAM_HTTP};
	struct upstream_talk talk;

	upstream_talk(&other, &probe->address, until, &talk);
	probe->speaks_other = talk.answer == UPSTREAM_ANSWERS || talk.answer == UPSTREAM_WANTS_PASSWORD ||
			      talk.answer == UPSTREAM_NO_METHOD;
}

static void try_upstream(struct upstream *upstream, uint64_t until, struct upstream_probe *probe)
{
	struct upstream without_user;
	struct error error;

	if (upstream_resolve(upstream, &error) < 0) {
		probe->talk.answer = UPSTREAM_NO_ADDRESS;
		snprintf(probe->text, sizeof(probe->text), "%s", error.text);
		return;
	}
	without_user = *upstream;
	probe->lacks_password = upstream->user != NULL && upstream->password == NULL;
	if (probe->lacks_password)
		without_user.user = NULL;
	try_addresses(&without_user, until - time_for_other, probe);
	if (probe->talk.answer == UPSTREAM_SILENT || probe->talk.answer == UPSTREAM_ENDED ||
	    probe->talk.answer == UPSTREAM_GARBAGE)
		try_other(&without_user, until, probe);
}

static void be_prober(struct proxy *proxy, int answer, uint64_t until)
{
	struct upstream_probe probe = {0};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) {
		try_upstream(&proxy->relay.upstream, until, &probe);
		(void)!write(answer, &probe, sizeof(probe));
	}
	_exit(0);
}

static void begin(struct proxy *proxy, uint64_t until, struct prober *prober)
{
	int answer[2];

	if (pipe2(answer, O_CLOEXEC) < 0)
		return;
	fflush(NULL);
	prober->pid = fork();
	if (prober->pid == 0)
		be_prober(proxy, answer[1], until);
	close(answer[1]);
	prober->answer = answer[0];
}

/* Nothing is to be read if it has died. */
static void end(struct prober *prober, uint64_t until, struct upstream_probe *probe)
{
	struct pollfd waiting = {.fd = prober->answer, .events = POLLIN};
	const uint64_t now = clock_now();

	if (prober->answer < 0)
		return;
	if (poll(&waiting, 1, now < until ? (int)((until - now) / 1000) : 0) <= 0 ||
	    read(prober->answer, probe, sizeof(*probe)) != sizeof(*probe))
		*probe = (struct upstream_probe){0};
	close(prober->answer);
	if (prober->pid > 0) {
		kill(prober->pid, SIGKILL);
		(void)waitpid(prober->pid, NULL, 0);
	}
}

void upstreams_probe(const struct config *config, struct upstream_probe *probes)
{
	struct prober *probers = calloc(config->proxy_count + 1, sizeof(*probers));
	const uint64_t until = clock_now() + UPSTREAM_PROBE_SECONDS * USEC_PER_SEC;

	memset(probes, 0, config->proxy_count * sizeof(*probes));
	for (size_t i = 0; probers != NULL && i < config->proxy_count; i++) {
		struct proxy *proxy = &config->proxies[i];

		probers[i].answer = -1;
		if (proxy->relay.enabled && proxy->relay.upstream.kind != UPSTREAM_DIRECT)
			begin(proxy, until, &probers[i]);
	}
	for (size_t i = 0; probers != NULL && i < config->proxy_count; i++)
		end(&probers[i], until + time_to_report, &probes[i]);
	free(probers);
}
