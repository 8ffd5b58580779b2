/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_CONFIG_FILE_H
#define CGTPROXY_INSPECT_CONFIG_FILE_H

#include "config/diagnostic.h"
#include "config/files.h"
#include "inspect/problems.h"

#include <stdint.h>
#include <time.h>

/* Whether the config file is what is in force. */

/** What was wrong with a file when it was read last. */
struct refusal {
	char *text;		   /* the first error, with its place, escaped; or NULL: it was taken */
	size_t more;		   /* so many others */
	struct config_files files; /* as they were then */
};

/** Takes note that a file, or the default one (NULL or ""), was refused. Without memory nothing is noted. */
void refusal_note(struct refusal *refusal, const char *file, const struct diagnostics *diagnostics);

void refusal_clear(struct refusal *refusal);

/**
 * Adds a problem if a file has changed since it was loaded, or if what it is now was refused. Where there was no file,
 * it is a problem that there is a default file now.
 *
 * @file:    or NULL or "": the built-in config was loaded
 * @loaded:  when what is in force was read from it; 0 if that is unknown
 * @version: of its files then, or 0 (config_has_changed())
 * @refusal: of the last time that it was read
 *
 * Returns 0 or -ENOMEM.
 */
int config_file_judge(const char *file, time_t loaded, uint32_t version, const struct refusal *refusal,
		      struct problems *problems);

/**
 * Adds the problem that the daemon can't be started, if a file was refused, or the default one (NULL).
 *
 * Returns 0 or -ENOMEM.
 */
int config_file_judge_start(const char *file, const struct refusal *refusal, struct problems *problems);

/**
 * Adds the problem that a file is not the one that is in force.
 *
 * @given:   the file
 * @loaded:  the one in force, or "" for the built-in config
 * @refusal: what was wrong with @given, if anything
 *
 * Returns 0 or -ENOMEM.
 */
int config_file_report_other(const char *given, const char *loaded, const struct refusal *refusal,
			     struct problems *problems);

#endif
