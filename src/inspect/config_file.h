/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_CONFIG_FILE_H
#define CGTPROXY_INSPECT_CONFIG_FILE_H

#include "config/diagnostic.h"
#include "inspect/problems.h"

#include <stdbool.h>
#include <time.h>

/* Whether the config file is what is in force. */

/** What was wrong with a file when it was read last. */
struct refusal {
	char *text;	 /* the first error, with its place, escaped; or NULL: it was taken */
	size_t more;	 /* so many others */
	time_t modified; /* the file's time, or 0 */
};

/** Takes note that a file was refused. Without memory nothing is noted. */
void refusal_note(struct refusal *refusal, const char *file, const struct diagnostics *diagnostics);

void refusal_clear(struct refusal *refusal);

/**
 * Adds a problem if a file has changed since it was loaded, or if what it is now was refused. The kernel keeps the time
 * of loading in seconds, so a change within the same second is not seen.
 *
 * @file:    or NULL: there was none, and there is nothing to add
 * @loaded:  when what is in force was read from it
 * @refusal: of the last time that it was read
 *
 * Returns 0 or -ENOMEM.
 */
int config_file_judge(const char *file, time_t loaded, const struct refusal *refusal, struct problems *problems);

#endif
