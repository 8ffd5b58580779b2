/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_CREATE_H
#define CGTPROXY_UTIL_CREATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * Creates a file that is there with all its content, or not at all. What has that name already stays, be it a symbolic
 * link that leads nowhere.
 *
 * @text:   @length bytes
 * @mode:   whatever the umask is
 * @accept: looks at the finished file, which has a temporary name in the same directory, and returns whether it may
 * stay
 *
 * Returns 0, -EEXIST, -ECANCELED if it was not accepted, or another negative errno.
 */
int file_create(const char *path, const char *text, size_t length, mode_t mode, bool (*accept)(const char *temporary));

/**
 * Gives a file another content in one step, so that nobody ever reads a part of it (rename(2)). Where the path is a
 * symbolic link, that stays, and what it leads to is replaced. The file need not exist.
 *
 * @text: @length bytes
 * @mode: whatever the umask is
 *
 * Returns 0 or a negative errno, with which the old file is still there.
 */
int file_replace(const char *path, const char *text, size_t length, mode_t mode);

#endif
