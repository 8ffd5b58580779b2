/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/diagnostic.h"

#include "util/array.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int diagnostics_begin_file(struct diagnostics *diagnostics, const char *path)
{
	const size_t length = strlen(path);
	CLEANUP(freep) char *name = malloc(ESCAPED_SIZE(length));
	char **files = reallocarray(diagnostics->files, diagnostics->file_count + 1, sizeof(*files));

	if (files != NULL)
		diagnostics->files = files;
	if (files == NULL || name == NULL) {
		diagnostics->has_error = true;
		return -ENOMEM;
	}
	escape(name, ESCAPED_SIZE(length), path, length);
	files[diagnostics->file_count++] = name;
	name = NULL;
	diagnostics->cost = 0;
	return 0;
}

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
	if (vasprintf(&text, translate(format), arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (text == NULL)
		return;
	items[diagnostics->count++] =
		(struct diagnostic){.severity = severity,
				    .file = diagnostics->file_count > 0 ? diagnostics->file_count - 1 : 0,
				    .position = position,
				    .text = text};
}

static int compare_places(const void *left, const void *right)
{
	const struct diagnostic *one = left;
	const struct diagnostic *other = right;
	const struct position *a = &one->position;
	const struct position *b = &other->position;

	if (one->file != other->file)
		return one->file < other->file ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->column > b->column) - (a->column < b->column);
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
	if (diagnostics->count > 0)
		qsort(diagnostics->items, diagnostics->count, sizeof(*diagnostics->items), compare_places);
}

/* There may have been no memory for it. */
static const char *name_of(const struct diagnostics *diagnostics, size_t file)
{
	return file < diagnostics->file_count ? diagnostics->files[file] : _("the config");
}

void diagnostics_log(const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];
		const char *file = name_of(diagnostics, item->file);
		int priority = item->severity == SEVERITY_ERROR ? LOG_ERR : LOG_WARNING;

		if (item->position.line > 0)
			log_about(priority, NULL, "%s:%d:%d: %s", file, item->position.line, item->position.column,
				  item->text);
		else
			log_about(priority, NULL, "%s: %s", file, item->text);
	}
	if (diagnostics->count == DIAGNOSTICS_MAX)
		log_error("%s: there are more problems, not shown", name_of(diagnostics, 0));
}

void diagnostics_clear(struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		free(diagnostics->items[i].text);
	free(diagnostics->items);
	for (size_t i = 0; i < diagnostics->file_count; i++)
		free(diagnostics->files[i]);
	free(diagnostics->files);
	*diagnostics = (struct diagnostics){0};
}
