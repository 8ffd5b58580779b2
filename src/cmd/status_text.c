/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/branches.h"
#include "cmd/status.h"
#include "nft/table.h"
#include "util/cleanup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	CELL_SIZE = 24,
	COLUMNS_MAX = 6,
};

static size_t larger(size_t one, size_t other)
{
	return one > other ? one : other;
}

static enum colour colour_of_target(size_t target)
{
	if (target == TARGET_DIRECT)
		return COLOUR_GOOD;
	return target < TARGET_FIRST_PROXY ? COLOUR_BAD : COLOUR_PROXY;
}

/* Line by line, each behind what comes before the first of them. */
static void write_cure(const char *cure, FILE *out)
{
	const char *label = "           Fix: ";

	while (*cure != '\0') {
		const size_t length = strcspn(cure, "\n");

		fprintf(out, "%s%.*s\n", label, (int)length, cure);
		cure += length + (cure[length] == '\n');
		label = "                ";
	}
}

static void write_problems(const struct problems *problems, const struct style *style, FILE *out)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];

		fprintf(out, "       %sProblem: %s%s\n", style_begin(style, COLOUR_WARNING), problem->text,
			style_end(style, COLOUR_WARNING));
		if (problem->cure != NULL)
			write_cure(problem->cure, out);
	}
	if (problems->left_out > 0)
		fprintf(out, "       %sProblem: and %zu more, not shown%s\n", style_begin(style, COLOUR_WARNING),
			problems->left_out, style_end(style, COLOUR_WARNING));
}

