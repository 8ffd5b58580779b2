/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "top/keys.h"

#include "cmd/scroll.h"
#include "top/draw.h"
#include "top/list.h"

#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <string.h>
#include <unistr.h>

enum {
	CONTROL_L = 'L' & 0x1f,
	CONTROL_U = 'U' & 0x1f,
	ESCAPE = 0x1b,
	DELETE = 0x7f,
};

static bool is_character(const struct screen_key *key, wint_t character)
{
	return !key->is_function && key->code == character;
}

static bool is_function(const struct screen_key *key, wint_t code)
{
	return key->is_function && key->code == code;
}

static bool is_enter(const struct screen_key *key)
{
	return is_character(key, '\r') || is_character(key, '\n') || is_function(key, KEY_ENTER);
}

/* Returns whether a key is one of those that move. */
static bool read_motion(const struct screen_key *key, enum motion *motion)
{
	static const struct {
		struct screen_key key;
		enum motion motion;
	} motions[] = {
		{{true, KEY_UP}, MOTION_UP},	     {{false, 'k'}, MOTION_UP},
		{{true, KEY_DOWN}, MOTION_DOWN},     {{false, 'j'}, MOTION_DOWN},
		{{true, KEY_PPAGE}, MOTION_PAGE_UP}, {{true, KEY_NPAGE}, MOTION_PAGE_DOWN},
		{{false, ' '}, MOTION_PAGE_DOWN},    {{true, KEY_HOME}, MOTION_HOME},
		{{true, KEY_END}, MOTION_END},
	};

	for (size_t i = 0; i < sizeof(motions) / sizeof(motions[0]); i++) {
		if (motions[i].key.is_function == key->is_function && motions[i].key.code == key->code) {
			*motion = motions[i].motion;
			return true;
		}
	}
	return false;
}

static enum key_result refresh_list(struct top *top)
{
	if (list_refresh(top) < 0)
		message_set(&top->message, true, "no memory for the list");
	return KEY_RESULT_DRAW;
}

static enum key_result sort_by(struct top *top, enum row_order order)
{
	top->choice.is_reversed = top->choice.order == order && !top->choice.is_reversed;
	top->choice.order = order;
	return refresh_list(top);
}

static enum key_result open_menu(struct top *top)
{
	const struct row *row = list_selected(top);
	const char *target = row != NULL && row->traffic->route_count > 0 ? row->traffic->routes[0].target : "";

	if (row == NULL)
		return KEY_RESULT_DRAW;
	if (top->look.config == NULL) {
		message_set(&top->message, true, "the config has errors, so no route can be changed");
		return KEY_RESULT_DRAW;
	}
	if (menu_make(top->arguments, top->look.config, row->application, target, &top->menu) < 0) {
		menu_clear(&top->menu);
		message_set(&top->message, true, "no memory for the targets");
		return KEY_RESULT_DRAW;
	}
	top->mode = MODE_MENU;
	return KEY_RESULT_DRAW;
}

/* A reload takes up to some seconds. */
static void draw_waiting(struct top *top)
{
	message_set(&top->message, false, "changing the route ...");
	draw(top);
}

static enum key_result undo(struct top *top)
{
	if (top->look.config == NULL) {
		message_set(&top->message, true, "the config has errors, so no route can be changed");
		return KEY_RESULT_DRAW;
	}
	if (top->undo.choice.key != NULL)
		draw_waiting(top);
	change_undo(top->arguments, &top->screen.style, top->look.config, &top->undo, &top->message);
	return KEY_RESULT_LOOK;
}

static enum key_result set_filter(struct top *top, const char *filter, enum mode mode)
{
	strcpy(top->filter, filter); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy): "" or as long at most */
	top->mode = mode;
	return refresh_list(top);
}

static enum key_result press_in_list(struct top *top, const struct screen_key *key)
{
	enum motion motion = MOTION_UP;

