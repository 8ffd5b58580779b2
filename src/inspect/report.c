/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/report.h"

#include "cgroup/lookup.h"
#include "util/array.h"
#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct explanation *add_item(struct report *report)
{
	struct explanation *items = array_reserve(report->items, &report->capacity, report->count + 1, sizeof(*items));

	if (items == NULL)
		return NULL;
	report->items = items;
	items[report->count] = (struct explanation){0};
	return &items[report->count++];
}

static bool is_same(const struct explanation *one, const struct explanation *other)
{
	return one->rule == other->rule && strcmp(explanation_target(one), explanation_target(other)) == 0;
}

/* The last explanation that is of an ancestor, or NULL. */
static const struct explanation *nearest(const struct report *report, const char *path)
{
	for (size_t i = report->count; i > 0; i--) {
		const size_t length = strlen(report->items[i - 1].path);

		if (strncmp(path, report->items[i - 1].path, length) == 0 && path[length] == '/')
			return &report->items[i - 1];
	}
	return NULL;
}

/* @explained: set to the path of the explanation that is valid for the cgroup */
static int add_below(const struct question *question, const char *path, struct report *report, const char **explained)
{
	CLEANUP(explanation_clear) struct explanation explanation = {0};
	const struct explanation *above = nearest(report, path);
	struct explanation *item = NULL;

	if (explain_cgroup(question->explainer, path, &explanation) < 0)
		return -ENOMEM;
	if (above != NULL && is_same(above, &explanation)) {
		*explained = above->path;
		return 0;
	}
	item = add_item(report);
	if (item == NULL)
		return -ENOMEM;
	*item = explanation;
	*explained = item->path;
	explanation = (struct explanation){0};
	return 0;
}

/* A cgroup of something named, and its processes. */
static int look_at_part(const struct question *question, const char *path, struct report *report)
{
	const size_t before = report->members.count;
	const char *explained = NULL;
	int result = add_below(question, path, report, &explained);

	if (result == 0 && question->explainer->mount != NULL)
		result = members_add_cgroup(&report->members, question->explainer->mount, path);
	for (size_t i = before; i < report->members.count; i++)
		report->members.items[i].explained = explained;
	return result;
}

/* A cgroup of something named, and those below it. */
static int look_below(const struct question *question, const char *path, struct report *report)
{
	const struct cgroup *top = question->index != NULL ? subject_find_cgroup(question->index, path) : NULL;
	const struct cgroup *cgroup = NULL;
	int result = 0;

	if (top != NULL && top->level != cgroup_path_level(path))
		top = NULL;
	cgroup = top;
	do {
		CLEANUP(freep) char *below = cgroup != NULL ? cgroup_path_copy(cgroup) : strdup(path);

		result = below != NULL ? look_at_part(question, below, report) : -ENOMEM;
		cgroup = cgroup != NULL ? cgroup_next(cgroup) : NULL;
	} while (result == 0 && cgroup != NULL && cgroup->level > top->level);
	return result;
}

static int look_at_cgroup(const struct question *question, const char *path, struct report *report)
{
	struct explanation *item = add_item(report);
	int result = 0;

	if (item == NULL || explain_cgroup(question->explainer, path, item) < 0)
		return -ENOMEM;
	if (question->pid != 0)
		result = members_add(&report->members, question->pid);
	else if (question->explainer->mount != NULL && strcmp(path, "/") != 0) /* no rule applies to the root */
		result = members_add_cgroup(&report->members, question->explainer->mount, path);
	for (size_t i = 0; i < report->members.count; i++)
		report->members.items[i].explained = item->path;
	/* a process that ended meanwhile still had its cgroup */
	return result == -ESRCH ? 0 : result;
}

static int compare_items(const void *left, const void *right)
{
	const struct explanation *a = left;
	const struct explanation *b = right;

	return cgroup_path_compare(a->path, b->path);
}

static int look(const struct question *question, struct report *report)
{
	int result = 0;

	for (size_t i = 0; i < report->subject.path_count && result == 0; i++) {
		if (report->subject.is_named)
			result = look_below(question, report->subject.paths[i], report);
		else
			result = look_at_cgroup(question, report->subject.paths[i], report);
	}
	if (report->count > 0)
		qsort(report->items, report->count, sizeof(*report->items), compare_items);
	for (size_t i = 0; i < report->count && result == 0 && question->destination != NULL; i++)
		explain_packets(question->explainer, question->destination, &report->items[i]);
	return result;
}

int report_make(const struct question *question, struct report *report, struct error *error)
{
	int result = look(question, report);

	if (result == 0 && question->index != NULL) {
		result = strays_find(&report->members, question->index, question->explainer, &report->subject,
				     &report->strays, error);
		if (result < 0)
			return result;
	}
	return result < 0 ? error_set(error, result, "no memory to explain it") : 0;
}

bool report_differs(const struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		if (report->items[i].differs)
			return true;
	}
	return false;
}

void report_clear(struct report *report)
{
	for (size_t i = 0; i < report->count; i++)
		explanation_clear(&report->items[i]);
	free(report->items);
	members_clear(&report->members);
	strays_clear(&report->strays);
	subject_clear(&report->subject);
	*report = (struct report){0};
}
