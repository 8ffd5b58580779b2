/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_FILE_H
#define CGTPROXY_CONFIG_FILE_H

#include "config/diagnostic.h"

#include <stddef.h>

/**
 * Reads a file as a whole, of at most YAML_SIZE_MAX bytes. It doesn't wait for one that somebody else has to write.
 *
 * @directory: descriptor that a relative @path is below, or AT_FDCWD
 * @text:      set to the bytes, for free()
 *
 * Returns 0, -EFBIG for a larger one, or another negative errno.
 */
int file_read(int directory, const char *path, char **text, size_t *length);

/**
 * Reports that a file can't be read, with the command that lets the user of this process read it, if there is one.
 *
 * @what:  what has failed, like "can't read this file", translated
 * @path:  of the file; escape() may have changed it, since there is no command for such paths
 * @error: that of file_read(), or of opening a directory
 */
void file_report_unreadable(struct diagnostics *diagnostics, const char *what, const char *path, int error);

#endif