/* In the largest unit that fits, and the remainder in the next smaller one. */
static void write_age(time_t since, FILE *out)
{
	static const struct {
		time_t seconds;
		const char *name;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	time_t age = time(NULL) - since;
	size_t i = 0;

	while (units[i].seconds > 1 && age < units[i].seconds)
		i++;
	fprintf(out, "%lld%s ", (long long)(age / units[i].seconds), units[i].name);
	age %= units[i].seconds;
	if (age > 0 && age >= units[i + 1].seconds)
		fprintf(out, "%lld%s ", (long long)(age / units[i + 1].seconds), units[i + 1].name);
	fputs("ago", out);
}

static void write_time(time_t moment, FILE *out)
{
	char text[64] = "";
	struct tm local;

	if (localtime_r(&moment, &local) != NULL)
		strftime(text, sizeof(text), "%a %Y-%m-%d %H:%M:%S %Z", &local);
	fprintf(out, "%s; ", text);
	write_age(moment, out);
}

static void write_head(const struct status *status, const struct style *style, FILE *out)
{
	const size_t problems = problems_total(&status->problems);
	bool is_well = status->is_running && status_is_complete(status) && problems == 0;
	enum colour colour = is_well ? COLOUR_GOOD : status->is_running ? COLOUR_WARNING : COLOUR_NONE;
	const char *circle = status->is_running ? "\u25cf" : "\u25cb";

	fprintf(out, "%s%s%s cgtproxy: %s%s%s", style_begin(style, colour), style->has_unicode ? circle : "*",
		style_end(style, colour), style_begin(style, colour), status->is_running ? "running" : "not running",
		style_end(style, colour));
	if (status->is_running && status->since != 0) {
		fputs(" since ", out);
		write_time(status->since, out);
	}
	if (problems > 0)
		fprintf(out, ", %s%zu %s%s", style_begin(style, COLOUR_WARNING), problems,
			problems == 1 ? "problem" : "problems", style_end(style, COLOUR_WARNING));
	fputc('\n', out);
	write_problems(&status->problems, style, out);
	if (status->is_running)
		fprintf(out, "        Daemon: %s, %s\n", status->process,
			status->table.exists && status->is_whole ? "ready" : "not ready");
}

static void write_config(const struct status *status, const struct style *style, FILE *out)
{
	static const char *const states[] = {
		[STATUS_CONFIG_UNKNOWN] = "",
		[STATUS_CONFIG_BUILT_IN] = "",
		[STATUS_CONFIG_CURRENT] = "",
		[STATUS_CONFIG_CHANGED] = " (changed since then, not in force)",
		[STATUS_CONFIG_UNREADABLE] = " (now unreadable or invalid)",
		[STATUS_CONFIG_OTHER] = " (compared with another file)",
	};
	CLEANUP(freep) char *file = style_escape(style, status->file, strlen(status->file));
	const char *name = file != NULL ? file : "";

	if (*name == '\0' && status->loaded == 0)
		name = "unknown";
	else if (*name == '\0')
		name = "the built-in one, every cgroup goes direct";
	fprintf(out, "        Config: %s", name);
	if (status->loaded != 0) {
		fputs(", loaded ", out);
		write_time(status->loaded, out);
	}
	fprintf(out, "%s\n", states[status->config]);
}

/* When nobody owns it, that a kernel could protect it is seen by the flag that it outlives its owner. */
static bool is_unprotected(const struct status *status)
{
	return (status->table.flags & (TABLE_OWNER | TABLE_PERSIST)) == 0;
}

static void write_table_state(const struct status *status, const struct style *style, FILE *out)
{
	char owner[PROCESS_NAME_SIZE] = "nobody";
	enum colour colour = status->is_whole ? COLOUR_NONE : COLOUR_BAD;

	fprintf(out, "         Table: inet " TABLE_NAME ", ");
	if (!status->table.exists) {
		fprintf(out, "%smissing%s\n", style_begin(style, COLOUR_BAD), style_end(style, COLOUR_BAD));
		return;
	}
	if (status->table.owner != 0)
		process_of_port(status->table.owner, owner);
	fprintf(out, "%s%s%s%s, owned by %s%s, %zu %s\n", status->is_running ? "" : "still ",
		style_begin(style, colour), status->is_whole ? "in place" : "in place, but parts are missing",
		style_end(style, colour), owner, is_unprotected(status) ? " (this kernel can't protect it)" : "",
		status->elements, status->elements == 1 ? "element" : "elements");
}

static void write_part(enum status_part part, const char *family, const struct style *style, FILE *out)
{
	static const struct {
		const char *word;
		enum colour colour;
	} parts[] = {
		[STATUS_UNKNOWN] = {"unknown", COLOUR_WARNING},
		[STATUS_NOT_NEEDED] = {"not needed", COLOUR_NONE},
		[STATUS_THERE] = {"in place", COLOUR_NONE},
		[STATUS_MISSING] = {"missing", COLOUR_BAD},
		[STATUS_BEHIND] = {"in place, but another program's comes first", COLOUR_BAD},
	};

	fprintf(out, "%s%s%s for %s", style_begin(style, parts[part].colour), parts[part].word,
		style_end(style, parts[part].colour), family);
}

static void write_rules(const struct status_routing *routing, const char *family, const struct style *style, FILE *out)
{
	write_part(routing->rules, family, style, out);
	if (routing->is_displaced)
		fprintf(out, " (at priority %" PRIu32 ")", routing->priority);
}

/* If something is missing, packets have no route to the proxy and go nowhere. */
static void write_routing(const struct status *status, const struct style *style, FILE *out)
{
	bool is_refused = status->routes.loopback_is_down || status->routes.ip.route == STATUS_MISSING ||
			  status->routes.ip6.route == STATUS_MISSING;

	fputs("  Policy rules: ", out);
	write_rules(&status->routes.ip, "IPv4", style, out);
	fputs(", ", out);
	write_rules(&status->routes.ip6, "IPv6", style, out);
	fputs("\n        Routes: ", out);
	write_part(status->routes.ip.route, "IPv4", style, out);
	fputs(", ", out);
	write_part(status->routes.ip6.route, "IPv6", style, out);
	if (is_refused)
		fprintf(out, "; %s%sproxied traffic %sis refused%s", style_begin(style, COLOUR_BAD),
			status->routes.loopback_is_down ? "the loopback interface is down: " : "",
			status->routes.loopback_is_down || status->routes.ip.route == status->routes.ip6.route ? ""
			: status->routes.ip.route == STATUS_MISSING ? "of IPv4 "
								    : "of IPv6 ",
			style_end(style, COLOUR_BAD));
	fputc('\n', out);
}

static void write_bytes(char *text, double bytes)
{
	static const char units[] = "BKMGTPE";
	size_t unit = 0;

	while (bytes >= 1024 && units[unit + 1] != '\0') {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, CELL_SIZE, unit == 0 ? "%.0f%c" : "%.1f%c", bytes, units[unit]);
}

/* A target's numbers; rates only if there was an earlier look. */
static size_t write_cells(const struct status *status, const struct status *before, const struct status_target *target,
			  char cells[COLUMNS_MAX][CELL_SIZE])
{
	struct status_rate rate;

	snprintf(cells[0], CELL_SIZE, "%zu", target->cgroups);
	snprintf(cells[1], CELL_SIZE, "%zu", target->sockets);
	for (size_t i = 2; i < COLUMNS_MAX; i++)
		snprintf(cells[i], CELL_SIZE, "-");
	if (target->is_counted) {
		snprintf(cells[2], CELL_SIZE, "%" PRIu64, target->packets);
		write_bytes(cells[3], (double)target->bytes);
	}
	if (status_rate(status, before, target, &rate)) {
		snprintf(cells[4], CELL_SIZE, "%.0f", rate.packets);
		write_bytes(cells[5], rate.bytes);
	}
	return before != NULL ? COLUMNS_MAX : COLUMNS_MAX - 2;
}

/* A whole mark as in the config that comes with cgtproxy, in decimal. */
static void write_mark(const char *before, const struct fwmark *mark, FILE *out)
{
	char text[FWMARK_TEXT_SIZE];

	if (fwmark_is_whole(mark))
		fprintf(out, "%s%" PRIu32, before, mark->value);
	else
		fprintf(out, "%s%s", before, fwmark_text(mark, text));
}

/* As they are in force, and what the file says where that differs. */
static void write_port_and_mark(const struct status_target *target, FILE *out)
{
	fprintf(out, "  port %u", target->port);
	if (target->file_port != 0)
		fprintf(out, " (the file says %u)", target->file_port);
	if (target->mark.mask != 0)
		write_mark(", mark ", &target->mark, out);
	if (target->file_mark.mask != 0) {
		write_mark(" (the file says ", &target->file_mark, out);
		fputc(')', out);
	}
}

static void write_listeners(const struct status_target *target, const struct style *style, FILE *out)
{
	if (target->port == 0)
		return;
	write_port_and_mark(target, out);
	if (!target->is_listened_to)
		fprintf(out, ": %snothing listens%s", style_begin(style, COLOUR_WARNING),
			style_end(style, COLOUR_WARNING));
	for (size_t i = 0; i < target->listener_count; i++) {
		CLEANUP(freep) char *shown = style_escape(style, target->listeners[i], strlen(target->listeners[i]));

		fprintf(out, "%s%s", i == 0 ? ": " : ", ", shown != NULL ? shown : "");
	}
}

static void write_targets(const struct status *status, const struct status *before, const struct style *style,
			  FILE *out)
{
	static const char *const headings[COLUMNS_MAX] = {"CGROUPS",	"SOCKETS",   "PACKETS SENT",
							  "BYTES SENT", "PACKETS/S", "BYTES/S"};
	char cells[COLUMNS_MAX][CELL_SIZE];
	size_t widths[COLUMNS_MAX] = {0};
	size_t name_width = strlen("TARGET");
	size_t columns = 0;

	for (size_t i = 0; i < status->target_count; i++) {
		name_width = larger(name_width, strlen(status->targets[i].name));
		columns = write_cells(status, before, &status->targets[i], cells);
		for (size_t j = 0; j < columns; j++)
			widths[j] = larger(widths[j], larger(strlen(headings[j]), strlen(cells[j])));
	}
	fputc('\n', out);
	if (style->has_legend) {
		fprintf(out, "%s%-*s", style_begin(style, COLOUR_HEADING), (int)name_width, "TARGET");
		for (size_t j = 0; j < columns; j++)
			fprintf(out, "  %*s", (int)widths[j], headings[j]);
		fprintf(out, "%s%s\n", status->target_count > TARGET_FIRST_PROXY ? "  PROXY" : "",
			style_end(style, COLOUR_HEADING));
	}
	for (size_t i = 0; i < status->target_count; i++) {
		enum colour colour = colour_of_target(i);

		fprintf(out, "%s%-*s%s", style_begin(style, colour), (int)name_width, status->targets[i].name,
			style_end(style, colour));
		write_cells(status, before, &status->targets[i], cells);
		for (size_t j = 0; j < columns; j++)
			fprintf(out, "  %*s", (int)widths[j], cells[j]);
		write_listeners(&status->targets[i], style, out);
		fputc('\n', out);
	}
}

static void write_cgroups(const struct status *status, const struct style *style, FILE *out)
{
	CLEANUP(freep) struct branch *branches = calloc(status->cgroup_count + 1, sizeof(*branches));

	if (branches == NULL || status->cgroup_count == 0)
		return;
	for (size_t i = 0; i < status->cgroup_count; i++) {
		const struct status_cgroup *cgroup = &status->cgroups[i];

		branches[i] = (struct branch){cgroup->path, status->targets[cgroup->target].name,
					      colour_of_target(cgroup->target)};
	}
	fputc('\n', out);
	if (style->has_legend)
		fprintf(out, "%sCGROUPS with their own target%s\n", style_begin(style, COLOUR_HEADING),
			style_end(style, COLOUR_HEADING));
	branches_draw(branches, status->cgroup_count, style, out);
}

void status_write_text(const struct status *status, const struct status *before, const struct style *style, FILE *out)
{
	write_head(status, style, out);
	if (!status->table.exists && !status->is_running) {
		fputs("         Table: none, so all traffic goes direct\n", out);
		return;
	}
	write_config(status, style, out);
	write_table_state(status, style, out);
	write_routing(status, style, out);
	if (status->target_count > 0)
		write_targets(status, before, style, out);
	write_cgroups(status, style, out);
}
