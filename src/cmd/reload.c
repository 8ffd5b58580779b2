/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/reload.h"

#include "config/load.h"
#include "inspect/running.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/language.h"
#include "util/log.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>

#define PATIENCE (5 * USEC_PER_SEC)
#define POLL_INTERVAL 50000000L /* nsec */

static void pause_shortly(void)
{
	const struct timespec interval = {.tv_nsec = POLL_INTERVAL};

	nanosleep(&interval, NULL);
}

static bool await_other_load(const char *comment)
{
	const uint64_t end = clock_now() + PATIENCE;
	struct running running;
	struct error error;

	do {
		pause_shortly();
		if (running_read(&running, &error) == 0 && running.port != 0 && strcmp(running.comment, comment) != 0)
			return true;
	} while (clock_now() < end);
	return false;
}

/* A daemon with the built-in config, "", reads the default file when it reloads, and one with that file does without.
 */
static bool is_same_file(const char *one, const char *other)
{
	CLEANUP(freep) char *usual = config_default_path();

	if (usual == NULL)
		return strcmp(one, other) == 0;
	return strcmp(*one != '\0' ? one : usual, *other != '\0' ? other : usual) == 0;
}

enum reload reload_daemon(const struct config *config)
{
	CLEANUP(closep) int process = -1;
	struct running running;
	struct error error;

	if (running_read(&running, &error) < 0) {
		log_debug("%s", error.text);
		return RELOAD_NOT_PERMITTED;
	}
	if (running.port == 0)
		return RELOAD_NOT_RUNNING;
	if (!is_same_file(running.stamp.file, config->file != NULL ? config->file : ""))
		return RELOAD_OTHER_CONFIG;
	process = running_open(&running);
	if (process < 0)
		return RELOAD_NOT_PERMITTED;
	if (pidfd_send_signal(process, SIGHUP, NULL, 0) < 0)
		return RELOAD_NOT_PERMITTED;
	return await_other_load(running.comment) ? RELOAD_DONE : RELOAD_TIMED_OUT;
}

const char *reload_text(enum reload reload)
{
	switch (reload) {
	case RELOAD_DONE:
		break;
	case RELOAD_NOT_RUNNING:
		return _("cgtproxy is not running; this takes effect when it starts (sudo systemctl start cgtproxy)");
	case RELOAD_OTHER_CONFIG:
		return _("the running daemon uses another config (see cgtproxy status), so this has no effect");
	case RELOAD_NOT_PERMITTED:
		return _("no permission to reload the daemon: sudo systemctl reload cgtproxy");
	case RELOAD_TIMED_OUT:
		return _("the daemon has not applied the new rules; see journalctl -u cgtproxy");
	}
	return NULL;
}
