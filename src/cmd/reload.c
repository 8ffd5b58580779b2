/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/reload.h"

#include "inspect/status.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

enum {
	POLLS = 100,
	POLL_INTERVAL = 50 * 1000 * 1000, /* nsec */
};

static void pause_shortly(void)
{
	const struct timespec interval = {.tv_nsec = POLL_INTERVAL};

	nanosleep(&interval, NULL);
}

/* The daemon's table says when its config was read, in seconds. A reload within the second of the last is waited for.
 */
static bool is_in_force(time_t begin)
{
	CLEANUP(status_clear) struct status status = {0};
	struct error error;

	return status_read(NULL, NULL, &status, &error) == 0 && status.loaded >= begin &&
	       status.config != STATUS_CONFIG_CHANGED;
}

/* A time in seconds that the last load was not in. */
static time_t begin_after(time_t loaded)
{
	while (time(NULL) <= loaded)
		pause_shortly();
	return time(NULL);
}

enum reload reload_daemon(const struct config *config)
{
	CLEANUP(status_clear) struct status status = {0};
	struct error error;
	time_t begin = 0;
	int result = status_read(NULL, NULL, &status, &error);

	if (result < 0) {
		log_debug("%s", error.text);
		return RELOAD_NOT_PERMITTED;
	}
	if (!status.is_running)
		return RELOAD_NOT_RUNNING;
	if (strcmp(status.file, config->file != NULL ? config->file : "") != 0)
		return RELOAD_OTHER_CONFIG;
	begin = begin_after(status.loaded);
	if (kill((pid_t)status.pid, SIGHUP) < 0)
		return RELOAD_NOT_PERMITTED;
	for (int i = 0; i < POLLS; i++) {
		if (is_in_force(begin))
			return RELOAD_DONE;
		pause_shortly();
	}
	return RELOAD_TIMED_OUT;
}

const char *reload_text(enum reload reload)
{
	switch (reload) {
	case RELOAD_DONE:
		break;
	case RELOAD_NOT_RUNNING:
		return "cgtproxy is not running; this takes effect when it starts (systemctl start cgtproxy)";
	case RELOAD_OTHER_CONFIG:
		return "the running daemon uses another config (see cgtproxy status), so this has no effect";
	case RELOAD_NOT_PERMITTED:
		return "no permission to reload the daemon: sudo systemctl reload cgtproxy";
	case RELOAD_TIMED_OUT:
		return "the daemon has not applied the new rules; see journalctl -u cgtproxy";
	}
	return NULL;
}
