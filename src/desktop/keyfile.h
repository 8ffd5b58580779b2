/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_KEYFILE_H
#define CGTPROXY_DESKTOP_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>

/* Parses key files with GLib's GKeyFile. GLib is loaded for the first one. If out of memory, it aborts the program. */

struct keyfile;

/** Returns whether GLib could be loaded. */
bool keyfile_is_available(void);

/**
 * Parses a key file.
 *
 * @text: @length bytes of any content
 *
 * Returns it, released with keyfile_free(), or NULL if it is not valid, without GLib, or if out of memory.
 */
struct keyfile *keyfile_read(const char *text, size_t length);

/**
 * Reads a key of the group [Desktop Entry].
 *
 * Returns the value in valid UTF-8, freed by the caller, or NULL.
 */
char *keyfile_string(const struct keyfile *keyfile, const char *key);

/** The same in the language of the environment (LANGUAGE, LC_ALL, LC_MESSAGES, LANG), if there is a translation. */
char *keyfile_translated(const struct keyfile *keyfile, const char *key);

/** Returns whether a key exists and is true. */
bool keyfile_is_true(const struct keyfile *keyfile, const char *key);

void keyfile_free(struct keyfile *keyfile);

#endif
