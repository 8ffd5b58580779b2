/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_ERROR_H
#define CGTPROXY_UTIL_ERROR_H

/*
 * Error handling conventions of the whole program:
 *
 * - An int is 0, or a number that the function's comment explains, or a negative errno. A constructor returns NULL on
 *   failure; a bool answers whether something is true, was found or fits, and needs no reason.
 * - A function whose last parameter is a struct error fills it in whenever it fails. After success its content is
 *   undefined. A caller passes the failure on or replaces the text with a more specific one.
 * - A function without one returns only an errno, often -ENOMEM; its caller provides the text.
 * - A function that returns a failure does not log it. A command prints the failure that ends it; the daemon logs those
 *   that it survives.
 * - The first failure ends an operation. Errnos are never combined with |=; a batch or a builder, where each step would
 *   have to be checked, keeps the first failure and reports it at the end.
 * - Don't use the output of a function that failed, and free it only where the comment says "whatever this returns";
 *   the config's readers leave existing values alone.
 * - Errors in a config file are diagnostics instead (config/diagnostic.h), since they are all reported at once.
 */

/**
 * A human-readable failure: what was attempted, on what, why it failed, what to do. Filled in where the failure occurs,
 * printed where the operation ends.
 */
struct error {
	char text[2048];
};

/**
 * Sets an error's text.
 *
 * @code:   negative errno
 * @format: printf format; bytes from users must have been passed through escape()
 *
 * Returns @code, so a function can "return error_set(...)".
 */
int error_set(struct error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
