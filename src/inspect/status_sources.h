/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STATUS_SOURCES_H
#define CGTPROXY_INSPECT_STATUS_SOURCES_H

#include "inspect/config_file.h"
#include "inspect/held_table.h"
#include "inspect/status_state.h"

/* The part of the status that says which table and which config it is about. */

struct status_sources {
	struct nft nft;
	struct held_table table;
	struct config *file;	/* what the config file says now, or NULL */
	struct refusal refusal; /* or why that can't be loaded */
	const char *given;	/* another file, with which to compare, or NULL */
	struct refusal given_refusal;
	struct config *held;	     /* what the kernel shows of the config in force; NULL without a table */
	const struct config *config; /* of the two, the one to go by, or NULL */
};

/**
 * Reads the table, and finds its daemon and its config.
 *
 * @file:    as for status_read()
 * @sources: zeroed; release with status_sources_clear(), also on failure
 *
 * Returns 0 or a negative errno with @error.
 */
int status_sources_read(const char *file, struct status_sources *sources, struct status *status, struct error *error);

/** Returns whether the config is what is in force, so that its policy rules and routes are to be there. */
bool status_sources_are_in_force(const struct status_sources *sources, const struct status *status);

/** Has the config's proxies listen at the ports that are in force: who listens, is asked of these. */
void status_sources_take_over_ports(struct status_sources *sources);

/** Sets the error that there is no memory, and returns it. */
int status_no_memory(struct error *error);

void status_sources_clear(struct status_sources *sources);

#endif
