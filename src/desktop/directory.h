/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_DESKTOP_DIRECTORY_H
#define CGTPROXY_DESKTOP_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

/* Directories of .desktop files, which are users': looked at without trust, and no further than is of use. */

enum {
	DESKTOP_FILES_MAX = 5000,	 /* of one user or of the system */
	DESKTOP_FILE_SIZE_MAX = 1 << 20, /* bytes */
};

/** What is still allowed, and whom to tell of a file. */
struct desktop_reader {
	/* @id: desktop ID, UTF-8. @text: @length bytes. Returns 0, or a negative errno, which ends the reading. */
	int (*found)(const char *id, const char *text, size_t length, void *userdata);
	void *userdata;
	size_t files_left;   /* that may be read */
	size_t entries_left; /* that may be looked at, in all directories */
	char *buffer;	     /* DESKTOP_FILE_SIZE_MAX + 1 bytes */
};

/**
 * Reads the .desktop files of a directory and of those in it, whose names become a part of the IDs: kde/konsole.desktop
 * is kde-konsole. Regular files only, also behind symbolic links; nothing else is opened for reading.
 *
 * Returns 0, also when there is no such directory, or what @found returned.
 */
int desktop_directory_read(struct desktop_reader *reader, const char *path);

#endif
