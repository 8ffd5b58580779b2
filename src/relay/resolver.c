/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/resolver.h"

#include "util/clock.h"
#include "util/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_FD = 3 };

static const uint64_t pause_between = 5 * USEC_PER_SEC;

/* The clients' sockets must not stay open here when the relay closes them. */
static void be_resolver(struct upstream *upstream, int answer)
{
	sigset_t none;
	struct error error;

	sigemptyset(&none);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0 ||
	    dup2(answer, ANSWER_FD) < 0 || close_range(ANSWER_FD + 1, ~0U, 0) < 0)
		_exit(1);
	if (upstream_resolve(upstream, &error) < 0) {
		(void)!write(ANSWER_FD, error.text, strlen(error.text));
		_exit(1);
	}
	(void)!write(ANSWER_FD, upstream->addresses, upstream->address_count * sizeof(*upstream->addresses));
	_exit(0);
}

void resolver_close(struct relay *relay)
{
	struct resolver *resolver = &relay->resolver;

	poll_source_close(&resolver->source);
	if (resolver->child <= 0)
		return;
	kill(resolver->child, SIGKILL);
	(void)waitpid(resolver->child, NULL, 0); /* all signals are blocked, and this one is over */
	resolver->child = 0;
}

/* Whatever can be written into a pipe at once can be read at once (pipe(7), PIPE_BUF). */
static void on_answer(struct poll_source *source, uint32_t events)
{
	struct resolver *resolver = (struct resolver *)(void *)source;
	struct relay *relay = resolver->relay;
	union {
		struct upstream_address addresses[UPSTREAM_ADDRESSES_MAX];
		char text[sizeof(((struct error *)NULL)->text)];
	} answer;
	const ssize_t length = read(source->fd, &answer, sizeof(answer));
	int status = 0;

	(void)events;
	poll_source_close(source);
	if (waitpid(resolver->child, &status, 0) != resolver->child || length <= 0) {
		log_warning("can't find the upstream's address again");
	} else if (status != 0) {
		log_warning("%.*s", (int)length, answer.text);
	} else if (upstream_set_addresses(relay->upstream, answer.addresses,
					  (size_t)length / sizeof(answer.addresses[0])) == 0) {
		log_debug("the upstream's addresses were looked up again");
		relay->upstream_address = 0;
	}
	resolver->child = 0;
}

static void begin(struct relay *relay, int answer[2])
{
	struct resolver *resolver = &relay->resolver;

	fflush(NULL);
	resolver->child = fork();
	if (resolver->child == 0)
		be_resolver(relay->upstream, answer[1]);
	close(answer[1]);
	resolver->relay = relay;
	resolver->source = (struct poll_source){.fd = answer[0], .handle = on_answer};
	if (resolver->child < 0 || poller_add(&relay->poller, &resolver->source, EPOLLIN) < 0)
		resolver_close(relay);
}

void resolver_ask(struct relay *relay, uint64_t now)
{
	struct resolver *resolver = &relay->resolver;
	int answer[2];

	if (resolver->child > 0 || now < resolver->next || !upstream_is_named(relay->upstream))
		return;
	resolver->next = now + pause_between;
	if (pipe2(answer, O_CLOEXEC) == 0)
		begin(relay, answer);
}
