/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_CREATE_H
#define CGTPROXY_UTIL_CREATE_H

#include <stddef.h>
#include <sys/types.h>

/**
 * Creates a file that is there with all its content, or not at all. What has that name already stays, be it a symbolic
 * link that leads nowhere.
 *
 * @text: @length bytes
 * @mode: whatever the umask is
 *
 * Returns 0, -EEXIST or another negative errno.
 */
int file_create(const char *path, const char *text, size_t length, mode_t mode);

#endif
