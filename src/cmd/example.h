/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_EXAMPLE_H
#define CGTPROXY_CMD_EXAMPLE_H

/**
 * Finds an application for an example of a command: the first one that "cgtproxy apps" lists and menus show.
 *
 * @but: path of a cgroup that must not belong to it
 *
 * Returns how "cgtproxy route" takes it, to be freed with free(), or NULL if there is none or it can't be found out.
 */
char *example_application(const char *but);

#endif
