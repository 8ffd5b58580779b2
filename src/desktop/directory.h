/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_DIRECTORY_H
#define CGTPROXY_DESKTOP_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

/* Reading directories of .desktop files. Users write them, so nothing in them is trusted, and everything is bounded. */

enum {
	DESKTOP_FILES_MAX = 5000,	 /* of one user or of the system */
	DESKTOP_FILE_SIZE_MAX = 1 << 20, /* bytes */
};

/** The limits that are left, and the callback for each file. */
struct desktop_reader {
	/* @id: desktop ID, in UTF-8. @text: @length bytes. Returns 0 to continue, or a negative errno. */
	int (*found)(const char *id, const char *text, size_t length, void *userdata);
	void *userdata;
	size_t files_left;   /* number of files that may still be read */
	size_t entries_left; /* number of directory entries that may still be visited */
	char *buffer;	     /* DESKTOP_FILE_SIZE_MAX + 1 bytes */
};

/**
 * Reads the .desktop files in a directory and its subdirectories, whose names become part of the IDs:
 * kde/konsole.desktop is kde-konsole. Symbolic links are followed. Only regular files are opened for reading.
 *
 * Returns 0, also if there is no such directory, or what @found returned.
 */
int desktop_directory_read(struct desktop_reader *reader, const char *path);

#endif
