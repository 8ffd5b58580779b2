/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/selection.h"

#include "policy/pattern_set.h"
#include "util/cleanup.h"

#include <stdlib.h>
#include <string.h>
#include <unistr.h>

const char *application_key(enum application_kind kind)
{
	static const char *const keys[] = {
		[APPLICATION_APP] = "app",     [APPLICATION_UNIT] = "unit", [APPLICATION_USER_UNIT] = "user-unit",
		[APPLICATION_SLICE] = "slice", [APPLICATION_USER] = "user", [APPLICATION_CGROUP] = "match",
	};

	return keys[kind];
}

/* Invalid UTF-8 is matched as U+FFFD (policy.h). */
static char *readable(const char *path)
{
	static const char replacement[] = "\uFFFD";
	const size_t length = strlen(path);
	char *text = malloc(strlen(replacement) * length + 1);
	char *end = text;

	for (size_t i = 0; text != NULL && i < length;) {
		int size = u8_mblen((const uint8_t *)path + i, length - i);

		if (size > 0)
			end = mempcpy(end, path + i, (size_t)size);
		else
			end = mempcpy(end, replacement, strlen(replacement));
		i += size > 0 ? (size_t)size : 1;
	}
	if (text != NULL)
		*end = '\0';
	return text;
}

char *application_value(enum application_kind kind, const char *id)
{
	CLEANUP(freep) char *path = NULL;
	CLEANUP(freep) char *quoted = NULL;
	char *value = NULL;

	if (kind != APPLICATION_CGROUP)
		return strdup(id);
	path = readable(id);
	quoted = path != NULL ? pattern_quote(path, strlen(path)) : NULL;
	return quoted != NULL && asprintf(&value, "^%s(/|$)", quoted) >= 0 ? value : NULL;
}
