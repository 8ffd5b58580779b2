/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/output.h"
#include "cmd/status.h"
#include "util/cleanup.h"
#include "util/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* xterm's sequences, known to all current terminals: alternate screen, no cursor, no line wrapping. */
#define SCREEN_ENTER "\x1b[?1049h\x1b[?25l\x1b[?7l"
#define SCREEN_LEAVE "\x1b[?7h\x1b[?25h\x1b[?1049l"
#define SCREEN_HOME "\x1b[H"
#define LINE_CLEAR "\x1b[K"
#define REST_CLEAR "\x1b[J"

static const uint64_t interval = USEC_PER_SEC;

struct screen {
	bool is_terminal;
	struct style style;
	bool has_settings;
	struct termios settings; /* to be restored */
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

/* Overwrites the screen line by line, to avoid flicker; lines that don't fit are left out. */
static void screen_draw(const char *text)
{
	struct winsize size = {0};
	unsigned rows = 24;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0)
		rows = size.ws_row;
	fputs(SCREEN_HOME, stdout);
	for (unsigned row = 0; row < rows && *text != '\0'; row++) {
		size_t length = strcspn(text, "\n");

		printf("%s%.*s" LINE_CLEAR, row > 0 ? "\r\n" : "", (int)length, text);
		text += length + (text[length] == '\n');
	}
	fputs(REST_CLEAR, stdout);
}

static int show(const struct status *status, const struct status *before, bool json, const struct screen *screen)
{
	CLEANUP(freep) char *text = NULL;
	size_t size = 0;
	FILE *out = NULL;

	if (json)
		return status_write_json(status, before, JSON_FORMAT_SHORT, stdout);
	out = open_memstream(&text, &size);
	if (out == NULL)
		return -ENOMEM;
	status_write_text(status, before, &screen->style, out);
	if (fclose(out) != 0)
		return -ENOMEM;
	if (screen->is_terminal)
		screen_draw(text);
	else
		printf("%s\n", text);
	return 0;
}

/* Waits until the next look is due or the terminal was resized. Returns whether to go on. */
static bool await_next(struct screen *screen, const sigset_t *signals, uint64_t due)
{
	for (;;) {
		const uint64_t now = clock_now();
		struct timespec left;
		int number = 0;

		if (now >= due)
			return true;
		left.tv_sec = (time_t)((due - now) / USEC_PER_SEC);
		left.tv_nsec = (long)((due - now) % USEC_PER_SEC) * 1000;
		number = sigtimedwait(signals, NULL, &left);
		if (number == SIGTSTP) {
			screen_leave(screen);
			kill(getpid(), SIGSTOP);
			screen_enter(screen);
			return true;
		}
		if (number == SIGWINCH)
			return true;
		if (number > 0)
			return false;
	}
}

static int watch(const char *file, bool json, struct screen *screen, const sigset_t *signals, struct error *error)
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
	} while (await_next(screen, signals, due));
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
	screen_enter(&screen);
	result = watch(arguments->config, json, &screen, &signals, error);
	screen_leave(&screen);
	return result;
}
