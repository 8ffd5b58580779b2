/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "util/colour.h"

#include "util/boolean.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns whether SYSTEMD_COLORS decides, and how. */
static bool read_systemd_colours(bool *wanted)
{
	static const char *const numbers[] = {"16", "256", "24bit"};
	const char *word = getenv("SYSTEMD_COLORS");

	if (word == NULL)
		return false;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(word, numbers[i]) == 0) {
			*wanted = true;
			return true;
		}
	}
	return boolean_parse(word, wanted);
}

/* A terminal without a name is taken to be as dumb as one that says so. */
static bool terminal_has_colours(int fd)
{
	const char *name = getenv("TERM");

	return isatty(fd) == 1 && name != NULL && strcmp(name, "dumb") != 0;
}

bool colour_is_wanted(int fd)
{
	const char *none = getenv("NO_COLOR");
	bool wanted = false;

	if (read_systemd_colours(&wanted))
		return wanted;
	return (none == NULL || *none == '\0') && terminal_has_colours(fd);
}
