/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/apps.h"
#include "cmd/columns.h"
#include "util/amount.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAME, USER, TARGET, RULE, LINE, DOWN, UP, COLUMNS };

static const struct column headings[COLUMNS] = {
	[NAME] = {.heading = N_("NAME"), .may_shrink = true},
	[USER] = {.heading = N_("USER")},
	[TARGET] = {.heading = N_("TARGET")},
	[RULE] = {.heading = N_("RULE"), .is_number = true},
	[LINE] = {.heading = N_("LINE"), .is_number = true},
	[DOWN] = {.heading = N_("DOWN"), .is_number = true},
	[UP] = {.heading = N_("UP"), .is_number = true},
};

static char *shown(const struct style *style, const char *text)
{
	return style_escape(style, text, strlen(text));
}

static char *amount(uint64_t bytes)
{
	char text[AMOUNT_SIZE];

	return strdup(amount_write((double)bytes, text));
}

enum colour apps_colour(const char *target)
{
	if (strcmp(target, "direct") == 0)
		return COLOUR_GOOD;
	return strcmp(target, "drop") == 0 || strcmp(target, "refuse") == 0 ? COLOUR_BAD : COLOUR_PROXY;
}

static char *number(int64_t value)
{
	char *text = NULL;

	return asprintf(&text, "%" PRId64, value) >= 0 ? text : NULL;
}

/* The line of a rule, behind the file if it is a drop-in: "50-route.yaml:3". */
static char *place(const struct style *style, const struct config_rule *rule)
{
	const char *slash = rule->dropin != NULL ? strrchr(rule->dropin, '/') : NULL;
	CLEANUP(freep) char *file = slash != NULL ? shown(style, slash + 1) : NULL;
	char *text = NULL;

	if (slash == NULL)
		return number(rule->position.line);
	return file != NULL && asprintf(&text, "%s:%d", file, rule->position.line) >= 0 ? text : NULL;
}

/* Returns false if out of memory. */
static bool fill_route(const struct apps *apps, const struct traffic_route *route, const struct style *style,
		       struct cell *cells)
{
	cells[TARGET] = (struct cell){shown(style, route->target), apps_colour(route->target)};
	if (route->rule == NO_RULE)
		return cells[TARGET].text != NULL;
	cells[RULE].text = number(route->rule + 1);
	cells[LINE].text = place(style, &apps->config->rules[route->rule]);
	return cells[TARGET].text != NULL && cells[RULE].text != NULL && cells[LINE].text != NULL;
}

/* The name, and a container's first address. */
static char *name_of(const struct apps *apps, size_t i, const struct style *style)
{
	const struct listed_container *container = apps_container(apps, i);
	char *name = shown(style, apps->applications->items[i].name);
	char *text = NULL;

	if (name == NULL || container == NULL || container->address_count == 0)
		return name;
	if (asprintf(&text, _("%s (%s)"), name, container->addresses[0]) < 0)
		text = NULL;
	free(name);
	return text;
}

static bool fill_application(const struct apps *apps, size_t i, const struct style *style, struct cell *cells)
{
	const struct application *application = &apps->applications->items[i];
	const struct application_traffic *traffic = &apps->traffic->items[i];

	cells[NAME].text = name_of(apps, i, style);
	cells[DOWN].text = amount(traffic->received);
	cells[UP].text = amount(traffic->sent);
	if (application->user != NULL)
		cells[USER].text = shown(style, application->user);
	return cells[NAME].text != NULL && cells[DOWN].text != NULL && cells[UP].text != NULL &&
	       (application->user == NULL || cells[USER].text != NULL);
}

/* Adds a row, and one more for each further target with sockets. */
static bool add_application(const struct apps *apps, size_t i, const struct style *style, struct columns *columns)
{
	const struct application_traffic *traffic = &apps->traffic->items[i];

	for (size_t j = 0; j < traffic->route_count; j++) {
		struct cell *cells = NULL;

		if (j > 0 && traffic->routes[j].sockets == 0 && traffic->sockets > 0)
			continue;
		cells = columns_add(columns);
		if (cells == NULL || !fill_route(apps, &traffic->routes[j], style, cells))
			return false;
		if (j == 0 && !fill_application(apps, i, style, cells))
			return false;
	}
	return true;
}

/* What an application's topmost cgroup or one below it sends from a network of its own. */
const struct listed_container *apps_container(const struct apps *apps, size_t i)
{
	const struct applications *applications = apps->applications;
	const struct application *application = &applications->items[i];
	CLEANUP(freep) char *path = NULL;

	if (apps->containers->count == 0 || application->cgroup_count == 0)
		return NULL;
	path = cgroup_path_copy(applications->index.by_id[application->cgroups[0]]);
	for (size_t j = 0; path != NULL && j < apps->containers->count; j++) {
		if (container_is_below(&apps->containers->items[j], path))
			return &apps->containers->items[j];
	}
	return NULL;
}

bool apps_has(const struct apps *apps, size_t i)
{
	return apps->all || apps->traffic->items[i].sockets > 0 || apps_container(apps, i) != NULL;
}

const char *apps_notice(const struct traffic_list *traffic)
{
	if (!traffic->kernel_is_known)
		return _("The targets are the config's: without CAP_NET_ADMIN the kernel can't be asked. Run it as "
			 "root.");
	if (!traffic->kernel_is_active)
		return _("cgtproxy does not run, so all traffic goes direct.");
	if (traffic->kernel_is_left)
		return _("cgtproxy does not run. The rules of an earlier run are still in force: what runs now keeps "
			 "its target, whatever the config says. Start it: sudo systemctl start cgtproxy");
	if (traffic->differs)
		return _("The kernel has other targets for some of these than the config. Has it been loaded? See "
			 "\"cgtproxy status\".");
	return NULL;
}

static void write_legend(const struct apps *apps, size_t count, FILE *out)
{
	const char *notice = apps_notice(apps->traffic);

	fputc('\n', out);
	if (apps->all)
		fprintf(out, _("%zu listed."), count);
	else
		fprintf(out, _("%zu listed, with open sockets; --all lists all that runs."), count);
	fputc('\n', out);
	if (notice != NULL)
		fprintf(out, "%s\n", notice);
}

int apps_write_text(const struct apps *apps, const struct style *style, size_t width, bool has_legend, FILE *out)
{
	CLEANUP(columns_clear) struct columns columns = {.columns = headings, .count = COLUMNS};
	size_t count = 0;

	for (size_t i = 0; i < apps->applications->count; i++) {
		if (!apps_has(apps, i))
			continue;
		if (!add_application(apps, i, style, &columns))
			return -ENOMEM;
		count++;
	}
	columns_print(&columns, style, width, has_legend, out);
	if (has_legend)
		write_legend(apps, count, out);
	return 0;
}
