/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/output.h"

#include "util/cleanup.h"
#include "util/colour.h"
#include "util/escape.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool output_has_colours(void)
{
	static enum { UNKNOWN, NO, YES } answer;

	if (answer == UNKNOWN)
		answer = colour_is_wanted(STDOUT_FILENO) ? YES : NO;
	return answer == YES;
}

void output_print_escaped(const char *text, size_t length)
{
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(length));

	if (shown != NULL)
		fputs(escape_but_backslash(shown, ESCAPED_SIZE(length), text, length), stdout);
}

json_t *output_json(const char *text, size_t length)
{
	json_t *json = json_stringn(text, length);
	CLEANUP(freep) char *shown = json == NULL ? malloc(ESCAPED_SIZE(length)) : NULL;

	if (shown != NULL)
		json = json_string(escape(shown, ESCAPED_SIZE(length), text, length));
	return json;
}

/* stdio keeps that there was an error, but not which one. */
static int write_error;

static void note_error(FILE *stream)
{
	if (write_error == 0 && ferror(stream) != 0)
		write_error = errno;
}

bool output_flush(void)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return true;
	note_error(stdout);
	return false;
}

int output_write_json(const json_t *json, enum json_format format, FILE *out)
{
	size_t flags = format == JSON_FORMAT_SHORT ? JSON_COMPACT : JSON_INDENT(2);
	/* in ASCII, so that nothing in it controls a terminal */
	CLEANUP(freep) char *text = json != NULL ? json_dumps(json, flags | JSON_ENSURE_ASCII) : NULL;

	if (text == NULL)
		return -ENOMEM;
	fprintf(out, "%s\n", text);
	note_error(out);
	return 0;
}

void output_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	}
}

/* Also for a write that failed earlier, whose errno is lost. */
static bool is_closed_pipe(int fd)
{
	struct pollfd end = {.fd = fd, .events = POLLOUT};

	return poll(&end, 1, 0) == 1 && (end.revents & (POLLERR | POLLHUP)) != 0;
}

int output_close(int code)
{
	bool has_failed = ferror(stdout) != 0;
	bool is_closed = is_closed_pipe(STDOUT_FILENO);

	errno = write_error;
	if (fclose(stdout) == 0 && !has_failed)
		return code;
	if (is_closed || errno == EPIPE)
		return code;
	if (errno != 0)
		log_error("can't write the output: %s", strerror(errno));
	else
		log_error("can't write all of the output");
	return EXIT_ERROR;
}
