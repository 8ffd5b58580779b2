/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_FWMARK_H
#define CGTPROXY_UTIL_FWMARK_H

#include <stdbool.h>
#include <stdint.h>

/** What a packet's mark is in the bits of a mask: a condition, or what is set. */
struct fwmark {
	uint32_t value; /* the bits outside the mask don't count */
	uint32_t mask;
};

enum { FWMARK_TEXT_SIZE = sizeof("0x12345678/0x12345678") };

/** Returns whether the mask is that of a whole mark. */
bool fwmark_is_whole(const struct fwmark *mark);

/** Returns whether both are the same. */
bool fwmark_equals(const struct fwmark *one, const struct fwmark *other);

/** Returns whether a packet may have both. */
bool fwmark_overlaps(const struct fwmark *one, const struct fwmark *other);

/** Returns whether each packet that has the @other has @one as well. */
bool fwmark_covers(const struct fwmark *one, const struct fwmark *other);

/** Writes 0x1 or 0x1/0xff, as ip-rule(8) does. Returns @text. */
const char *fwmark_text(const struct fwmark *mark, char text[FWMARK_TEXT_SIZE]);

#endif
