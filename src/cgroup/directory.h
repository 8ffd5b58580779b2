/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_DIRECTORY_H
#define CGTPROXY_CGROUP_DIRECTORY_H

/**
 * Opens the directory of a cgroup. Falls back to O_PATH when it may not be read: that is enough to give the cgroup its
 * verdict.
 *
 * @at:   an open directory, or AT_FDCWD
 * @path: shorter than PATH_MAX
 *
 * Returns a file descriptor or a negative errno.
 */
int cgroup_open_directory(int at, const char *path);

/**
 * Likewise, in several steps where the path is too long for one system call.
 *
 * @path: relative to @directory, leading slashes allowed; modified during the call
 */
int cgroup_open_below(int directory, char *path);

#endif
