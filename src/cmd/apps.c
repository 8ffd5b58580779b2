/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/apps.h"

#include "cmd/cmd.h"
#include "cmd/load.h"
#include "cmd/output.h"
#include "cmd/pager.h"
#include "inspect/kernel.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The terminal's width, or 0 if stdout is not a terminal and nothing is to be cut. */
static size_t width_of_output(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int print_json(const struct apps *apps, enum json_format format)
{
	json_auto_t *json = apps_json(apps);

	return output_write_json(json, format, stdout);
}

static int print(const struct arguments *arguments, const struct apps *apps)
{
	const struct style style = style_of_output(arguments);
	const size_t width = width_of_output();
	int result = 0;

	pager_open(arguments);
	result = arguments->json != JSON_FORMAT_OFF ? print_json(apps, arguments->json)
						    : apps_write_text(apps, &style, width, style.has_legend, stdout);
	if (result < 0) {
		log_error("no memory to show what runs");
		return EXIT_ERROR;
	}
	return EXIT_OK;
}

/* Without the permission, or where they are not covered, containers have no more to be said of them. */
static void list_containers(const struct applications *applications, struct container_list *containers)
{
	CLEANUP(kernel_clear) struct kernel kernel = {0};
	struct error error;

	kernel_read(&kernel);
	if (kernel_covers_containers(&kernel) &&
	    container_list_read(&kernel.table.dump, &applications->index, containers, &error) < 0)
		log_warning("%s", error.text);
}

/* If the config has errors, they are logged, and the kernel's targets are shown without rules. */
int cmd_apps(const struct arguments *arguments)
{
	CLEANUP(config_freep) struct config *config = NULL;
	CLEANUP(desktop_entries_clear) struct desktop_entries entries = {0};
	CLEANUP(applications_clear) struct applications applications = {0};
	CLEANUP(traffic_list_clear) struct traffic_list traffic = {0};
	CLEANUP(container_list_clear) struct container_list containers = {0};
	struct error error;
	int result = 0;

	if (arguments->count > 0) {
		log_error("apps takes no arguments. Usage: cgtproxy [-c FILE] apps [--all] [--json] [--no-legend]");
		return EXIT_USAGE;
	}
	config = load_config(arguments);
	result = applications_read(config != NULL ? config->cgroup_root : NULL, &entries, &applications, &error);
	if (result == 0)
		result = traffic_list_read(config, &applications, &traffic, &error);
	if (result < 0) {
		log_error("%s", error.text);
		return EXIT_ERROR;
	}
	list_containers(&applications, &containers);
	return print(arguments, &(struct apps){config, &applications, &traffic, &containers, arguments->all});
}
