/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_FILES_H
#define CGTPROXY_CONFIG_FILES_H

#include <stdint.h>
#include <time.h>

/** What the files of a config look like from outside. */
struct config_files {
	time_t changed;	  /* when one was last written, added or removed, or 0 */
	uint32_t version; /* a hash of their names, sizes and times; never 0 */
};

/** Begins with no files. */
void config_files_begin(struct config_files *files);

/**
 * Adds a file, unless it can't be found.
 *
 * @directory: descriptor that a relative @path is below, or AT_FDCWD
 * @name:      what it is called in the config; "" for the config itself, which may have several paths
 */
void config_files_add(struct config_files *files, int directory, const char *path, const char *name);

/** Adds the time of a directory, whose files are added one by one. */
void config_files_add_directory(struct config_files *files, int directory, const char *path);

#endif
