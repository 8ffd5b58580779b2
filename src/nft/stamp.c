/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/stamp.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEFORE_FILE "config "
#define BEFORE_TIME " loaded "
#define BUILT_IN "(built in)"
#define CUT "..."
#define TIME_FORMAT "%Y-%m-%dT%H:%M:%S"

enum {
	TIME_SIZE = sizeof("2026-01-02T03:04:05"),
	/* what follows the seconds; older stamps have "Z" alone */
	DETAILS_SIZE = sizeof(".678901Z 0badcafe"),
	/* the parts share one NUL */
	FILE_SIZE = COMMENT_SIZE - (sizeof(BEFORE_FILE) - 1) - (sizeof(BEFORE_TIME) - 1) - (TIME_SIZE - 1) -
		    (DETAILS_SIZE - 1),
	NSEC_PER_USEC = 1000,
};

/* Bytes that nft could not parse within a quoted comment, or that are unsafe on a terminal. */
static void make_plain(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			*text = '?';
	}
}

void stamp_write(char *out, const char *file, const struct timespec *loaded, uint32_t version)
{
	char shown[FILE_SIZE];
	char when[TIME_SIZE] = "";
	struct tm utc;

	if (file == NULL)
		snprintf(shown, sizeof(shown), "%s", BUILT_IN);
	else if (strlen(file) < sizeof(shown))
		snprintf(shown, sizeof(shown), "%s", file);
	else
		snprintf(shown, sizeof(shown), CUT "%s", file + strlen(file) + strlen(CUT) + 1 - sizeof(shown));
	make_plain(shown);
	if (gmtime_r(&loaded->tv_sec, &utc) != NULL)
		strftime(when, sizeof(when), TIME_FORMAT, &utc);
	snprintf(out, COMMENT_SIZE, BEFORE_FILE "%s" BEFORE_TIME "%s.%06uZ %08" PRIx32, shown, when,
		 (unsigned int)(loaded->tv_nsec / NSEC_PER_USEC % 1000000), version);
}

/* Returns the last BEFORE_TIME, since a path may have one as well. */
static const char *find_time(const char *text)
{
	const char *found = NULL;

	for (const char *next = text; (next = strstr(next, BEFORE_TIME)) != NULL; next++)
		found = next;
	return found;
}

/* Whether a text is like this one, which has "0" for each hexadecimal digit. */
static bool has_form(const char *text, const char *form)
{
	static const char digits[] = "0123456789abcdef";

	for (; *form != '\0' && *text != '\0'; form++, text++) {
		if (*form == '0' ? strchr(digits, *text) == NULL : *text != *form)
			return false;
	}
	return *form == *text;
}

static bool read_time(const char *text, struct stamp *stamp)
{
	struct tm utc = {0};
	const char *end = strptime(text, TIME_FORMAT, &utc);

	if (end == NULL || end != text + TIME_SIZE - 1)
		return false;
	stamp->loaded = timegm(&utc);
	if (has_form(end, ".000000Z 00000000"))
		stamp->version = (uint32_t)strtoul(strchr(end, ' '), NULL, 16);
	else if (strcmp(end, "Z") != 0)
		return false;
	return true;
}

bool stamp_read(const char *about, struct stamp *stamp)
{
	const char *file = about + strlen(BEFORE_FILE);
	const char *time = NULL;

	*stamp = (struct stamp){0};
	if (strncmp(about, BEFORE_FILE, strlen(BEFORE_FILE)) != 0)
		return false;
	time = find_time(file);
	if (time == NULL || (size_t)(time - file) >= sizeof(stamp->file) ||
	    !read_time(time + strlen(BEFORE_TIME), stamp)) {
		*stamp = (struct stamp){0};
		return false;
	}
	memcpy(stamp->file, file, (size_t)(time - file));
	if (strcmp(stamp->file, BUILT_IN) == 0)
		stamp->file[0] = '\0';
	return true;
}
