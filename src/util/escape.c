/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

static bool is_shown_as_it_is(ucs4_t character, bool backslash)
{
	return character == ' ' || ((character != '\\' || backslash) &&
				    uc_is_general_category_withtable(
					    character, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N |
							       UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_S));
}

static const char *write_escaped(char *out, size_t size, const char *text, size_t length, bool backslash)
{
	const uint8_t *next = (const uint8_t *)text;
	const uint8_t *end = next + length;
	size_t used = 0;

	while (next < end) {
		ucs4_t character = 0;
		int bytes = u8_mbtoucr(&character, next, (size_t)(end - next));

		if (bytes > 0 && is_shown_as_it_is(character, backslash)) {
			if (used + (size_t)bytes >= size)
				break;
			memcpy(out + used, next, (size_t)bytes);
			used += (size_t)bytes;
			next += bytes;
			continue;
		}
		if (used + 4 >= size)
			break;
		snprintf(out + used, size - used, "\\x%02x", *next);
		used += 4;
		next++;
	}
	out[used] = '\0';
	return out;
}

const char *escape(char *out, size_t size, const char *text, size_t length)
{
	return write_escaped(out, size, text, length, false);
}

const char *escape_but_backslash(char *out, size_t size, const char *text, size_t length)
{
	return write_escaped(out, size, text, length, true);
}
