/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/boolean.h"

#include <stddef.h>
#include <strings.h>

bool boolean_parse(const char *text, bool *value)
{
	static const struct {
		const char *yes;
		const char *no;
	} words[] = {{"1", "0"}, {"yes", "no"}, {"y", "n"}, {"true", "false"}, {"t", "f"}, {"on", "off"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i].yes) == 0 || strcasecmp(text, words[i].no) == 0) {
			*value = strcasecmp(text, words[i].yes) == 0;
			return true;
		}
	}
	return false;
}
