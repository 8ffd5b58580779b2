/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_SUDO_H
#define CGTPROXY_UTIL_SUDO_H

/**
 * Returns what has to precede a command that needs root, in the shell of whoever reads it: "sudo ", or "" in a shell of
 * root's.
 */
const char *sudo_prefix(void);

#endif
