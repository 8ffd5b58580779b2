/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_APPS_H
#define CGTPROXY_CMD_APPS_H

#include "cmd/style.h"
#include "config/config.h"
#include "inspect/applications.h"
#include "inspect/container_list.h"
#include "inspect/traffic.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/** What "cgtproxy apps" shows. */
struct apps {
	const struct config *config; /* or NULL */
	const struct applications *applications;
	const struct traffic_list *traffic;
	const struct container_list *containers; /* those whose traffic is covered; may be empty */
	bool all;				 /* include what has no sockets */
};

/** Returns whether an application is shown. */
bool apps_has(const struct apps *apps, size_t i);

/** Returns the container of an application, or NULL. */
const struct listed_container *apps_container(const struct apps *apps, size_t i);

/** Returns what a person should know of where the targets come from, in their language; NULL if there is nothing. */
const char *apps_notice(const struct traffic_list *traffic);

/** Returns the colour of a target's name. */
enum colour apps_colour(const char *target);

/**
 * Prints the list as a table.
 *
 * @width: as for columns_print()
 *
 * Returns 0 or -ENOMEM.
 */
int apps_write_text(const struct apps *apps, const struct style *style, size_t width, bool has_legend, FILE *out);

/** Returns the list as JSON, or NULL if out of memory. */
json_t *apps_json(const struct apps *apps);

#endif
