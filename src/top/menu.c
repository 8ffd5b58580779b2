/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "top/menu.h"

#include "cmd/routes_file.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void menu_clear(struct menu *menu)
{
	choice_clear(&menu->choice);
	for (size_t i = 0; i < menu->count; i++) {
		free(menu->items[i].target);
		free(menu->items[i].text);
	}
	free(menu->items);
	*menu = (struct menu){0};
}

/* Without the upstream's user and password. */
static char *describe_proxy(const struct proxy *proxy)
{
	char upstream[UPSTREAM_NAME_SIZE];
	char *text = NULL;
	int length = 0;

	if (proxy->relay.enabled)
		length = asprintf(&text, _("relay to %s"), upstream_write(&proxy->relay.upstream, upstream));
	else
		length = asprintf(&text, _("to the proxy on port %u"), proxy->port);
	return length >= 0 ? text : NULL;
}

static char *describe(const struct config *config, uint32_t target)
{
	if (target >= TARGET_FIRST_PROXY)
		return describe_proxy(&config->proxies[target - TARGET_FIRST_PROXY]);
	if (target == TARGET_DIRECT)
		return strdup(_("not steered"));
	return strdup(target == TARGET_DROP ? _("dropped without a word") : _("rejected with an error"));
}

/* Takes over the texts. */
static int add(struct menu *menu, struct menu_item item)
{
	menu->items[menu->count++] = item;
	return item.text != NULL ? 0 : -ENOMEM;
}

static bool has_rule(const struct arguments *arguments, const struct choice *choice)
{
	CLEANUP(routes_file_close) struct routes_file file = {.directory = -1};

	return routes_file_open(arguments, false, &file) == EXIT_OK &&
	       written_rules_find(&file.rules, choice->key, choice->value) != NULL;
}

static int add_target(const struct config *config, uint32_t number, const char *target, struct menu *menu)
{
	char *name = strdup(config_target_name(config, number));

	if (name == NULL)
		return -ENOMEM;
	if (strcmp(name, target) == 0)
		menu->selected = menu->count;
	return add(menu, (struct menu_item){name, describe(config, number)});
}

int menu_make(const struct arguments *arguments, const struct config *config, const struct application *application,
	      const char *target, struct menu *menu)
{
	const uint32_t targets = TARGET_FIRST_PROXY + (uint32_t)config->proxy_count;
	int result = 0;

	menu->choice = (struct choice){
		.key = strdup(application_key(application->kind)),
		.value = application_value(application->kind, application->id),
		.name = strdup(application->name),
	};
	menu->items = calloc(targets + 1, sizeof(*menu->items));
	if (menu->choice.key == NULL || menu->choice.value == NULL || menu->choice.name == NULL || menu->items == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < targets && result == 0; i++)
		result = add_target(config, i, target, menu);
	if (result == 0 && has_rule(arguments, &menu->choice))
		result = add(menu, (struct menu_item){NULL, strdup(_("as the other rules say"))});
	return result;
}
