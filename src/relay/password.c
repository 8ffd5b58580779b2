/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/password.h"

#include "util/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CREDENTIAL "upstream-password"

enum { FILE_SIZE = UPSTREAM_TEXT_MAX + 3 }; /* with a newline, and one more that shows that it is too long */

static int fail_to_read(const char *path, struct error *error)
{
	const int code = errno;
	char shown[ESCAPED_SIZE(PATH_MAX)];

	return error_set(error, -code, "can't read the password's file %s: %s",
			 escape(shown, sizeof(shown), path, strlen(path)), strerror(code));
}

static int take(struct upstream *upstream, const char *path, int fd, struct error *error)
{
	char text[FILE_SIZE];
	const ssize_t length = read(fd, text, sizeof(text));
	size_t end = length > 0 ? (size_t)length : 0;
	int result = 0;

	if (length < 0)
		return fail_to_read(path, error);
	if (end > 0 && text[end - 1] == '\n')
		end--;
	if (end > 0 && text[end - 1] == '\r')
		end--;
	result = upstream_set_password(upstream, text, end, error);
	explicit_bzero(text, sizeof(text));
	return result;
}

int password_read(struct upstream *upstream, const char *path, struct error *error)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char credential[PATH_MAX];
	CLEANUP(closep) int fd = -1;

	if (path == NULL) {
		if (directory == NULL || upstream->password != NULL)
			return 0;
		snprintf(credential, sizeof(credential), "%s/" CREDENTIAL, directory);
	}
	fd = open(path != NULL ? path : credential, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && errno == ENOENT && path == NULL)
		return 0;
	if (fd < 0)
		return fail_to_read(path != NULL ? path : credential, error);
	return take(upstream, path != NULL ? path : credential, fd, error);
}