	if (read_motion(key, &motion)) {
		top->selected = scroll_move(top->selected, motion, top->rows.count, top->page);
		return KEY_RESULT_DRAW;
	}
	if (is_enter(key))
		return open_menu(top);
	if (key->is_function)
		return KEY_RESULT_DRAW;
	switch (key->code) {
	case 'q':
		return KEY_RESULT_QUIT;
	case 't':
		return open_menu(top);
	case 'u':
		return undo(top);
	case '/':
		top->mode = MODE_FILTER;
		return KEY_RESULT_DRAW;
	case ESCAPE:
		return set_filter(top, "", MODE_LIST);
	case 'N':
		return sort_by(top, ROW_ORDER_NAME);
	case 'D':
		return sort_by(top, ROW_ORDER_DOWN);
	case 'U':
		return sort_by(top, ROW_ORDER_UP);
	case 'T':
		return sort_by(top, ROW_ORDER_TARGET);
	case 'a':
		top->choice.all = !top->choice.all;
		return refresh_list(top);
	case '?':
	case 'h':
		top->help_first = 0;
		top->mode = MODE_HELP;
		return KEY_RESULT_DRAW;
	default:
		return KEY_RESULT_DRAW;
	}
}

static void remove_character(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && ((unsigned char)text[length - 1] & 0xc0) == 0x80)
		length--;
	text[length > 0 ? length - 1 : 0] = '\0';
}

static void add_character(char *text, wint_t character)
{
	uint8_t bytes[6];
	const size_t length = strlen(text);
	const int count = u8_uctomb(bytes, character, sizeof(bytes));

	if (count <= 0 || length + (size_t)count >= FILTER_SIZE)
		return;
	memcpy(text + length, bytes, (size_t)count);
	text[length + (size_t)count] = '\0';
}

static enum key_result press_in_filter(struct top *top, const struct screen_key *key)
{
	enum motion motion = MOTION_UP;

	if (is_enter(key)) {
		top->mode = MODE_LIST;
		return KEY_RESULT_DRAW;
	}
	if (is_character(key, ESCAPE))
		return set_filter(top, "", MODE_LIST);
	if (is_function(key, KEY_BACKSPACE) || is_character(key, DELETE) || is_character(key, '\b'))
		remove_character(top->filter);
	else if (is_character(key, CONTROL_U))
		top->filter[0] = '\0';
	else if (key->is_function && read_motion(key, &motion))
		top->selected = scroll_move(top->selected, motion, top->rows.count, top->page);
	else if (!key->is_function && key->code >= ' ')
		add_character(top->filter, key->code);
	return refresh_list(top);
}

static enum key_result close_menu(struct top *top)
{
	menu_clear(&top->menu);
	top->mode = MODE_LIST;
	return KEY_RESULT_DRAW;
}

static enum key_result choose_target(struct top *top)
{
	draw_waiting(top);
	if (top->look.config != NULL)
		change_route(top->arguments, &top->screen.style, top->look.config, &top->menu.choice,
			     top->menu.items[top->menu.selected].target, &top->undo, &top->message);
	else
		message_set(&top->message, true, "the config has errors, so no route can be changed");
	close_menu(top);
	return KEY_RESULT_LOOK;
}

static enum key_result press_in_menu(struct top *top, const struct screen_key *key)
{
	enum motion motion = MOTION_UP;

	if (read_motion(key, &motion))
		top->menu.selected = scroll_move(top->menu.selected, motion, top->menu.count, top->page);
	else if (is_enter(key))
		return choose_target(top);
	else if (is_character(key, ESCAPE) || is_character(key, 'q'))
		return close_menu(top);
	return KEY_RESULT_DRAW;
}

static enum key_result press_in_help(struct top *top, const struct screen_key *key)
{
	enum motion motion = MOTION_UP;

	if (read_motion(key, &motion))
		top->help_first = scroll_move(top->help_first, motion, draw_help_lines(), top->page);
	else
		top->mode = MODE_LIST;
	return KEY_RESULT_DRAW;
}

enum key_result keys_press(struct top *top, const struct screen_key *key)
{
	top->message = (struct message){0};
	if (is_character(key, CONTROL_L)) {
		screen_clear();
		return KEY_RESULT_LOOK;
	}
	if (is_function(key, KEY_RESIZE))
		return KEY_RESULT_DRAW;
	switch (top->mode) {
	case MODE_LIST:
		return press_in_list(top, key);
	case MODE_FILTER:
		return press_in_filter(top, key);
	case MODE_MENU:
		return press_in_menu(top, key);
	case MODE_HELP:
		return press_in_help(top, key);
	}
	return KEY_RESULT_DRAW;
}
