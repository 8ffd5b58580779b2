/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/config_file.h"

#include "config/load.h"
#include "inspect/cures.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIME_SIZE = 64 };

static const struct diagnostic *first_error(const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		if (diagnostics->items[i].severity == SEVERITY_ERROR)
			return &diagnostics->items[i];
	}
	return NULL;
}

static size_t count_errors(const struct diagnostics *diagnostics)
{
	size_t count = 0;

	for (size_t i = 0; i < diagnostics->count; i++)
		count += diagnostics->items[i].severity == SEVERITY_ERROR;
	return count;
}

void refusal_note(struct refusal *refusal, const char *file, const struct diagnostics *diagnostics)
{
	const struct diagnostic *error = first_error(diagnostics);

	refusal_clear(refusal);
	if (error == NULL)
		return;
	if (error->position.line == 0)
		refusal->text = strdup(error->text);
	else if (asprintf(&refusal->text, "%s:%d:%d: %s", diagnostics->files[error->file], error->position.line,
			  error->position.column, error->text) < 0)
		refusal->text = NULL;
	refusal->more = count_errors(diagnostics) - 1;
	refusal->modified = config_changed(file);
}

void refusal_clear(struct refusal *refusal)
{
	free(refusal->text);
	*refusal = (struct refusal){0};
}

static const char *write_time(time_t moment, char text[TIME_SIZE])
{
	struct tm local;

	text[0] = '\0';
	if (moment != 0 && localtime_r(&moment, &local) != NULL)
		strftime(text, TIME_SIZE, " of %Y-%m-%d %H:%M:%S", &local);
	return text;
}

static int report_errors(const char *shown, time_t loaded, const struct refusal *refusal, struct problems *problems)
{
	char changed[TIME_SIZE];
	char old[TIME_SIZE];
	char more[48] = "";

	if (refusal->more > 0)
		snprintf(more, sizeof(more), " (and %zu more)", refusal->more);
	return problems_add(
		problems, PROBLEM_FILE_ERRORS, shown,
		strdup("mend what it names (\"cgtproxy check config\" shows all of it), then: systemctl reload "
		       "cgtproxy"),
		"the file %s%s can't be loaded: %s%s. That%s stays in force", shown,
		write_time(refusal->modified, changed), refusal->text, more, write_time(loaded, old));
}

static int report_change(const char *shown, time_t now, time_t loaded, struct problems *problems)
{
	char changed[TIME_SIZE];
	char old[TIME_SIZE];

	return problems_add(problems, PROBLEM_FILE_CHANGED, shown, strdup("systemctl reload cgtproxy"),
			    "the file %s%s is not what is in force, which is that%s", shown, write_time(now, changed),
			    write_time(loaded, old));
}

int config_file_judge(const char *file, time_t loaded, const struct refusal *refusal, struct problems *problems)
{
	CLEANUP(freep) char *shown = file != NULL ? shown_copy(file) : NULL;
	const time_t now = file != NULL ? config_changed(file) : 0;

	if (file == NULL || *file == '\0')
		return 0;
	if (shown == NULL)
		return -ENOMEM;
	if (refusal->text != NULL && refusal->modified == now)
		return report_errors(shown, loaded, refusal, problems);
	return now > loaded ? report_change(shown, now, loaded, problems) : 0;
}
