/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/fake_ip_file.h"

#include "util/cleanup.h"
#include "util/create.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The names are where somebody has been. */
static const mode_t file_mode = 0600;

enum { LABEL_MAX = 63 }; /* bytes (RFC 1035, 2.3.4) */

bool fake_ip_is_name(const char *text)
{
	size_t label = 0;
	size_t length = 0;

	for (; text[length] != '\0'; length++) {
		if (text[length] == '.' && label == 0)
			return false;
		label = text[length] == '.' ? 0 : label + 1;
		if (label > LABEL_MAX || strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", text[length]) == NULL)
			return false;
	}
	return label > 0 && length <= FAKE_IP_NAME_MAX;
}

int fake_ip_file_init(struct fake_ip_file *file, const char *path, const char *heading)
{
	*file = (struct fake_ip_file){.path = strdup(path), .heading = strdup(heading), .fd = -1};
	if (file->path != NULL && file->heading != NULL)
		return 0;
	fake_ip_file_close(file);
	return -ENOMEM;
}

/* Reads a whole number without a sign, followed by a space. */
static bool take_number(char **at, uintmax_t most, uintmax_t *number)
{
	char *end = NULL;

	if (!isdigit((unsigned char)**at))
		return false;
	errno = 0;
	*number = strtoumax(*at, &end, 10);
	if (errno != 0 || *number > most || *end != ' ')
		return false;
	*at = end + 1;
	return true;
}

/* Reads a line of @length bytes, with its newline. */
static bool parse_line(char *text, size_t length, struct fake_ip_line *line)
{
	uintmax_t index = 0;
	uintmax_t time = 0;

	if (length == 0 || text[length - 1] != '\n')
		return false;
	text[length - 1] = '\0';
	if (strlen(text) != length - 1)
		return false;
	if (!take_number(&text, UINT32_MAX, &index) || !take_number(&text, INT64_MAX, &time))
		return false;
	*line = (struct fake_ip_line){.index = (uint32_t)index, .time = (int64_t)time, .name = text};
	return true;
}

/*
 * Reads up to a newline. What is longer than a line can be comes in pieces, none of which has a newline but the last.
 *
 * Returns its length, NUL bytes included; 0: the end of the file
 */
static size_t take_line(FILE *in, char text[FAKE_IP_LINE_SIZE])
{
	size_t length = 0;
	int byte = 0;

	while (length + 1 < FAKE_IP_LINE_SIZE && byte != '\n' && (byte = getc_unlocked(in)) != EOF)
		text[length++] = (char)byte;
	text[length] = '\0';
	return length;
}

static bool is_heading(const struct fake_ip_file *file, const char *text, size_t length)
{
	const size_t expected = strlen(file->heading);

	return length == expected + 1 && memcmp(text, file->heading, expected) == 0 && text[expected] == '\n';
}

static void read_lines(FILE *in, fake_ip_reader *reader, void *data, struct fake_ip_content *content)
{
	char text[FAKE_IP_LINE_SIZE];
	struct fake_ip_line line;
	bool continues = false; /* the last piece was not the end of its line */
	size_t length = 0;

	while ((length = take_line(in, text)) > 0) {
		const bool ends = text[length - 1] == '\n';

		if (!continues) {
			content->lines++;
			if (!parse_line(text, length, &line) || !fake_ip_is_name(line.name) || !reader(&line, data))
				content->damaged++;
		}
		continues = !ends;
	}
}

int fake_ip_file_read(const struct fake_ip_file *file, fake_ip_reader *reader, void *data,
		      struct fake_ip_content *content)
{
	const int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	CLEANUP(fclosep) FILE *in = NULL;
	char text[FAKE_IP_LINE_SIZE];
	struct stat status;
	size_t length = 0;

	*content = (struct fake_ip_content){0};
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	in = fdopen(fd, "r");
	if (in == NULL) {
		close(fd);
		return -ENOMEM;
	}
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	length = take_line(in, text);
	content->is_other = length > 0 && !is_heading(file, text, length);
	if (!content->is_other)
		read_lines(in, reader, data, content);
	return ferror(in) ? -EIO : 0;
}

static int format_line(char *text, const struct fake_ip_line *line)
{
	return snprintf(text, FAKE_IP_LINE_SIZE, "%" PRIu32 " %" PRId64 " %s\n", line->index,
			line->time > 0 ? line->time : 0, line->name);
}

void fake_ip_file_print(FILE *out, const struct fake_ip_line *line)
{
	char text[FAKE_IP_LINE_SIZE];

	format_line(text, line);
	fputs(text, out);
}

int fake_ip_file_append(struct fake_ip_file *file, const struct fake_ip_line *line)
{
	char text[FAKE_IP_LINE_SIZE];
	const int length = format_line(text, line);
	ssize_t written = -1;
	int result = -EBADF;

	if (file->fd >= 0) {
		do
			written = write(file->fd, text, (size_t)length);
		while (written < 0 && errno == EINTR);
		result = written < 0 ? -errno : -ENOSPC;
	}
	if (written == length) {
		file->lines++;
		return 0;
	}
	closep(&file->fd);
	file->fd = -1;
	return result;
}

int fake_ip_file_rewrite(struct fake_ip_file *file, size_t lines, fake_ip_writer *writer, void *data)
{
	CLEANUP(freep) char *text = NULL;
	size_t length = 0;
	int result = 0;
	FILE *out = open_memstream(&text, &length);

	if (out == NULL)
		return -ENOMEM;
	fprintf(out, "%s\n", file->heading);
	writer(out, data);
	if (fclose(out) != 0)
		return -ENOMEM;
	result = file_replace(file->path, text, length, file_mode);
	if (result < 0)
		return result;
	closep(&file->fd);
	file->fd = open(file->path, O_WRONLY | O_APPEND | O_CLOEXEC);
	file->lines = lines;
	return file->fd < 0 ? -errno : 0;
}

void fake_ip_file_close(struct fake_ip_file *file)
{
	closep(&file->fd);
	free(file->path);
	free(file->heading);
	*file = (struct fake_ip_file){.fd = -1};
}
