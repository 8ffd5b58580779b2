/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_TEXT_H
#define CGTPROXY_CONFIG_TEXT_H

#include "config/diagnostic.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * Checks whether a text is safe to pass to libfyaml, which truncates some texts and breaks on others.
 *
 * @text: @length bytes
 *
 * Returns whether it is; if not, adds an error to @diagnostics.
 */
bool text_check(const char *text, size_t length, struct diagnostics *diagnostics);

#endif
