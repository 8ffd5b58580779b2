/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/cmd.h"
#include "cmd/load.h"
#include "config/load.h"
#include "engine/engine.h"
#include "engine/events.h"
#include "engine/instance.h"
#include "inspect/lookout.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/slice.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

/*
 * Deadlines may be late by this much, so that what is due at about the same time is done together; in usec. Nearer
 * deadlines belong to work that is done in pieces.
 */
#define DEADLINE_ACCURACY UINT64_C(500000)
#define NEAR_DEADLINE_ACCURACY UINT64_C(1000)

/* In nsec; the least that the kernel accepts (kernel/sched/fair.c, __setparam_fair). */
#define SLICE UINT64_C(100000)

struct daemon;

/* An event source of the engine. */
struct source {
	struct daemon *daemon;
	struct event_source engine;
};

struct daemon {
	const struct arguments *arguments;
	struct engine *engine;
	struct lookout lookout;
	struct source sources[EVENTS_SOURCES_MAX];
	sd_event *loop;
	sd_event_source *timer;
	bool keep; /* the stop is a restart: leave everything in force */
};

static uint64_t next_deadline(const struct daemon *daemon)
{
	const uint64_t engine = events_deadline(daemon->engine);
	const uint64_t lookout = lookout_deadline(&daemon->lookout);

	return engine < lookout ? engine : lookout;
}

static int set_timer(struct daemon *daemon)
{
	uint64_t deadline = next_deadline(daemon);
	uint64_t now = 0;
	int result = 0;

	if (deadline == UINT64_MAX)
		return sd_event_source_set_enabled(daemon->timer, SD_EVENT_OFF);
	result = sd_event_now(daemon->loop, CLOCK_MONOTONIC, &now);
	if (result >= 0)
		result = sd_event_source_set_time_accuracy(
			daemon->timer, deadline > now + DEADLINE_ACCURACY ? DEADLINE_ACCURACY : NEAR_DEADLINE_ACCURACY);
	if (result >= 0)
		result = sd_event_source_set_time(daemon->timer, deadline);
	return result < 0 ? result : sd_event_source_set_enabled(daemon->timer, SD_EVENT_ONESHOT);
}

/*
 * Called after each action of the engine: sets the timer to its deadline. An error ends the loop; if it were returned,
 * sd-event would only disable the source.
 */
static int conclude(struct daemon *daemon, int result, struct error *error)
{
	if (result >= 0) {
		result = set_timer(daemon);
		if (result < 0)
			error_set(error, result, "can't set the event loop's timer: %s", strerror(-result));
	}
	if (result >= 0)
		return 0;
	log_error("%s", error->text);
	return sd_event_exit(daemon->loop, EXIT_ERROR);
}

static int on_events(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	const struct source *of = userdata;
	struct error error;
	int result = of->engine.handle(of->daemon->engine, &error);

	(void)source;
	(void)fd;
	(void)events;
	return conclude(of->daemon, result, &error);
}

/* The line that "systemctl status" shows. more: what else is to be said, in lines */
static void tell_status(struct daemon *daemon, const char *more)
{
	const char *news = lookout_news(&daemon->lookout);

	if (news != NULL)
		sd_notifyf(0, "%sSTATUS=%s", more, news);
	else if (*more != '\0')
		sd_notify(0, more);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *daemon = userdata;
	struct error error;
	int result = events_handle_deadline(daemon->engine, &error);

	if (result >= 0 && lookout_wants_to_know(&daemon->lookout, clock_now()) &&
	    events_others_committed(daemon->engine))
		lookout_disturb(&daemon->lookout, clock_now());
	if (result >= 0)
		lookout_handle_deadline(&daemon->lookout, daemon->engine, clock_now);
	tell_status(daemon, "");
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

/* Returns the config, or NULL; what is wrong is logged, and noted as a problem. */
static struct config *load_again(struct daemon *daemon)
{
	struct diagnostics diagnostics = {0};
	struct config *config = NULL;

	config_load(daemon->arguments->config, &config, &diagnostics);
	diagnostics_log(&diagnostics);
	if (config == NULL)
		lookout_refuse(&daemon->lookout, engine_instance(daemon->engine)->config->file, &diagnostics,
			       clock_now());
	diagnostics_clear(&diagnostics);
	return config;
}

static int on_handover_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	(void)info;
	log_info("SIGUSR1: stopping for a restart");
	daemon->keep = true;
	return sd_event_exit(daemon->loop, EXIT_OK);
}

static void look_anew(struct daemon *daemon)
{
	lookout_reload(&daemon->lookout, clock_now());
	lookout_count(&daemon->lookout, daemon->engine);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;
	struct config *config = NULL;
	struct error error;

	(void)source;
	(void)info;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_now());
	config = load_again(daemon);
	if (config == NULL)
		log_error("the new config is rejected; the previous one stays in force");
	else if (engine_reload(daemon->engine, config, &error) < 0)
		log_error("%s; the previous config stays in force", error.text);
	else
		look_anew(daemon);
	tell_status(daemon, "READY=1\n");
	return conclude(daemon, 0, &error);
}

