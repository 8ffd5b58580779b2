/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_SOURCES_H
#define CGTPROXY_RELAY_SOURCES_H

#include "util/address.h"

#include <stddef.h>

/** How many connections the clients at each address have; only the present ones are known. */
struct sources {
	void *tree;
	size_t max; /* connections of one address; 0: any number, and nothing is counted */
};

struct source;

/**
 * Counts one more connection of an address.
 *
 * @source: set to what sources_leave() takes, or to NULL if nothing is counted
 *
 * Returns 0, -EUSERS if it has as many as it may have, or -ENOMEM.
 */
int sources_enter(struct sources *sources, const struct endpoint *address, struct source **source);

/** Counts one less; takes NULL. */
void sources_leave(struct sources *sources, struct source *source);

#endif
