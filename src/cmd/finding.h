/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_FINDING_H
#define CGTPROXY_CMD_FINDING_H

#include "cmd/cmd.h"
#include "config/diagnostic.h"

/* The results of checks: how severe each is, what it is about, what it means and what to do. As text they are printed
 * at once, one per line; as JSON all together at the end. There is one list per process, as there is one stdout. */

enum finding {
	FINDING_OK,
	FINDING_NOTICE,	 /* fine, but worth knowing */
	FINDING_SKIPPED, /* could not be checked */
	FINDING_WARNING,
	FINDING_ERROR,
};

/** Chooses the form, before the first finding. */
void findings_begin(enum json_format format);

/**
 * Reports a finding.
 *
 * @subject: English, marked with N_() if it is words rather than a name; or translated already
 */
void finding_print(enum finding finding, const char *subject, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * Adds a detail to the last finding: a line of its own below it.
 *
 * @text: @length bytes, any
 */
void finding_print_detail(const char *text, size_t length);

/** Reports what is wrong with a config's files, as FILE:LINE:COLUMN: TEXT. */
void findings_print_diagnostics(const struct diagnostics *diagnostics);

/**
 * Ends the list and prints it if it is JSON.
 *
 * Returns EXIT_ERROR if there was an error among the findings, or no memory for them, else EXIT_OK.
 */
int findings_end(void);

#endif
