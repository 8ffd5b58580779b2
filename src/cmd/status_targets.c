/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/columns.h"
#include "cmd/status.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	CELL_SIZE = STATUS_BYTES_SIZE,
	NUMBERS_MAX = 6, /* columns of them */
};

enum colour status_colour(size_t target)
{
	if (target == TARGET_DIRECT)
		return COLOUR_GOOD;
	return target < TARGET_FIRST_PROXY ? COLOUR_BAD : COLOUR_PROXY;
}

const char *status_write_bytes(char *text, double bytes)
{
	static const char units[] = "BKMGTPE";
	size_t unit = 0;

	while (bytes >= 1024 && units[unit + 1] != '\0') {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, CELL_SIZE, unit == 0 ? "%.0f%c" : "%.1f%c", bytes, units[unit]);
	return text;
}

/* Rates only if there was an earlier look. */
static size_t count_numbers(const struct status *before)
{
	return before != NULL ? NUMBERS_MAX : NUMBERS_MAX - 2;
}

static void write_numbers(const struct status *status, const struct status *before, const struct status_target *target,
			  char cells[NUMBERS_MAX][CELL_SIZE])
{
	struct status_rate rate;

	snprintf(cells[0], CELL_SIZE, "%zu", target->cgroups);
	snprintf(cells[1], CELL_SIZE, "%zu", target->sockets);
	for (size_t i = 2; i < NUMBERS_MAX; i++)
		snprintf(cells[i], CELL_SIZE, "-");
	if (target->is_counted) {
		snprintf(cells[2], CELL_SIZE, "%" PRIu64, target->packets);
		status_write_bytes(cells[3], (double)target->bytes);
	}
	if (status_rate(status, before, target, &rate)) {
		snprintf(cells[4], CELL_SIZE, "%.0f", rate.packets);
		status_write_bytes(cells[5], rate.bytes);
	}
}

/* A whole mark as in the config that comes with cgtproxy, in decimal. */
static const char *write_mark(const struct fwmark *mark, char text[FWMARK_TEXT_SIZE])
{
	if (!fwmark_is_whole(mark))
		return fwmark_text(mark, text);
	snprintf(text, FWMARK_TEXT_SIZE, "%" PRIu32, mark->value);
	return text;
}

/* As they are in force, and what the file says where that differs. */
static void write_port_and_mark(const struct status_target *target, FILE *out)
{
	char mark[FWMARK_TEXT_SIZE];

	fprintf(out, _("port %u"), target->port);
	if (target->file_port != 0)
		fprintf(out, _(" (the file says %u)"), target->file_port);
	if (target->mark.mask != 0)
		fprintf(out, _(", mark %s"), write_mark(&target->mark, mark));
	if (target->file_mark.mask != 0)
		fprintf(out, _(" (the file says %s)"), write_mark(&target->file_mark, mark));
}

static void write_relay(const struct status_relay *relay, FILE *out)
{
	if (!relay->exists)
		return;
	fprintf(out, _("; relay to %s"), relay->upstream);
	if (relay->is_counted)
		fprintf(out, ngettext(", %zu connection", ", %zu connections", relay->connections), relay->connections);
	fprintf(out, _(", DNS %s"), relay->dns);
}

static void write_listeners(const struct status_target *target, const struct style *style, FILE *out)
{
	if (!target->is_listened_to)
		fprintf(out, _(": %snothing listens%s"), style_begin(style, COLOUR_WARNING),
			style_end(style, COLOUR_WARNING));
	for (size_t i = 0; i < target->listener_count; i++) {
		CLEANUP(freep) char *shown = style_escape(style, target->listeners[i], strlen(target->listeners[i]));

		fprintf(out, "%s%s", i == 0 ? _(": ") : _(", "), shown != NULL ? shown : "");
	}
}

/* Returns the cell of a proxy, for free(), or NULL if out of memory. */
static char *text_of_proxy(const struct status_target *target, const struct style *style)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	write_port_and_mark(target, out);
	write_listeners(target, style, out);
	write_relay(&target->relay, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int add_target(const struct status *status, const struct status *before, size_t i, const struct style *style,
		      struct columns *columns)
{
	const struct status_target *target = &status->targets[i];
	char numbers[NUMBERS_MAX][CELL_SIZE];
	const size_t filled = 1 + count_numbers(before) + (target->port != 0);
	struct cell *cells = columns_add(columns);

	if (cells == NULL)
		return -ENOMEM;
	write_numbers(status, before, target, numbers);
	cells[0] = (struct cell){strdup(target->name), status_colour(i)};
	for (size_t j = 0; j < count_numbers(before); j++)
		cells[1 + j].text = strdup(numbers[j]);
	if (target->port != 0)
		cells[filled - 1].text = text_of_proxy(target, style);
	for (size_t j = 0; j < filled; j++) {
		if (cells[j].text == NULL)
			return -ENOMEM;
	}
	return 0;
}

int status_write_targets(const struct status *status, const struct status *before, const struct style *style, FILE *out)
{
	static const struct column number_columns[NUMBERS_MAX] = {
		{.heading = N_("CGROUPS"), .is_number = true},	    {.heading = N_("SOCKETS"), .is_number = true},
		{.heading = N_("PACKETS SENT"), .is_number = true}, {.heading = N_("BYTES SENT"), .is_number = true},
		{.heading = N_("PACKETS/S"), .is_number = true},    {.heading = N_("BYTES/S"), .is_number = true},
	};
	const size_t numbers = count_numbers(before);
	const bool has_proxies = status->target_count > TARGET_FIRST_PROXY;
	struct column chosen[COLUMNS_MAX] = {{.heading = N_("TARGET")}};
	CLEANUP(columns_clear) struct columns columns = {.columns = chosen, .count = 1 + numbers + has_proxies};

	memcpy(chosen + 1, number_columns, numbers * sizeof(*chosen));
	chosen[1 + numbers].heading = N_("PROXY");
	for (size_t i = 0; i < status->target_count; i++) {
		if (add_target(status, before, i, style, &columns) < 0)
			return -ENOMEM;
	}
	fputc('\n', out);
	columns_print(&columns, style, 0, style->has_legend, out);
	return 0;
}
