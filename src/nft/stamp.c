/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "nft/stamp.h"

#include <stdio.h>
#include <string.h>

#define BEFORE_FILE "config "
#define BEFORE_TIME " loaded "
#define BUILT_IN "(built in)"
#define CUT "..."
#define TIME_FORMAT "%Y-%m-%dT%H:%M:%SZ"

enum {
	TIME_SIZE = sizeof("2026-01-02T03:04:05Z"),
	/* the three parts share one NUL */
	FILE_SIZE = COMMENT_SIZE - (sizeof(BEFORE_FILE) - 1) - (sizeof(BEFORE_TIME) - 1) - (TIME_SIZE - 1),
};

/* Bytes that nft could not parse within a quoted comment, or that are unsafe on a terminal. */
static void make_plain(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			*text = '?';
	}
}

void stamp_write(char *out, const char *file, time_t loaded)
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
	if (gmtime_r(&loaded, &utc) != NULL)
		strftime(when, sizeof(when), TIME_FORMAT, &utc);
	snprintf(out, COMMENT_SIZE, BEFORE_FILE "%s" BEFORE_TIME "%s", shown, when);
}

bool stamp_read(const char *about, char *file, size_t size, time_t *loaded)
{
	size_t length = strlen(about);
	const size_t tail = strlen(BEFORE_TIME) + TIME_SIZE - 1;
	const char *end = NULL;
	struct tm utc = {0};
	size_t path = 0;

	if (length < strlen(BEFORE_FILE) + tail || strncmp(about, BEFORE_FILE, strlen(BEFORE_FILE)) != 0 ||
	    strncmp(about + length - tail, BEFORE_TIME, strlen(BEFORE_TIME)) != 0)
		return false;
	end = strptime(about + length - TIME_SIZE + 1, TIME_FORMAT, &utc);
	path = length - strlen(BEFORE_FILE) - tail;
	if (end == NULL || *end != '\0' || path >= size)
		return false;
	memcpy(file, about + strlen(BEFORE_FILE), path);
	file[path] = '\0';
	if (strcmp(file, BUILT_IN) == 0)
		file[0] = '\0';
	*loaded = timegm(&utc);
	return true;
}
