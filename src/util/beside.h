/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_BESIDE_H
#define CGTPROXY_UTIL_BESIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * Finds what is in the same directory as the running program, as in a build directory: by where the program is, never
 * by the working directory or $PATH. It is only found if nobody can have put it there who could not have replaced the
 * program as well.
 *
 * @name: without a slash
 * @type: S_IFREG or S_IFDIR (inode(7))
 * @path: receives its path, if it is found
 */
bool beside_find(const char *name, mode_t type, char *path, size_t size);

#endif
