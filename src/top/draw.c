/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "top/draw.h"

#include "cmd/apps.h"
#include "cmd/columns.h"
#include "cmd/scroll.h"
#include "top/layout.h"
#include "util/amount.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	CELL_SIZE = 24,
	LINES_MAX = 8, /* of a notice or a message */
	MENU_NAME = 12,
};

static const char *const headings[TOP_COLUMNS] = {
	[TOP_NAME] = N_("NAME"),       [TOP_USER] = N_("USER"),	  [TOP_TARGET] = N_("TARGET"), [TOP_RULE] = N_("RULE"),
	[TOP_SOCKETS] = N_("SOCKETS"), [TOP_DOWN] = N_("DOWN/S"), [TOP_UP] = N_("UP/S"),
};

static const enum top_column sorted_columns[] = {
	[ROW_ORDER_NAME] = TOP_NAME,
	[ROW_ORDER_DOWN] = TOP_DOWN,
	[ROW_ORDER_UP] = TOP_UP,
	[ROW_ORDER_TARGET] = TOP_TARGET,
};

/* Each line fits on a narrow terminal. */
static const char help[] = N_("Up Down PgUp PgDn Home End\n"
			      "k j      choose a row\n"
			      "Enter t  choose a target for it, as\n"
			      "         \"cgtproxy route\" does\n"
			      "u        undo the last change\n"
			      "/        show what has a text in its\n"
			      "         name, user, ID or target\n"
			      "Esc      show all again\n"
			      "N D U T  sort by name, rate down, rate\n"
			      "         up, target; again: reverse\n"
			      "a        also show what has no sockets\n"
			      "Ctrl-L   draw the screen again\n"
			      "q Ctrl-C quit\n"
			      "\n"
			      "Rates are TCP data of the last second,\n"
			      "within this host as well. +1 behind a\n"
			      "target: some sockets have another.");

static const char hints[] = N_("Enter target  / filter  u undo  NDUT sort  a all  ? help  q quit");
static const char hints_with_filter[] =
	N_("Enter target  / filter  Esc no filter  u undo  NDUT sort  a all  ? help  q quit");

