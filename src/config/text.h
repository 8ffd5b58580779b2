/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_TEXT_H
#define CGTPROXY_CONFIG_TEXT_H

#include "config/diagnostic.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * Checks whether libfyaml can be given a text, which takes some for shorter than they are, and breaks on others.
 *
 * @text: @length bytes
 *
 * Returns whether it can; adds an error to @diagnostics when not.
 */
bool text_check(const char *text, size_t length, struct diagnostics *diagnostics);

#endif
