/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_ERROR_H
#define CGTPROXY_UTIL_ERROR_H

/**
 * What went wrong, in words for a person: what was tried, on what, why it failed, what to do.
 * The one who meets the failure fills it in, the one who ends the operation prints it.
 */
struct error {
	char text[2048];
};

/**
 * Fills in an error.
 *
 * @error:  what to fill in
 * @code:   negative errno
 * @format: printf format; bytes from users must have gone through escape() before
 *
 * Returns @code, so that a function can say "return error_set(...)".
 */
int error_set(struct error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
