/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/fwmark.h"

#include <inttypes.h>
#include <stdio.h>

bool fwmark_is_whole(const struct fwmark *mark)
{
	return mark->mask == UINT32_MAX;
}

bool fwmark_equals(const struct fwmark *one, const struct fwmark *other)
{
	return one->value == other->value && one->mask == other->mask;
}

bool fwmark_overlaps(const struct fwmark *one, const struct fwmark *other)
{
	return ((one->value ^ other->value) & one->mask & other->mask) == 0;
}

bool fwmark_covers(const struct fwmark *one, const struct fwmark *other)
{
	return (one->mask & ~other->mask) == 0 && fwmark_overlaps(one, other);
}

const char *fwmark_text(const struct fwmark *mark, char text[FWMARK_TEXT_SIZE])
{
	if (fwmark_is_whole(mark))
		snprintf(text, FWMARK_TEXT_SIZE, "0x%" PRIx32, mark->value);
	else
		snprintf(text, FWMARK_TEXT_SIZE, "0x%" PRIx32 "/0x%" PRIx32, mark->value, mark->mask);
	return text;
}
