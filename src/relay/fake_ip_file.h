/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_FAKE_IP_FILE_H
#define CGTPROXY_RELAY_FAKE_IP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The file that keeps fake addresses across restarts. A client may remember an address for longer than the relay runs,
 * and another name must not get it then, not even after a crash. So each line is appended at once, and later lines
 * replace earlier ones. The file is written anew, in one step, to remove those that have been replaced.
 *
 * Its first line says which networks the addresses belong to; the others are "INDEX TIME NAME".
 */

enum {
	FAKE_IP_NAME_MAX = 253,			   /* bytes of a host's name, without a final dot */
	FAKE_IP_LINE_SIZE = 64 + FAKE_IP_NAME_MAX, /* with the newline and a NUL */
};

/** Returns whether a name can get addresses: letters in lower case, digits, '-' and '_' between dots. */
bool fake_ip_is_name(const char *text);

/** A name and the number of its addresses. */
struct fake_ip_line {
	uint32_t index;
	int64_t time;	  /* of CLOCK_REALTIME, in seconds: when it was last used */
	const char *name; /* of which fake_ip_is_name() is true */
};

struct fake_ip_file {
	char *path;
	char *heading; /* the first line, without the newline */
	int fd;	       /* to append to; -1: what the file has can't be relied on until it is written anew */
	size_t lines;  /* that it has */
};

/** What was in it. */
struct fake_ip_content {
	size_t lines;
	size_t damaged; /* lines that were ignored */
	bool is_other;	/* its first line is a different one, so that all of it was ignored */
};

/** Takes a line, and returns whether it makes sense. */
typedef bool fake_ip_reader(const struct fake_ip_line *line, void *data);

/** Writes all lines by fake_ip_file_print(). */
typedef void fake_ip_writer(FILE *out, void *data);

/**
 * Prepares it without reading anything. @heading: less than FAKE_IP_LINE_SIZE bytes
 *
 * Returns 0 or -ENOMEM.
 */
int fake_ip_file_init(struct fake_ip_file *file, const char *path, const char *heading);

/**
 * Reads it. Without such a file there are no lines. It is not appended to before it has been written anew.
 *
 * Returns 0 or a negative errno.
 */
int fake_ip_file_read(const struct fake_ip_file *file, fake_ip_reader *reader, void *data,
		      struct fake_ip_content *content);

/** Prints a line. */
void fake_ip_file_print(FILE *out, const struct fake_ip_line *line);

/** Appends a line. Returns 0 or a negative errno, after which the file must be written anew. */
int fake_ip_file_append(struct fake_ip_file *file, const struct fake_ip_line *line);

/** Writes it anew. @lines: how many the writer writes. Returns 0 or a negative errno. */
int fake_ip_file_rewrite(struct fake_ip_file *file, size_t lines, fake_ip_writer *writer, void *data);

/** Closes it and frees its strings. */
void fake_ip_file_close(struct fake_ip_file *file);

#endif
