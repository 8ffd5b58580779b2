/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/containers.h"

#include "cmd/columns.h"
#include "cmd/output.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESSES_SHOWN = 4 };

static enum colour colour_of(const char *target)
{
	if (strcmp(target, "drop") == 0 || strcmp(target, "refuse") == 0)
		return COLOUR_BAD;
	return strcmp(target, "direct") == 0 || *target == '\0' ? COLOUR_GOOD : COLOUR_PROXY;
}

static char *escaped(const char *text)
{
	const size_t length = strlen(text);
	char *out = malloc(ESCAPED_SIZE(length));

	if (out != NULL)
		escape_but_backslash(out, ESCAPED_SIZE(length), text, length);
	return out;
}

/* The first of several texts, separated by commas. */
static char *join(char *const *texts, size_t count, size_t limit)
{
	char *joined = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&joined, &size);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < count && i < limit; i++) {
		CLEANUP(freep) char *text = escaped(texts[i]);

		fprintf(out, i == 0 ? "%s" : _(", %s"), text != NULL ? text : "");
	}
	if (count > limit)
		fprintf(out, _(" and %zu more"), count - limit);
	if (fclose(out) == 0)
		return joined;
	free(joined);
	return NULL;
}

static char *write_target(const struct listed_container *container)
{
	char *text = NULL;

	if (asprintf(&text, container->is_partly ? _("%s, partly") : "%s",
		     *container->target != '\0' ? container->target : "-") < 0)
		return NULL;
	return text;
}

static int add(const struct listed_container *container, struct columns *columns)
{
	struct cell *cells = columns_add(columns);

	if (cells == NULL)
		return -ENOMEM;
	cells[0].text = escaped(*container->name != '\0' ? container->name : "-");
	cells[1] = (struct cell){write_target(container), colour_of(container->target)};
	cells[2].text = join(container->addresses, container->address_count, ADDRESSES_SHOWN);
	cells[3].text = join(container->interfaces, container->interface_count, ADDRESSES_SHOWN);
	cells[4].text = join(container->cgroups, container->cgroup_count, 1);
	for (size_t i = 0; i < columns->count; i++) {
		if (cells[i].text == NULL)
			return -ENOMEM;
	}
	return 0;
}

int containers_write(const struct container_list *list, const struct style *style, FILE *out)
{
	static const struct column all[] = {
		{.heading = N_("CONTAINER")}, {.heading = N_("TARGET")}, {.heading = N_("ADDRESSES")},
		{.heading = N_("INTERFACE")}, {.heading = N_("CGROUP")},
	};
	CLEANUP(columns_clear) struct columns columns = {.columns = all, .count = sizeof(all) / sizeof(all[0])};

	if (list->count == 0)
		return 0;
	for (size_t i = 0; i < list->count; i++) {
		if (add(&list->items[i], &columns) < 0)
			return -ENOMEM;
	}
	fputc('\n', out);
	columns_print(&columns, style, 0, style->has_legend, out);
	if (list->is_incomplete && style->has_legend)
		fprintf(out, "%s\n", _("Not all cgroups could be asked in time; there may be more."));
	return 0;
}

static json_t *json_of_texts(char *const *texts, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, output_json(texts[i], strlen(texts[i])));
	return list;
}

json_t *container_json(const struct listed_container *container)
{
	const bool has_name = *container->name != '\0';

	return json_pack("{so ss? sb so so so}", "name",
			 has_name ? output_json(container->name, strlen(container->name)) : json_null(), "target",
			 *container->target != '\0' ? container->target : NULL, "partly", (int)container->is_partly,
			 "addresses", json_of_texts(container->addresses, container->address_count), "interfaces",
			 json_of_texts(container->interfaces, container->interface_count), "cgroups",
			 json_of_texts(container->cgroups, container->cgroup_count));
}
