/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_LOOKALIKES_H
#define CGTPROXY_CONFIG_LOOKALIKES_H

#include "config/diagnostic.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * Looks for characters that look like YAML's punctuation and are not, where punctuation is meant: what an input method
 * for Chinese types for ":", "," and " ", typographic quotes, and a backslash of a regular expression in double quotes,
 * which is YAML's own there. A parser's message about them would speak of something else, and somewhere else.
 *
 * Such characters within a value or a comment mean themselves and are left alone.
 *
 * @text: @length bytes of UTF-8
 *
 * Returns whether there is none; adds an error to @diagnostics for each otherwise.
 */
bool lookalikes_check(const char *text, size_t length, struct diagnostics *diagnostics);

#endif
