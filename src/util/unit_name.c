/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/unit_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void unit_name_escape(char *out, const char *text)
{
	size_t used = 0;

	*out = '\0';
	for (const char *at = text; *at != '\0'; at++) {
		bool plain = isascii(*at) && (isalnum(*at) || strchr(":_.", *at) != NULL) && (at > text || *at != '.');

		used += (size_t)snprintf(out + used, UNIT_NAME_ESCAPED_SIZE - used, plain ? "%c" : "\\x%02x",
					 (unsigned char)*at);
	}
}

static int digit_of(char character)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = character != '\0' ? strchr(digits, character) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

bool unit_name_unescape(char *out, const char *text, size_t length)
{
	char again[UNIT_NAME_ESCAPED_SIZE];
	size_t used = 0;

	if (length >= UNIT_NAME_SIZE)
		return false;
	for (size_t i = 0; i < length; i++) {
		bool is_escape = text[i] == '\\' && i + 3 < length && text[i + 1] == 'x' &&
				 digit_of(text[i + 2]) >= 0 && digit_of(text[i + 3]) >= 0;

		out[used++] = (char)(is_escape ? 16 * digit_of(text[i + 2]) + digit_of(text[i + 3]) : text[i]);
		i += is_escape ? 3 : 0;
	}
	out[used] = '\0';
	/* NOLINTNEXTLINE(readability-suspicious-call-argument): what was unescaped is escaped again */
	unit_name_escape(again, out);
	return strlen(again) == length && memcmp(again, text, length) == 0;
}
