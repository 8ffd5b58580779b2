/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_FWMARK_H
#define CGTPROXY_UTIL_FWMARK_H

#include <stdbool.h>
#include <stdint.h>

/** Value and mask of a packet mark, to match or to set. */
struct fwmark {
	uint32_t value; /* bits outside the mask are ignored */
	uint32_t mask;
};

enum { FWMARK_TEXT_SIZE = sizeof("0x12345678/0x12345678") };

/** Returns whether the mask covers the whole mark. */
bool fwmark_is_whole(const struct fwmark *mark);

/** Returns whether both are equal. */
bool fwmark_equals(const struct fwmark *one, const struct fwmark *other);

/** Returns whether a packet can match both. */
bool fwmark_overlaps(const struct fwmark *one, const struct fwmark *other);

/** Returns whether every packet that matches @other also matches @one. */
bool fwmark_covers(const struct fwmark *one, const struct fwmark *other);

/** Formats it like ip-rule(8): 0x1 or 0x1/0xff. Returns @text. */
const char *fwmark_text(const struct fwmark *mark, char text[FWMARK_TEXT_SIZE]);

#endif
