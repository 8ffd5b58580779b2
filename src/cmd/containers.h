/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_CONTAINERS_H
#define CGTPROXY_CMD_CONTAINERS_H

#include "cmd/style.h"
#include "inspect/container_list.h"

#include <jansson.h>
#include <stdio.h>

/* How containers are shown. */

/** Writes a table of them, after an empty line; nothing if there is none. Returns 0 or -ENOMEM. */
int containers_write(const struct container_list *list, const struct style *style, FILE *out);

/** Returns one as JSON, or NULL if out of memory. */
json_t *container_json(const struct listed_container *container);

#endif
