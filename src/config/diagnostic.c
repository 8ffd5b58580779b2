/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/diagnostic.h"

#include "util/array.h"
#include "util/log.h"

#include <stdarg.h>
#include <stdlib.h>

void diagnose(struct diagnostics *diagnostics, enum severity severity, struct position position, const char *format,
	      ...)
{
	struct diagnostic *items = NULL;
	char *text = NULL;
	va_list arguments;

	if (severity == SEVERITY_ERROR)
		diagnostics->has_error = true;
	if (diagnostics->count == DIAGNOSTICS_MAX)
		return;
	items = array_reserve(diagnostics->items, &diagnostics->capacity, diagnostics->count + 1, sizeof(*items));
	if (items == NULL)
		return;
	diagnostics->items = items;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (text == NULL)
		return;
	items[diagnostics->count++] = (struct diagnostic){.severity = severity, .position = position, .text = text};
}

static int compare_positions(const void *left, const void *right)
{
	const struct position *a = &((const struct diagnostic *)left)->position;
	const struct position *b = &((const struct diagnostic *)right)->position;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->column > b->column) - (a->column < b->column);
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
	if (diagnostics->count > 0)
		qsort(diagnostics->items, diagnostics->count, sizeof(*diagnostics->items), compare_positions);
}

void diagnostics_log(const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];
		int priority = item->severity == SEVERITY_ERROR ? LOG_ERR : LOG_WARNING;

		if (item->position.line > 0)
			log_about(priority, NULL, "%s:%d:%d: %s", diagnostics->file, item->position.line,
				  item->position.column, item->text);
		else
			log_about(priority, NULL, "%s: %s", diagnostics->file, item->text);
	}
	if (diagnostics->count == DIAGNOSTICS_MAX)
		log_error("%s: there are more problems, not shown", diagnostics->file);
}

void diagnostics_clear(struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		free(diagnostics->items[i].text);
	free(diagnostics->items);
	free(diagnostics->file);
	*diagnostics = (struct diagnostics){0};
}
