/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_FINDING_H
#define CGTPROXY_CMD_FINDING_H

/* The findings of a check, printed one per line: severity, subject, what it means and what to do. */

enum finding {
	FINDING_OK,
	FINDING_NOTICE,	 /* fine, but worth knowing */
	FINDING_SKIPPED, /* it could not be checked */
	FINDING_WARNING,
	FINDING_ERROR,
};

/** Prints a finding on stdout. */
void finding_print(enum finding finding, const char *subject, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
