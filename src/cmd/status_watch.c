/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/output.h"
#include "cmd/pane.h"
#include "cmd/status.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/suspend.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* xterm's sequences, known to all current terminals: alternate screen, no cursor, no line wrapping. */
#define SCREEN_ENTER "\x1b[?1049h\x1b[?25l\x1b[?7l"
#define SCREEN_LEAVE "\x1b[?7h\x1b[?25h\x1b[?1049l"

enum { KEYS_SIZE = 64 };

static const uint64_t interval = USEC_PER_SEC;

struct screen {
	bool is_terminal;
	struct style style;
	int signals; /* signalfd(2) */
	bool has_settings;
	struct termios settings; /* to be restored */
	struct pane pane;
	char *text; /* the last shown, or NULL */
};

static void screen_enter(struct screen *screen)
{
	struct termios quiet;

	if (!screen->is_terminal)
		return;
	screen->has_settings = tcgetattr(STDIN_FILENO, &screen->settings) == 0;
	if (screen->has_settings) {
		quiet = screen->settings;
		quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
		tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	}
	fputs(SCREEN_ENTER, stdout);
	fflush(stdout);
}

static void screen_leave(struct screen *screen)
{
	if (!screen->is_terminal)
		return;
	/* pending input is discarded */
	if (screen->has_settings)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &screen->settings);
	fputs(SCREEN_LEAVE, stdout);
	fflush(stdout);
}

static void screen_draw(struct screen *screen)
{
	struct winsize size = {0};
	const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0;

	screen->pane.rows = is_known ? size.ws_row : 24;
	screen->pane.columns = is_known ? size.ws_col : 80;
	if (screen->text != NULL)
		pane_draw(&screen->pane, screen->text, &screen->style, stdout);
	fflush(stdout);
}

static int show(const struct status *status, const struct status *before, bool json, struct screen *screen)
{
	CLEANUP(freep) char *text = NULL;
	size_t size = 0;
	FILE *out = NULL;
	int result = 0;

	if (json)
		return status_write_json(status, before, JSON_FORMAT_SHORT, stdout);
	out = open_memstream(&text, &size);
	if (out == NULL)
		return -ENOMEM;
	result = status_write_text(status, before, &screen->style, out);
	if (fclose(out) != 0 || result < 0)
		return -ENOMEM;
	if (!screen->is_terminal) {
		printf("%s\n", text);
		return 0;
	}
	free(screen->text);
	screen->text = text;
	text = NULL;
	screen_draw(screen);
	return 0;
}

/* Returns whether to go on. */
static bool read_signal(struct screen *screen)
{
	struct signalfd_siginfo info;

	if (read(screen->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return true;
	if (info.ssi_signo == SIGTSTP) {
		screen_leave(screen);
		suspend_process();
		screen_enter(screen);
	} else if (info.ssi_signo != SIGWINCH) {
		return false;
	}
	screen_draw(screen);
	return true;
}

/* Returns whether to go on. */
static bool read_keys(struct screen *screen)
{
	char keys[KEYS_SIZE];
	const ssize_t length = read(STDIN_FILENO, keys, sizeof(keys));

	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	/* the terminal is gone */
	if (length <= 0)
		return false;
	if (!pane_press(&screen->pane, screen->text, keys, (size_t)length))
		return false;
	screen_draw(screen);
	return true;
}

static int left_until(uint64_t due)
{
	const uint64_t now = clock_now();

	return now < due ? (int)((due - now + 999) / 1000) : 0;
}

/* Waits until the next look is due, and does what keys and signals say. Returns whether to go on. */
static bool await_next(struct screen *screen, uint64_t due)
{
	struct pollfd sources[] = {
		{.fd = screen->signals, .events = POLLIN},
		{.fd = screen->is_terminal && screen->has_settings ? STDIN_FILENO : -1, .events = POLLIN}};

	for (;;) {
		const int ready = poll(sources, 2, left_until(due));

		if (ready == 0)
			return true;
		if (ready > 0 && sources[0].revents != 0 && !read_signal(screen))
			return false;
		if (ready > 0 && sources[1].revents != 0 && !read_keys(screen))
			return false;
	}
}

static int watch(const char *file, bool json, struct screen *screen, struct error *error)
{
	CLEANUP(status_clear) struct status before = {0};
	bool has_before = false;
	uint64_t due = 0;

	do {
		CLEANUP(status_clear) struct status status = {0};
		int result = status_read(file, has_before ? &before : NULL, &status, error);

		if (result < 0)
			return result;
		result = show(&status, has_before ? &before : NULL, json, screen);
		if (result < 0)
			return error_set(error, result, "no memory to show the status");
		if (!output_flush())
			return 0;
		status_clear(&before);
		before = status;
		status = (struct status){0};
		has_before = true;
		due = clock_now() + interval;
	} while (await_next(screen, due));
	return 0;
}

int status_watch(const struct arguments *arguments, struct error *error)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	bool json = arguments->json != JSON_FORMAT_OFF;
	struct screen screen = {.is_terminal = !json && isatty(STDOUT_FILENO) == 1,
				.style = style_of_output(arguments)};
	sigset_t signals;
	int result = 0;

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaddset(&signals, ends[i]);
	if (screen.is_terminal) {
		sigaddset(&signals, SIGTSTP);
		sigaddset(&signals, SIGWINCH);
	}
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return error_set(error, -errno, "can't block signals: %s", strerror(errno));
	screen.signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (screen.signals < 0)
		return error_set(error, -errno, "can't receive signals: %s", strerror(errno));
	screen_enter(&screen);
	result = watch(arguments->config, json, &screen, error);
	screen_leave(&screen);
	close(screen.signals);
	free(screen.text);
	return result;
}