size_t draw_help_lines(void)
{
	size_t lines = 1;

	for (const char *text = _(help); *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

/* The texts of a row; to be freed. */
struct cells {
	char *texts[TOP_COLUMNS];
	enum colour target_colour;
};

static void cells_clear(struct cells *cells)
{
	for (size_t i = 0; i < TOP_COLUMNS; i++)
		free(cells->texts[i]);
}

static char *text_of_rate(double rate)
{
	char amount[AMOUNT_SIZE];

	return strdup(amount_write(rate, amount));
}

static char *text_of_number(uint64_t number)
{
	char *text = NULL;

	return asprintf(&text, "%" PRIu64, number) >= 0 ? text : NULL;
}

/* The target with the most sockets, and how many others have any. */
static char *text_of_target(const struct style *style, const struct application_traffic *traffic)
{
	CLEANUP(freep) char *name = style_escape(style, traffic->routes[0].target, strlen(traffic->routes[0].target));
	char *text = NULL;
	size_t others = 0;

	for (size_t i = 1; i < traffic->route_count; i++)
		others += traffic->routes[i].sockets > 0 &&
			  strcmp(traffic->routes[i].target, traffic->routes[0].target) != 0;
	if (name == NULL || others == 0)
		return name != NULL ? strdup(name) : NULL;
	return asprintf(&text, "%s +%zu", name, others) >= 0 ? text : NULL;
}

/* Cells without memory stay empty. */
static void fill(const struct style *style, const struct row *row, struct cells *cells)
{
	const struct application *application = row->application;
	const struct application_traffic *traffic = row->traffic;

	cells->texts[TOP_NAME] = style_escape(style, application->name, strlen(application->name));
	if (application->user != NULL)
		cells->texts[TOP_USER] = style_escape(style, application->user, strlen(application->user));
	if (traffic->route_count > 0) {
		cells->texts[TOP_TARGET] = text_of_target(style, traffic);
		cells->target_colour = apps_colour(traffic->routes[0].target);
		if (traffic->routes[0].rule != NO_RULE)
			cells->texts[TOP_RULE] = text_of_number((uint64_t)traffic->routes[0].rule + 1);
	}
	cells->texts[TOP_SOCKETS] = text_of_number(traffic->sockets);
	cells->texts[TOP_DOWN] = text_of_rate(row->rate.received);
	cells->texts[TOP_UP] = text_of_rate(row->rate.sent);
}

/* By all rows and not only those shown, so that nothing moves when they are scrolled. */
static void measure(const struct top *top, size_t wanted[TOP_COLUMNS])
{
	for (size_t i = 0; i < TOP_COLUMNS; i++)
		wanted[i] = text_width(_(headings[i]));
	wanted[TOP_DOWN] = wanted[TOP_UP] = text_width("999.9 MB");
	for (size_t row = 0; row < top->rows.count; row++) {
		CLEANUP(cells_clear) struct cells cells = {0};

		fill(&top->screen.style, &top->rows.items[row], &cells);
		for (size_t i = 0; i < TOP_COLUMNS; i++) {
			const size_t width = cells.texts[i] != NULL ? text_width(cells.texts[i]) : 0;

			if (width > wanted[i])
				wanted[i] = width;
		}
	}
}

static bool is_number(enum top_column column)
{
	return column == TOP_RULE || column == TOP_SOCKETS || column == TOP_DOWN || column == TOP_UP;
}

static void put_cell(const struct screen *screen, size_t line, enum top_column column, const struct top_place *place,
		     const char *text, enum colour colour, unsigned attributes)
{
	const size_t used = text_width(text);
	const size_t shift = is_number(column) && used < place->width ? place->width - used : 0;

	screen_put(screen, line, place->left + shift, place->width - shift, text, colour, attributes);
}

static void draw_headings(const struct top *top, size_t line, const struct top_place *places)
{
	for (size_t i = 0; i < TOP_COLUMNS; i++)
		put_cell(&top->screen, line, (enum top_column)i, &places[i], _(headings[i]), COLOUR_HEADING,
			 sorted_columns[top->choice.order] == i ? SCREEN_UNDERLINE : 0);
}

static void draw_row(const struct top *top, size_t line, size_t row, const struct top_place *places)
{
	CLEANUP(cells_clear) struct cells cells = {0};
	const bool is_selected = row == top->selected;

	fill(&top->screen.style, &top->rows.items[row], &cells);
	if (is_selected)
		screen_put(&top->screen, line, 0, screen_width(), "> ", COLOUR_NONE, SCREEN_BOLD);
	for (size_t i = 0; i < TOP_COLUMNS; i++) {
		const enum colour colour = i == TOP_TARGET ? cells.target_colour : COLOUR_NONE;

		if (cells.texts[i] != NULL)
			put_cell(&top->screen, line, (enum top_column)i, &places[i], cells.texts[i], colour,
				 is_selected && i == TOP_NAME ? SCREEN_REVERSE : 0);
	}
}

static void draw_list(struct top *top, size_t line, const struct top_lines *lines)
{
	struct top_place places[TOP_COLUMNS];
	size_t wanted[TOP_COLUMNS];

	measure(top, wanted);
	layout_columns(screen_width(), wanted, places);
	if (lines->headings > 0)
		draw_headings(top, line++, places);
	top->page = lines->list;
	top->first = scroll_fit(top->first, top->selected, top->rows.count, lines->list);
	if (top->rows.count == 0 && lines->list > 0)
		screen_put(&top->screen, line, 2, screen_width() - 2,
			   *top->filter != '\0' ? _("nothing has this text; Esc shows all")
						: _("nothing has sockets; a shows all that runs"),
			   COLOUR_FAINT, 0);
	for (size_t i = 0; i < lines->list && top->first + i < top->rows.count; i++)
		draw_row(top, line + i, top->first + i, places);
}

static void draw_menu(struct top *top, size_t line, size_t height)
{
	const struct menu *menu = &top->menu;
	const size_t first = scroll_fit(0, menu->selected, menu->count, height);

	for (size_t i = first; i < menu->count && i - first < height; i++) {
		const struct menu_item *item = &menu->items[i];
		CLEANUP(freep) char *text = NULL;
		const char *name = item->target != NULL ? item->target : _("no rule");
		const size_t width = text_width(name);
		const bool is_selected = i == menu->selected;

		if (asprintf(&text, "%s%s%*s  %s", is_selected ? "> " : "  ", name,
			     width < MENU_NAME ? (int)(MENU_NAME - width) : 0, "", item->text) >= 0)
			screen_put(&top->screen, line + i - first, 0, screen_width(), text,
				   item->target != NULL ? apps_colour(item->target) : COLOUR_NONE,
				   is_selected ? SCREEN_REVERSE : 0);
	}
}

/* How many lines a text takes; up to LINES_MAX. */
static size_t count_lines(const char *text)
{
	size_t lines = 0;

	while (*text != '\0' && lines < LINES_MAX) {
		const size_t length = layout_wrap(text, screen_width());

		if (length == 0)
			break;
		text += length;
		text += strspn(text, " ");
		lines++;
	}
	return lines;
}

static void draw_wrapped(const struct top *top, size_t line, size_t lines, const char *text, enum colour colour)
{
	for (size_t i = 0; i < lines && *text != '\0'; i++) {
		const size_t length = i + 1 < lines ? layout_wrap(text, screen_width()) : strlen(text);
		CLEANUP(freep) char *part = strndup(text, length);

		if (part != NULL)
			screen_put(&top->screen, line + i, 0, screen_width(), part, colour, 0);
		text += length;
		text += strspn(text, " ");
	}
}

static void draw_help(struct top *top, size_t line, size_t height)
{
	const size_t lines = draw_help_lines();
	const char *text = _(help);

	top->help_first = scroll_fit(top->help_first, top->help_first, lines, height);
	top->page = height;
	for (size_t i = 0; i < lines && i < top->help_first + height; i++) {
		const size_t length = strcspn(text, "\n");
		CLEANUP(freep) char *part = strndup(text, length);

		if (i >= top->help_first && part != NULL)
			screen_put(&top->screen, line + i - top->help_first, 0, screen_width(), part, COLOUR_NONE, 0);
		text += length + 1;
	}
}

/* @filter: what is to be told of it, or "" */
static char *title_of(const struct top *top, const char *filter)
{
	static const char *const orders[] = {
		[ROW_ORDER_NAME] = N_("by name"),
		[ROW_ORDER_DOWN] = N_("by down"),
		[ROW_ORDER_UP] = N_("by up"),
		[ROW_ORDER_TARGET] = N_("by target"),
	};
	struct traffic_rate sum = {0};
	char down[AMOUNT_SIZE];
	char up[AMOUNT_SIZE];
	char *text = NULL;

	for (size_t i = 0; i < top->rows.count; i++) {
		sum.received += top->rows.items[i].rate.received;
		sum.sent += top->rows.items[i].rate.sent;
	}
	return asprintf(&text, _("cgtproxy top: %s%zu of %zu, %s/s down, %s/s up, %s%s"), filter, top->rows.count,
			top->look.applications.count, amount_write(sum.received, down), amount_write(sum.sent, up),
			_(orders[top->choice.order]), top->choice.is_reversed ? _(" reversed") : "") >= 0
		       ? text
		       : NULL;
}

static char *menu_title(const struct top *top)
{
	const struct choice *choice = &top->menu.choice;
	CLEANUP(freep) char *name = style_escape(&top->screen.style, choice->name, strlen(choice->name));
	CLEANUP(freep) char *value = style_escape(&top->screen.style, choice->value, strlen(choice->value));
	char *text = NULL;

	return asprintf(&text, _("Target of %s (%s:%s)"), name != NULL ? name : "", choice->key,
			value != NULL ? value : "") >= 0
		       ? text
		       : NULL;
}

static bool is_filtered(const struct top *top)
{
	return top->mode == MODE_LIST && *top->filter != '\0';
}

/* The filter with something behind it. To be freed. */
static char *filter_text(const struct top *top, const char *behind)
{
	CLEANUP(freep) char *filter = style_escape(&top->screen.style, top->filter, strlen(top->filter));
	char *text = NULL;

	return asprintf(&text, "/%s%s", filter != NULL ? filter : "", behind) >= 0 ? text : NULL;
}

/* What is above all, or NULL. To be freed. */
static char *head_of(const struct top *top)
{
	CLEANUP(freep) char *filter = filter_text(top, "");
	CLEANUP(freep) char *before = NULL;

	if (top->mode == MODE_MENU)
		return menu_title(top);
	if (!is_filtered(top) || filter == NULL || asprintf(&before, _("%s, "), filter) < 0)
		return title_of(top, "");
	return title_of(top, before);
}

/* What is at the bottom; @colour is set. To be freed. */
static char *bottom_of(const struct top *top, enum colour *colour)
{
	*colour = COLOUR_FAINT;
	if (*top->message.text != '\0') {
		*colour = top->message.is_error ? COLOUR_WARNING : COLOUR_HEADING;
		return style_escape(&top->screen.style, top->message.text, strlen(top->message.text));
	}
	if (top->mode == MODE_MENU)
		return strdup(_("Enter sets it  Esc cancels"));
	if (top->mode == MODE_HELP)
		return strdup(_("Esc closes the help"));
	if (top->mode == MODE_FILTER)
		return filter_text(top, "_");
	return strdup(is_filtered(top) ? _(hints_with_filter) : _(hints));
}

/* What is above the list, or NULL. To be freed. */
static char *notice_of(const struct top *top)
{
	const char *text = *top->trouble.text != '\0' ? top->trouble.text : apps_notice(&top->look.traffic);

	return text != NULL ? style_escape(&top->screen.style, text, strlen(text)) : NULL;
}

void draw(struct top *top)
{
	enum colour colour = COLOUR_NONE;
	CLEANUP(freep) char *bottom = bottom_of(top, &colour);
	CLEANUP(freep) char *title = head_of(top);
	CLEANUP(freep) char *notice = notice_of(top);
	const bool has_message = *top->message.text != '\0';
	struct top_lines lines = layout_lines(screen_height(), notice != NULL ? count_lines(notice) : 0,
					      has_message && bottom != NULL ? count_lines(bottom) : 1);
	size_t line = lines.title;

	screen_begin();
	if (lines.title > 0 && title != NULL)
		screen_put(&top->screen, 0, 0, screen_width(), title, COLOUR_HEADING, 0);
	if (notice != NULL)
		draw_wrapped(top, line, lines.notice, notice, COLOUR_WARNING);
	line += lines.notice;
	if (top->mode == MODE_MENU)
		draw_menu(top, line, lines.headings + lines.list);
	else if (top->mode == MODE_HELP)
		draw_help(top, line, lines.headings + lines.list);
	else
		draw_list(top, line, &lines);
	line += lines.headings + lines.list;
	if (bottom != NULL)
		draw_wrapped(top, line, lines.bottom, bottom, colour);
	screen_show();
}
