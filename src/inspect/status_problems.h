/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STATUS_PROBLEMS_H
#define CGTPROXY_INSPECT_STATUS_PROBLEMS_H

#include "config/config.h"
#include "inspect/config_file.h"
#include "inspect/problems.h"
#include "nft/stamp.h"
#include "util/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* The part of the status that is about problems. */

/** What is known when they are looked for. */
struct status_known {
	const struct config *config;
	bool in_force;		       /* the config is, so its policy rules and routes should be there */
	uint32_t pid;		       /* of the daemon, or 0 */
	bool strict;		       /* whether the rules in force are */
	const struct stamp *stamp;     /* of the config that the table was made from */
	const struct refusal *refusal; /* of that file */
	const char *given;	       /* a file to compare with that is not that one, or NULL */
	const struct refusal *given_refusal;
};

/**
 * Adds the problem that a running daemon's table lacks something.
 *
 * @exists: whether there is a table at all
 *
 * Returns 0 or -ENOMEM.
 */
int status_report_table(bool exists, struct problems *problems);

/** Adds all others. Returns 0 or a negative errno with @error. */
int status_find_problems(const struct status_known *known, struct problems *problems, struct error *error);

#endif
