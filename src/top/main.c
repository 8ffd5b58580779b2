/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The program behind "cgtproxy top": what runs, where its traffic goes, and how fast, on the whole screen. A program of
 * its own, so that the daemon does not load ncurses.
 */

#include "cmd/output.h"
#include "top/draw.h"
#include "top/keys.h"
#include "top/list.h"
#include "util/clock.h"
#include "util/language.h"
#include "util/log.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t interval = USEC_PER_SEC;

/* What is logged meanwhile becomes the trouble shown. */
static int look(struct top *top, struct error *error)
{
	struct look next = {0};
	int result = 0;

	top->trouble = (struct message){0};
	result = look_take(top->arguments, &top->entries, top->look.rates != NULL ? &top->look : NULL, &next, error);
	if (result == 0) {
		result = list_show(top, &next);
		if (result < 0)
			error_set(error, result, "no memory for the list");
	}
	look_clear(&next);
	return result;
}

/* Warnings of a config that is valid are for "cgtproxy check". */
static void look_again(struct top *top)
{
	struct error error;

	log_redirect(message_receive, &top->trouble);
	if (look(top, &error) < 0)
		message_set(&top->trouble, true, "%s", error.text);
	else if (top->look.config != NULL)
		top->trouble = (struct message){0};
	log_redirect(message_receive, &top->message);
}

static void run(struct top *top)
{
	uint64_t due = clock_now() + interval;

	for (;;) {
		struct screen_key key;
		enum screen_event event = SCREEN_REDRAW;
		enum key_result result = KEY_RESULT_DRAW;

		draw(top);
		event = screen_wait(&top->screen, due, &key);
		if (event == SCREEN_END)
			return;
		if (event == SCREEN_KEY)
			result = keys_press(top, &key);
		if (result == KEY_RESULT_QUIT)
			return;
		if (event == SCREEN_TIME || result == KEY_RESULT_LOOK) {
			look_again(top);
			due = clock_now() + interval;
		}
	}
}

static void top_clear(struct top *top)
{
	menu_clear(&top->menu);
	undo_clear(&top->undo);
	free(top->rows.items);
	look_clear(&top->look);
	desktop_entries_clear(&top->entries);
}

static int start(const struct arguments *arguments)
{
	struct top top = {.arguments = arguments, .choice = {.order = ROW_ORDER_DOWN}};
	struct error error;
	int result = screen_check(&error);

	/* errors that leave nothing to show come before the screen is taken over */
	if (result == 0)
		result = look(&top, &error);
	if (result == 0)
		result = screen_open(&top.screen, arguments, &error);
	if (result == 0) {
		look_again(&top);
		run(&top);
		screen_close(&top.screen);
		log_redirect(NULL, NULL);
	} else {
		log_error("%s", error.text);
	}
	top_clear(&top);
	return result == 0 ? EXIT_OK : EXIT_ERROR;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {0}};
	struct arguments arguments = {0};
	int option = 0;

	output_open();
	language_open();
	log_open();
	while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		if (option != 'c')
			return EXIT_USAGE;
		arguments.config = optarg;
	}
	if (optind < argc) {
		log_error("this program belongs to \"cgtproxy top\" and takes nothing but -c FILE");
		return EXIT_USAGE;
	}
	return start(&arguments);
}
