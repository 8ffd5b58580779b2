/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/status_problems.h"

#include "inspect/finders.h"
#include "nft/table.h"
#include "util/language.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ABOUT_SIZE = 64 };

static void write_table(char about[ABOUT_SIZE])
{
	snprintf(about, ABOUT_SIZE, _("the table inet %s"), TABLE_NAME);
}

int status_report_table(bool exists, struct problems *problems)
{
	char about[ABOUT_SIZE];

	write_table(about);
	if (exists)
		return problems_add(problems, PROBLEM_TABLE, about, strdup("systemctl restart cgtproxy"),
				    "parts of the table inet %s are missing, so traffic may go where it should not",
				    TABLE_NAME);
	return problems_add(problems, PROBLEM_TABLE, about, strdup("systemctl restart cgtproxy"),
			    "all of the table inet %s is missing, so traffic may go where it should not", TABLE_NAME);
}

static int run_finders(const struct scene *scene, struct problems *problems, struct error *error)
{
	size_t count = 0;
	const struct finder *finders = finders_all(&count);
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++) {
		result = finders[i].find(scene, problems);
		if (result < 0)
			error_set(error, result, "can't look for problems (%s): %s", _(finders[i].subject),
				  strerror(-result));
	}
	return result;
}

static int report_left_table(bool strict, struct problems *problems)
{
	char *cure = problem_cure("systemctl start cgtproxy\n"
				  "or, to have all traffic go direct: cgtproxy clear");
	char about[ABOUT_SIZE];

	write_table(about);
	if (strict)
		return problems_add(problems, PROBLEM_NOT_RUNNING, about, cure,
				    "no daemon is running, but the table inet %s of an earlier run is still in place: "
				    "cgroups keep their targets, and new ones are dropped",
				    TABLE_NAME);
	return problems_add(problems, PROBLEM_NOT_RUNNING, about, cure,
			    "no daemon is running, but the table inet %s of an earlier run is still in place: cgroups "
			    "keep their targets, and new ones get those of their parents, whatever the rules say",
			    TABLE_NAME);
}

/* About the daemon and its config as such. */
static int judge_daemon(const struct status_known *known, struct problems *problems)
{
	int result = known->pid == 0 ? report_left_table(known->strict, problems) : 0;

	if (result == 0 && known->given != NULL)
		result = config_file_report_other(known->given, known->stamp->file, known->given_refusal, problems);
	if (result == 0)
		result = config_file_judge(known->stamp->file, known->stamp->loaded, known->stamp->version,
					   known->refusal, problems);
	return result;
}

int status_find_problems(const struct status_known *known, struct problems *problems, struct error *error)
{
	CLEANUP(scene_clear)
	struct scene scene = {.config = known->config, .in_force = known->in_force, .pid = known->pid};
	int result = judge_daemon(known, problems);

	if (result < 0)
		return error_set(error, result, "no memory to put the state together");
	result = scene_set(&scene, error);
	if (result == 0)
		result = run_finders(&scene, problems, error);
	if (result == 0 && known->pid == 0 && problems_cure_by_starting(problems) < 0)
		return error_set(error, -ENOMEM, "no memory to put the state together");
	return result;
}
