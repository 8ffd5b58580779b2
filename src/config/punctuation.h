/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_PUNCTUATION_H
#define CGTPROXY_CONFIG_PUNCTUATION_H

#include <unitypes.h>

/** A character that resembles one of YAML's. */
struct punctuation {
	ucs4_t character;
	char meant; /* YAML's; ' ' for any space */
	const char *name;
};

/** Returns what is known of a character, or NULL if it resembles nothing. */
const struct punctuation *punctuation_find(ucs4_t character);

/** Returns the one of YAML's that a character resembles, or 0. */
char punctuation_meant(ucs4_t character);

#endif