static int block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	return sigprocmask(SIG_BLOCK, &signals, NULL) < 0 ? -errno : 0;
}

static int wait_for_engine(struct daemon *daemon)
{
	struct event_source sources[EVENTS_SOURCES_MAX];
	size_t count = events_sources(daemon->engine, sources);
	int result = 0;

	for (size_t i = 0; i < count && result >= 0; i++) {
		daemon->sources[i] = (struct source){daemon, sources[i]};
		result = sd_event_add_io(daemon->loop, NULL, sources[i].fd, EPOLLIN, on_events, &daemon->sources[i]);
	}
	return result;
}

/* Whoever restarts the daemon may send SIGTERM soon after SIGUSR1; when both wait, the first one counts. */
static int handle_handover(struct daemon *daemon)
{
	sd_event_source *source = NULL;
	int result = sd_event_add_signal(daemon->loop, &source, SIGUSR1, on_handover_signal, daemon);

	if (result >= 0)
		result = sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
	if (result >= 0)
		result = sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
	return result;
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
		result = handle_handover(daemon);
	if (result >= 0)
		result = sd_event_add_time(daemon->loop, &daemon->timer, CLOCK_MONOTONIC, 0, DEADLINE_ACCURACY,
					   on_deadline, daemon);
	return result;
}

/* An environment that makes no sense does not end a daemon whose table is in force. */
static int start_watchdog(sd_event *loop)
{
	if (sd_watchdog_enabled(0, NULL) >= 0)
		return sd_event_set_watchdog(loop, true);
	log_warning(
		"there is no watchdog: WATCHDOG_USEC in the environment has to be a number above 0, and WATCHDOG_PID, "
		"if it is set, a process id");
	return 0;
}

static int stop(struct daemon *daemon)
{
	struct error error;

	if (engine_stop(daemon->engine, daemon->keep, &error) == 0)
		return EXIT_OK;
	log_error("%s", error.text);
	return EXIT_ERROR;
}

static int run_until_stopped(struct daemon *daemon)
{
	int code = EXIT_ERROR;
	int result = wait_for_engine(daemon);

	if (result >= 0)
		result = set_timer(daemon);
	if (result >= 0)
		result = start_watchdog(daemon->loop);
	if (result < 0)
		return result;
	log_info("ready");
	lookout_count(&daemon->lookout, daemon->engine);
	tell_status(daemon, "READY=1\n");
	code = sd_event_loop(daemon->loop);
	sd_notify(0, "STOPPING=1");
	return code == EXIT_OK ? stop(daemon) : code;
}

static int enforce(struct daemon *daemon, struct error *error)
{
	int result = engine_enforce(daemon->engine, error);

	if (result < 0)
		return result;
	events_others_committed(daemon->engine); /* ignore earlier changes */
	lookout_begin(&daemon->lookout, clock_now());
	return 0;
}

/* A new cgroup should not have to wait for other tasks' time slices. */
static void shorten_slice(void)
{
	int result = slice_set(SLICE);

	if (result < 0)
		log_debug("can't shorten the CPU time slice: %s", strerror(-result));
}

static int run(struct daemon *daemon)
{
	struct error error;
	int result = set_up_loop(daemon);

	if (result >= 0 && enforce(daemon, &error) < 0) {
		log_error("%s", error.text);
		return EXIT_ERROR;
	}
	if (result >= 0)
		result = run_until_stopped(daemon);
	if (result < 0)
		log_error("the event loop failed: %s", strerror(-result));
	return result < 0 ? EXIT_ERROR : result;
}

/* To be read below the errors of the config. */
static int refuse_to_start(void)
{
	struct error error;
	int found = engine_find_leftovers(&error);

	if (found > 0)
		log_error(
			"can't start with this config; the rules of an earlier run stay in force, and new cgroups get "
			"none (\"cgtproxy clear\" removes everything)");
	else if (found == 0)
		log_error("can't start with this config; no rules are in force, and all traffic goes direct");
	else
		log_error("can't start with this config");
	return EXIT_CONFIG;
}

int cmd_daemon(const struct arguments *arguments)
{
	CLEANUP(engine_freep) struct engine *engine = NULL;
	struct config *config = load_config(arguments);
	struct daemon daemon = {.arguments = arguments};
	int code = EXIT_ERROR;

	if (config == NULL)
		return refuse_to_start();
	engine = load_engine_for(config);
	if (engine == NULL)
		return EXIT_ERROR;
	daemon.engine = engine;
	shorten_slice();
	lookout_init(&daemon.lookout);
	code = run(&daemon);
	lookout_close(&daemon.lookout);
	sd_event_source_unref(daemon.timer);
	sd_event_unref(daemon.loop);
	return code;
}
