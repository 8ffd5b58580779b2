/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CGROUP_DIRECTORY_H
#define CGTPROXY_CGROUP_DIRECTORY_H

/**
 * Opens the directory of a cgroup. Who may not read it may still know that it is there, and so give it its verdict:
 * then the descriptor is one of O_PATH.
 *
 * @at:   an open directory, or AT_FDCWD
 * @path: not longer than a system call takes
 *
 * Returns a file descriptor or a negative errno.
 */
int cgroup_open_directory(int at, const char *path);

/**
 * Likewise, part by part where the path is longer than one system call takes.
 *
 * @path: below @directory, with or without slashes at its beginning; changed meanwhile
 */
int cgroup_open_below(int directory, char *path);

#endif
