/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_UTIL_PERMISSION_H
#define CGTPROXY_UTIL_PERMISSION_H

/**
 * Finds out which permission keeps this process from reading a file or directory, or from getting there, as far as
 * modes decide that, and not for example an access control list.
 *
 * Returns the command that grants it, like "chmod o+r /etc/cgtproxy/config.yaml", for free(); or NULL when there is no
 * such command, or none that a shell would take as it is.
 */
char *permission_find_command(const char *path);

#endif
