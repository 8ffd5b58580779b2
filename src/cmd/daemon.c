/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/cmd.h"
#include "cmd/load.h"
#include "engine/engine.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>

/* Deadlines may be met this much later, so that what falls due at about the same time is done at once; in usec. */
#define DEADLINE_ACCURACY UINT64_C(500000)

DEFINE_CLEANUP(struct engine *, engine_free)

struct daemon {
	struct engine *engine;
	sd_event *loop;
	sd_event_source *timer;
};

/* After all that the engine does: the timer follows its deadline. An error of the engine's ends the loop. */
static int conclude(struct daemon *daemon, int result, const struct error *error)
{
	uint64_t deadline = engine_deadline(daemon->engine);

	if (result < 0) {
		log_error("%s", error->text);
		return sd_event_exit(daemon->loop, EXIT_ERROR);
	}
	if (deadline == UINT64_MAX)
		return sd_event_source_set_enabled(daemon->timer, SD_EVENT_OFF);
	result = sd_event_source_set_time(daemon->timer, deadline);
	return result < 0 ? result : sd_event_source_set_enabled(daemon->timer, SD_EVENT_ONESHOT);
}

static int on_cgroup_events(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct daemon *daemon = userdata;
	struct error error;
	int result = engine_handle_events(daemon->engine, &error);

	(void)source;
	(void)fd;
	(void)events;
	return conclude(daemon, result, &error);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;
	struct error error;
	int result = engine_handle_deadline(daemon->engine, &error);

	(void)source;
	(void)usec;
	return conclude(daemon, result, &error);
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	log_info("%s: stopping", info->ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
	return sd_event_exit(daemon->loop, EXIT_OK);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source;
	(void)info;
	(void)userdata;
	log_warning("SIGHUP: this version can't reload its config while it runs; restart it. With \"on-stop: keep\" "
		    "nothing is open meanwhile");
	return 0;
}

static int block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	return sigprocmask(SIG_BLOCK, &signals, NULL) < 0 ? -errno : 0;
}

static int set_up_loop(struct daemon *daemon)
{
	int result = block_signals();

	if (result >= 0)
		result = sd_event_new(&daemon->loop);
	if (result >= 0)
		result = sd_event_add_signal(daemon->loop, NULL, SIGTERM, on_stop_signal, daemon);
	if (result >= 0)
		result = sd_event_add_signal(daemon->loop, NULL, SIGINT, on_stop_signal, daemon);
	if (result >= 0)
		result = sd_event_add_signal(daemon->loop, NULL, SIGHUP, on_hangup, daemon);
	if (result >= 0)
		result = sd_event_add_io(daemon->loop, NULL, engine_fd(daemon->engine), EPOLLIN, on_cgroup_events,
					 daemon);
	if (result >= 0)
		result = sd_event_add_time(daemon->loop, &daemon->timer, CLOCK_MONOTONIC, 0, DEADLINE_ACCURACY,
					   on_deadline, daemon);
	return result;
}

static int run_until_stopped(struct daemon *daemon)
{
	struct error error;
	int code = EXIT_ERROR;
	int result = conclude(daemon, 0, NULL);

	if (result < 0)
		return result;
	log_info("ready");
	sd_notify(0, "READY=1\nSTATUS=Steering traffic by cgroup");
	code = sd_event_loop(daemon->loop);
	sd_notify(0, "STOPPING=1");
	if (code != EXIT_OK)
		return code;
	if (engine_stop(daemon->engine, &error) == 0)
		return EXIT_OK;
	log_error("%s", error.text);
	return EXIT_ERROR;
}

int cmd_daemon(const struct arguments *arguments)
{
	CLEANUP(engine_freep) struct engine *engine = load_engine(arguments);
	CLEANUP(sd_event_unrefp) sd_event *loop = NULL;
	CLEANUP(sd_event_source_unrefp) sd_event_source *timer = NULL;
	struct daemon daemon = {.engine = engine};
	struct error error;
	int result = 0;

	if (engine == NULL)
		return EXIT_ERROR;
	result = set_up_loop(&daemon);
	loop = daemon.loop;
	timer = daemon.timer;
	if (result >= 0 && engine_enforce(engine, &error) < 0) {
		log_error("%s", error.text);
		return EXIT_ERROR;
	}
	if (result >= 0)
		result = run_until_stopped(&daemon);
	if (result < 0)
		log_error("the event loop failed: %s", strerror(-result));
	return result < 0 ? EXIT_ERROR : result;
}
