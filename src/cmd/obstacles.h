/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_OBSTACLES_H
#define CGTPROXY_CMD_OBSTACLES_H

#include "config/config.h"
#include "inspect/problems.h"

#include <stdbool.h>

/** Prints problems as findings about a subject, as finding_print() takes it. Returns whether the daemon could not start
 * or steer because of one. */
bool problems_print(const struct problems *problems, const char *subject);

/**
 * Looks for problems with a config on this host, and prints them, or that there are none, subject by subject.
 *
 * Returns EXIT_OK, or EXIT_ERROR when the daemon could not start or steer because of one.
 */
int check_problems(const struct config *config);

#endif
