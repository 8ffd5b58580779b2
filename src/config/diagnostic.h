/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_DIAGNOSTIC_H
#define CGTPROXY_CONFIG_DIAGNOSTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Errors and warnings about the files of a config, collected so that all are reported at once. */

enum severity {
	SEVERITY_WARNING,
	SEVERITY_ERROR,
};

/** A position in a file, both from 1; line 0: the whole file. */
struct position {
	int line;
	int column;
};

struct diagnostic {
	enum severity severity;
	size_t file; /* which of the files */
	struct position position;
	char *text;
};

enum {
	/* more than anyone reads */
	DIAGNOSTICS_MAX = 1000,
};

struct diagnostics {
	char **files; /* their names, escaped; new diagnostics are about the last one */
	size_t file_count;
	struct diagnostic *items;
	size_t count;
	size_t capacity;
	bool has_error; /* also if one could not be stored for lack of memory */
	size_t cost;	/* bytes of the last file read so far, aliases followed */
};

/**
 * Begins a file, which all further diagnostics are about.
 *
 * @path: any bytes
 *
 * Returns 0 or -ENOMEM.
 */
int diagnostics_begin_file(struct diagnostics *diagnostics, const char *path);

/**
 * Adds a diagnostic.
 *
 * @format: printf format; bytes from the file must be escaped with escape() first
 */
void diagnose(struct diagnostics *diagnostics, enum severity severity, struct position position, const char *format,
	      ...) __attribute__((format(printf, 4, 5)));

/** Sorts the diagnostics by file and position. */
void diagnostics_sort(struct diagnostics *diagnostics);

/** Logs each diagnostic as FILE:LINE:COLUMN: TEXT, at the level of its severity. */
void diagnostics_log(const struct diagnostics *diagnostics);

void diagnostics_clear(struct diagnostics *diagnostics);

#endif
