/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/branches.h"

#include "cgroup/tree.h"
#include "util/cleanup.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define VERTICAL "\u2502 "
#define BRANCH "\u251c\u2500"
#define CORNER "\u2514\u2500"
#define ASCII_VERTICAL "| "
#define ASCII_BRANCH "|-"
#define ASCII_CORNER "`-"
#define SPACE "  "

struct drawing {
	const struct branch *branches;
	const struct style *style;
	FILE *out;
	char indent[CGROUP_DEPTH_MAX * (sizeof(VERTICAL) - 1) + 1];
	size_t indent_length;
};

/* Returns where the name after the slash at @slash ends. */
static size_t name_end(const char *path, size_t slash)
{
	return slash + 1 + strcspn(path + slash + 1, "/");
}

/* Returns the first branch after @first that is not below the name ending at @end in the path of @first. */
static size_t group_end(const struct drawing *drawing, size_t first, size_t behind, size_t end)
{
	const char *path = drawing->branches[first].path;
	size_t next = first + 1;

	while (next < behind && strncmp(drawing->branches[next].path, path, end) == 0 &&
	       (drawing->branches[next].path[end] == '/' || drawing->branches[next].path[end] == '\0'))
		next++;
	return next;
}

static void draw_line(const struct drawing *drawing, const struct branch *branch, size_t slash, size_t end, bool last)
{
	const struct style *style = drawing->style;
	CLEANUP(freep) char *name = style_escape(style, branch->path + slash + 1, end - slash - 1);
	bool is_labelled = branch->path[end] == '\0';
	const char *edge = style->has_unicode ? (last ? CORNER : BRANCH) : (last ? ASCII_CORNER : ASCII_BRANCH);

	fprintf(drawing->out, "%s%s%s%s", style_begin(style, COLOUR_FAINT), drawing->indent, edge,
		style_end(style, COLOUR_FAINT));
	fputs(name != NULL ? name : "", drawing->out);
	if (is_labelled)
		fprintf(drawing->out, " %s%s%s", style_begin(style, branch->colour), branch->label,
			style_end(style, branch->colour));
	fputc('\n', drawing->out);
}

/* Draws the branches from @first up to but not including @behind, whose paths are equal up to the slash at @slash. */
static void draw(struct drawing *drawing, size_t first, size_t behind, size_t slash)
{
	while (first < behind) {
		const struct branch *branch = &drawing->branches[first];
		size_t end = name_end(branch->path, slash);
		size_t next = group_end(drawing, first, behind, end);
		size_t indent_length = drawing->indent_length;
		bool last = next == behind;
		const char *below = drawing->style->has_unicode ? VERTICAL : ASCII_VERTICAL;

		while (branch->path[end] == '/' && group_end(drawing, first, next, name_end(branch->path, end)) == next)
			end = name_end(branch->path, end);
		draw_line(drawing, branch, slash, end, last);
		if (branch->path[end] == '\0')
			first++;
		if (indent_length + sizeof(VERTICAL) <= sizeof(drawing->indent)) {
			drawing->indent_length +=
				(size_t)sprintf(drawing->indent + indent_length, "%s", last ? SPACE : below);
		}
		draw(drawing, first, next, end); /* NOLINT(misc-no-recursion): CGROUP_DEPTH_MAX bounds it */
		drawing->indent_length = indent_length;
		drawing->indent[indent_length] = '\0';
		first = next;
	}
}

void branches_draw(const struct branch *branches, size_t count, const struct style *style, FILE *out)
{
	struct drawing drawing = {.branches = branches, .style = style, .out = out};

	draw(&drawing, 0, count, 0);
}
