/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_KEYFILE_H
#define CGTPROXY_DESKTOP_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>

/* Key files, as GLib's GKeyFile reads them. GLib is loaded when the first is read, and only then. */

struct keyfile;

/** Returns whether there is a GLib to read key files with. */
bool keyfile_is_available(void);

/**
 * Reads a key file.
 *
 * @text: @length bytes of any content
 *
 * Returns it, for keyfile_free(), or NULL for what is none, without GLib, or without memory.
 */
struct keyfile *keyfile_read(const char *text, size_t length);

/**
 * Reads a key of the group [Desktop Entry].
 *
 * Returns the value, valid UTF-8, for free(), or NULL.
 */
char *keyfile_string(const struct keyfile *keyfile, const char *key);

/** The same in the language that the environment asks for (LANGUAGE, LC_ALL, LC_MESSAGES, LANG), if it is there. */
char *keyfile_translated(const struct keyfile *keyfile, const char *key);

/** Returns whether a key is there and true. */
bool keyfile_is_true(const struct keyfile *keyfile, const char *key);

void keyfile_free(struct keyfile *keyfile);

#endif
