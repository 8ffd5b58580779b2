/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_NAMING_H
#define CGTPROXY_INSPECT_NAMING_H

#include <stdbool.h>

/**
 * Writes the selector of a rule for a cgroup, the other way round than config/selectors.h: "unit: mihomo.service" for
 * /system.slice/mihomo.service. Where no selector names it, it is an expression: "match: '^/some/path(/|$)'".
 *
 * @path:      of the cgroup, below the mount, as cgroup_path_parse() makes it
 * @temporary: set to whether the next run of the same program has a cgroup of another name, such as a login's
 *
 * Returns the selector as a line of YAML, printable, to be freed with free(), or NULL if out of memory.
 */
char *naming_selector(const char *path, bool *temporary);

/** The same as "cgtproxy route" takes it, not quoted for a shell: "unit:mihomo.service". */
char *naming_word(const char *path, bool *temporary);

#endif
