/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/config_file.h"

#include "config/load.h"
#include "inspect/cures.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TIME_SIZE = 64,
	MORE_SIZE = 48,
};

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

static bool is_built_in(const char *file)
{
	return file == NULL || *file == '\0';
}

/* With the built-in config, it is the default file that a reload reads. For free(). */
static char *copy_or_default(const char *file)
{
	return is_built_in(file) ? config_default_path() : strdup(file);
}

void refusal_note(struct refusal *refusal, const char *file, const struct diagnostics *diagnostics)
{
	const struct diagnostic *error = first_error(diagnostics);
	CLEANUP(freep) char *path = copy_or_default(file);

	refusal_clear(refusal);
	if (error == NULL)
		return;
	if (error->position.line == 0)
		refusal->text = strdup(error->text);
	else if (asprintf(&refusal->text, "%s:%d:%d: %s", diagnostics->files[error->file], error->position.line,
			  error->position.column, error->text) < 0)
		refusal->text = NULL;
	refusal->more = count_errors(diagnostics) - 1;
	if (path != NULL)
		config_files_look(path, &refusal->files);
}

void refusal_clear(struct refusal *refusal)
{
	free(refusal->text);
	*refusal = (struct refusal){0};
}

static const char *write_time(time_t moment, char text[TIME_SIZE])
{
	struct tm local;
	char shown[TIME_SIZE];

	text[0] = '\0';
	if (moment != 0 && localtime_r(&moment, &local) != NULL &&
	    strftime(shown, sizeof(shown), "%Y-%m-%d %H:%M:%S", &local) > 0)
		snprintf(text, TIME_SIZE, _(" of %s"), shown);
	return text;
}

static const char *write_more(const struct refusal *refusal, char more[MORE_SIZE])
{
	more[0] = '\0';
	if (refusal->more > 0)
		snprintf(more, MORE_SIZE, _(" (and %zu more)"), refusal->more);
	return more;
}

static char *cure_errors(void)
{
	return problem_cure("fix what it names (\"cgtproxy check config\" shows all of it), then: systemctl reload "
			    "cgtproxy");
}

static int report_errors(const char *shown, time_t loaded, const struct refusal *refusal, struct problems *problems)
{
	char changed[TIME_SIZE];
	char old[TIME_SIZE];
	char more[MORE_SIZE];

	return problems_add(problems, PROBLEM_FILE_ERRORS, shown, cure_errors(),
			    "the file %s%s can't be loaded: %s%s. That%s stays in force", shown,
			    write_time(refusal->files.changed, changed), refusal->text, write_more(refusal, more),
			    write_time(loaded, old));
}

static int report_change(const char *shown, time_t now, time_t loaded, struct problems *problems)
{
	char changed[TIME_SIZE];
	char old[TIME_SIZE];

	return problems_add(problems, PROBLEM_FILE_CHANGED, shown, strdup("systemctl reload cgtproxy"),
			    "the file %s%s is not what is in force, which is that%s", shown, write_time(now, changed),
			    write_time(loaded, old));
}

static int report_new_file(const char *shown, time_t loaded, struct problems *problems)
{
	char old[TIME_SIZE];

	return problems_add(problems, PROBLEM_FILE_CHANGED, shown, strdup("systemctl reload cgtproxy"),
			    "the file %s is not what is in force, which is the built-in config%s: there was no such "
			    "file then",
			    shown, write_time(loaded, old));
}

int config_file_judge(const char *file, time_t loaded, uint32_t version, const struct refusal *refusal,
		      struct problems *problems)
{
	CLEANUP(freep) char *path = copy_or_default(file);
	CLEANUP(freep) char *shown = path != NULL ? shown_copy(path) : NULL;
	struct config_files files;

	if (shown == NULL)
		return -ENOMEM;
	config_files_look(path, &files);
	if (refusal->text != NULL && refusal->files.version == files.version)
		return report_errors(shown, loaded, refusal, problems);
	if (is_built_in(file))
		return loaded != 0 && access(path, F_OK) == 0 ? report_new_file(shown, loaded, problems) : 0;
	return config_has_changed(file, loaded, version) ? report_change(shown, files.changed, loaded, problems) : 0;
}

int config_file_judge_start(const char *file, const struct refusal *refusal, struct problems *problems)
{
	CLEANUP(freep) char *path = copy_or_default(file);
	CLEANUP(freep) char *shown = path != NULL ? shown_copy(path) : NULL;
	char changed[TIME_SIZE];
	char more[MORE_SIZE];

	if (refusal->text == NULL)
		return 0;
	if (shown == NULL)
		return -ENOMEM;
	return problems_add(problems, PROBLEM_FILE_ERRORS, shown, cure_errors(),
			    "the file %s%s can't be loaded, so cgtproxy can't be started: %s%s", shown,
			    write_time(refusal->files.changed, changed), refusal->text, write_more(refusal, more));
}

int config_file_report_other(const char *given, const char *loaded, const struct refusal *refusal,
			     struct problems *problems)
{
	CLEANUP(freep) char *shown = shown_copy(given);
	CLEANUP(freep) char *other = *loaded != '\0' ? shown_copy(loaded) : strdup(_("the built-in config"));
	char *cure = NULL;

	if (shown == NULL || other == NULL)
		return -ENOMEM;
	cure = problem_cure("leave out -c to see what is wrong with %s", other);
	if (refusal->text != NULL)
		return problems_add(problems, PROBLEM_FILE_OTHER, shown, cure,
				    "%s is not what is in force, which is %s, and can't be loaded: %s", shown, other,
				    refusal->text);
	return problems_add(problems, PROBLEM_FILE_OTHER, shown, cure, "%s is not what is in force, which is %s", shown,
			    other);
}
