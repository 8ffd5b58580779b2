/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_ERROR_H
#define CGTPROXY_UTIL_ERROR_H

/*
 * How functions fail, all over the program:
 *
 * - An int is 0, or a number that the function's comment explains, or a negative errno. A function that makes something
 *   returns NULL for failure; a bool says whether something is so, was found or fits, and needs no reason.
 * - A function whose last parameter is a struct error has filled that in whenever it fails. After a success what is in
 *   it means nothing. A caller passes the failure on, or fills in a text of its own that says more.
 * - A function without one has no more to say than its errno, often -ENOMEM; its caller gives that a text.
 * - Who returns a failure does not log it. A command prints what ends it, and the daemon what it goes on in spite of.
 * - The first failure ends an operation. Errnos are never joined with |=; a batch or a builder, where each step would
 *   have to be checked, remembers the first failure and refuses at the end.
 * - What is set by a function that failed is not to be used. It is to be freed only where the comment says "whatever
 * this returns"; the config's readers leave alone what was there.
 * - What is wrong with a config file are diagnostics instead (config/diagnostic.h), since it is all told at once.
 */

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
