/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_FINDING_H
#define CGTPROXY_CMD_FINDING_H

/* What a check has found, printed a line each: whether it is well, what it is about, what it means and what to do. */

enum finding {
	FINDING_OK,
	FINDING_NOTICE,	 /* well, and worth knowing */
	FINDING_SKIPPED, /* it could not be looked at */
	FINDING_WARNING,
	FINDING_ERROR,
};

/** Prints a finding on stdout. */
void finding_print(enum finding finding, const char *subject, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
