/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TOP_SCREEN_H
#define CGTPROXY_TOP_SCREEN_H

#include "cmd/cmd.h"
#include "cmd/style.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

/* The terminal, with ncurses. */

struct screen {
	struct style style;
	void *terminal; /* ncurses' SCREEN; NULL while the screen is not open */
	bool has_colours;
	int signals; /* signalfd(2) */
};

/** What happened. */
enum screen_event {
	SCREEN_KEY,    /* a key was pressed */
	SCREEN_REDRAW, /* the screen has another size, or shows something else */
	SCREEN_TIME,   /* it is time */
	SCREEN_END,    /* a signal ends the program, or the terminal is gone */
};

struct screen_key {
	bool is_function; /* one of ncurses' KEY_* instead of a character */
	wint_t code;
};

/** Text attributes; they can be combined. */
enum {
	SCREEN_BOLD = 1,
	SCREEN_REVERSE = 2,
	SCREEN_UNDERLINE = 4,
};

/** Returns whether there is a terminal that can be used: 0, or a negative errno with @error. */
int screen_check(struct error *error);

/**
 * Takes over the terminal of stdin and stdout, and the signals SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT and SIGWINCH.
 *
 * Returns 0, or a negative errno with @error: there is no terminal, or none that can move the cursor.
 */
int screen_open(struct screen *screen, const struct arguments *arguments, struct error *error);

/** Gives the terminal back as it was; what was typed and not read is discarded. Does nothing if it is not open. */
void screen_close(struct screen *screen);

/**
 * Waits for a key, a signal, or a time. SIGTSTP gives the terminal back and stops the process, until it goes on.
 *
 * @due: on clock_now()'s clock
 * @key: set for SCREEN_KEY
 */
enum screen_event screen_wait(struct screen *screen, uint64_t due, struct screen_key *key);

size_t screen_width(void);
size_t screen_height(void);

/** Has the next picture drawn as a whole, in case something else has written to the terminal. */
void screen_clear(void);

/** Begins a new picture. */
void screen_begin(void);

/**
 * Puts a text on a line, cut with an ellipsis if it is wider than this.
 *
 * @text:       fit to be shown: from style_escape() or a constant
 * @attributes: SCREEN_*
 */
void screen_put(const struct screen *screen, size_t line, size_t left, size_t width, const char *text,
		enum colour colour, unsigned attributes);

/** Shows the picture. */
void screen_show(void);

#endif
