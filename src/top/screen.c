/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "top/screen.h"

#include "cmd/columns.h"
#include "util/clock.h"
#include "util/suspend.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <term.h> /* after ncurses.h; it has macros of common names */

enum {
	ESCAPE_DELAY =
		25, /* msec until an escape character is the key of that name; terminals send sequences at once */
};

static int block_signals(struct screen *screen)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH};
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&signals, numbers[i]);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	screen->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return screen->signals < 0 ? -errno : 0;
}

int screen_check(struct error *error)
{
	const char *name = getenv("TERM");
	char *move = NULL;
	int found = 0;

	if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
		return error_set(error, -ENOTTY,
				 "top needs a terminal for its input and output; \"cgtproxy apps\" prints a list");
	if (name == NULL || *name == '\0')
		return error_set(error, -ENOTTY,
				 "top can't tell what kind of terminal this is, since TERM is not set; \"cgtproxy "
				 "apps\" prints a list");
	if (setupterm(NULL, STDOUT_FILENO, &found) == ERR)
		return error_set(error, -ENOTTY,
				 "top knows no terminal of the type that TERM has: set it to one that is installed, "
				 "such as TERM=xterm. \"cgtproxy apps\" prints a list");
	move = tigetstr("cup");
	del_curterm(cur_term);
	if (move == NULL || (intptr_t)move == -1)
		return error_set(error, -ENOTTY,
				 "this terminal can't move the cursor, according to TERM, so top can't run on it; "
				 "\"cgtproxy apps\" prints a list");
	return 0;
}

static void use_colours(struct screen *screen)
{
	static const struct {
		enum colour colour;
		short number;
	} colours[] = {
		{COLOUR_GOOD, COLOR_GREEN},
		{COLOUR_WARNING, COLOR_YELLOW},
		{COLOUR_BAD, COLOR_RED},
		{COLOUR_PROXY, COLOR_CYAN},
	};

	if (!screen->style.has_colours || !has_colors() || start_color() == ERR)
		return;
	screen->has_colours = true;
	use_default_colors();
	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		init_pair((short)colours[i].colour, colours[i].number, -1);
}

/* The size may have changed while we were stopped. */
static void adopt_size(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
	    (size.ws_row != LINES || size.ws_col != COLS))
		resizeterm(size.ws_row, size.ws_col);
}

int screen_open(struct screen *screen, const struct arguments *arguments, struct error *error)
{
	struct sigaction stop;
	int result = screen_check(error);

	if (result < 0)
		return result;
	setlocale(LC_CTYPE, ""); /* for ncurses and wide characters */
	screen->style = style_of_output(arguments);
	result = block_signals(screen);
	if (result < 0)
		return error_set(error, result, "can't receive signals: %s", strerror(-result));
	sigaction(SIGTSTP, NULL, &stop);
	screen->terminal = newterm(NULL, stdout, stdin);
	sigaction(SIGTSTP, &stop, NULL); /* ncurses has a handler of its own */
	if (screen->terminal == NULL) {
		close(screen->signals);
		return error_set(error, -ENOTTY, "can't use this terminal");
	}
	adopt_size(); /* ncurses prefers what the environment says */
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY);
	curs_set(0);
	use_colours(screen);
	return 0;
}

void screen_close(struct screen *screen)
{
	if (screen->terminal == NULL)
		return;
	flushinp();
	curs_set(1);
	endwin();
	delscreen(screen->terminal);
	close(screen->signals);
	screen->terminal = NULL;
}

static enum screen_event read_signal(const struct screen *screen)
{
	struct signalfd_siginfo info;

	if (read(screen->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return SCREEN_REDRAW;
	switch (info.ssi_signo) {
	case SIGTSTP:
		endwin();
		suspend_process();
		break;
	case SIGCONT:
	case SIGWINCH:
		break;
	default:
		return SCREEN_END;
	}
	adopt_size();
	if (info.ssi_signo != SIGWINCH) {
		reset_prog_mode();
		clearok(stdscr, TRUE);
	}
	return SCREEN_REDRAW;
}

static bool read_key(struct screen_key *key)
{
	const int result = get_wch(&key->code);

	key->is_function = result == KEY_CODE_YES;
	return result != ERR;
}

static int left_until(uint64_t due)
{
	const uint64_t now = clock_now();
	const uint64_t left = now < due ? (due - now + 999) / 1000 : 0;

	return left < INT_MAX ? (int)left : INT_MAX;
}

enum screen_event screen_wait(struct screen *screen, uint64_t due, struct screen_key *key)
{
	struct pollfd sources[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = screen->signals, .events = POLLIN}};

	for (;;) {
		int ready = 0;

		/* signals first: keys may come without end */
		ready = poll(sources + 1, 1, 0);
		if (ready > 0)
			return read_signal(screen);
		if (read_key(key))
			return SCREEN_KEY;
		ready = poll(sources, 2, left_until(due));
		if (ready == 0)
			return SCREEN_TIME;
		if (ready > 0 && (sources[0].revents & (POLLHUP | POLLERR | POLLNVAL)))
			return SCREEN_END;
	}
}

size_t screen_width(void)
{
	return (size_t)COLS;
}

size_t screen_height(void)
{
	return (size_t)LINES;
}

void screen_clear(void)
{
	clearok(stdscr, TRUE);
}

void screen_begin(void)
{
	erase();
}

static attr_t attributes_of(const struct screen *screen, enum colour colour, unsigned attributes)
{
	attr_t result = A_NORMAL;

	if ((attributes & SCREEN_BOLD) || colour == COLOUR_WARNING || colour == COLOUR_BAD || colour == COLOUR_HEADING)
		result |= A_BOLD;
	if (attributes & SCREEN_REVERSE)
		result |= A_REVERSE;
	if (attributes & SCREEN_UNDERLINE)
		result |= A_UNDERLINE;
	if (colour == COLOUR_FAINT)
		result |= A_DIM;
	else if (screen->has_colours && colour != COLOUR_NONE && colour != COLOUR_HEADING)
		result |= (attr_t)COLOR_PAIR(colour);
	return result;
}

void screen_put(const struct screen *screen, size_t line, size_t left, size_t width, const char *text,
		enum colour colour, unsigned attributes)
{
	const char *ellipsis = screen->style.has_unicode ? "\u2026" : "...";
	size_t used = text_width(text);
	const bool is_cut = used > width;
	size_t length = strlen(text);

	if (line >= screen_height() || left >= screen_width() || width == 0)
		return;
	if (is_cut)
		length = text_fitting(text, width > text_width(ellipsis) ? width - text_width(ellipsis) : 0, &used);
	attrset((int)attributes_of(screen, colour, attributes));
	mvaddnstr((int)line, (int)left, text, (int)length);
	if (is_cut)
		addnstr(ellipsis, screen->style.has_unicode ? -1 : (int)width);
	attrset((int)A_NORMAL);
}

void screen_show(void)
{
	refresh();
}
