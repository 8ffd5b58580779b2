/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_PUNCTUATION_H
#define CGTPROXY_CONFIG_PUNCTUATION_H

#include "config/diagnostic.h"

#include <unitypes.h>

/** Returns the one of YAML's that a character resembles, or 0. */
char punctuation_meant(ucs4_t character);

/**
 * Reports a character that resembles one of YAML's, where YAML needs that one.
 *
 * @character: one for which punctuation_meant() doesn't return 0
 */
void punctuation_report(ucs4_t character, struct position position, struct diagnostics *diagnostics);

#endif
