/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/apps.h"
#include "cmd/containers.h"
#include "cmd/output.h"
#include "util/cleanup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static json_t *json_text(const char *text)
{
	return text != NULL ? output_json(text, strlen(text)) : json_null();
}

static json_t *json_of_route(const struct apps *apps, const struct traffic_route *route)
{
	json_t *rule = json_null();
	json_t *dropin = json_null();
	json_t *line = json_null();

	if (route->rule != NO_RULE) {
		rule = json_integer(route->rule + 1);
		dropin = json_text(apps->config->rules[route->rule].dropin);
		line = json_integer(apps->config->rules[route->rule].position.line);
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:b, s:I, s:I}", "target", json_text(route->target), "rule", rule,
			 "dropin", dropin, "line", line, "differs", route->differs, "cgroups",
			 (json_int_t)route->cgroups, "sockets", (json_int_t)route->sockets);
}

static json_t *json_of_routes(const struct apps *apps, const struct application_traffic *traffic)
{
	json_t *routes = json_array();

	for (size_t i = 0; i < traffic->route_count; i++)
		json_array_append_new(routes, json_of_route(apps, &traffic->routes[i]));
	return routes;
}

static json_t *json_of_cgroups(const struct cgroup_index *index, const struct application *application)
{
	json_t *cgroups = json_array();

	for (size_t i = 0; i < application->cgroup_count; i++) {
		CLEANUP(freep) char *path = cgroup_path_copy(index->by_id[application->cgroups[i]]);

		json_array_append_new(cgroups, path != NULL ? output_json(path, strlen(path)) : NULL);
	}
	return cgroups;
}

static json_t *json_of_application(const struct apps *apps, size_t i)
{
	const struct application *application = &apps->applications->items[i];
	const struct application_traffic *traffic = &apps->traffic->items[i];
	const struct listed_container *container = apps_container(apps, i);
	CLEANUP(freep) char *value = application_value(application->kind, application->id);

	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "name",
			 json_text(application->name), "user", json_text(application->user), "uid",
			 application->uid != NO_UID ? json_integer(application->uid) : json_null(), "selector",
			 application_key(application->kind), "value", json_text(value), "targets",
			 json_of_routes(apps, traffic), "sockets", (json_int_t)traffic->sockets, "received",
			 (json_int_t)traffic->received, "sent", (json_int_t)traffic->sent, "cgroups",
			 json_of_cgroups(&apps->applications->index, application), "container",
			 container != NULL ? container_json(container) : json_null());
}

json_t *apps_json(const struct apps *apps)
{
	json_t *list = json_array();
	const struct traffic_list *traffic = apps->traffic;

	for (size_t i = 0; i < apps->applications->count; i++) {
		if (apps_has(apps, i))
			json_array_append_new(list, json_of_application(apps, i));
	}
	return json_pack("{s:s, s:o}", "targets_of",
			 !traffic->kernel_is_known    ? "config"
			 : !traffic->kernel_is_active ? "nobody"
						      : "kernel",
			 "apps", list);
}
