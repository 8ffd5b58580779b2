/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STATUS_H
#define CGTPROXY_INSPECT_STATUS_H

#include "inspect/status_state.h"
#include "util/error.h"

#include <stdbool.h>

/*
 * The state of cgtproxy according to the kernel: whether it is running, what is in force, and with what effect. The
 * daemon is not asked, so this holds even if it hangs, was killed, or left its rules behind.
 */

/**
 * Reads the state of this network namespace.
 *
 * @file:   the config to compare with, or NULL for the one the table was made from; that another one was given, or
 * can't be loaded, is among the problems
 * @before: an earlier look, or NULL; if looking for problems takes long, its problems are reused for some time
 * @status: zeroed; release with status_clear(), also on failure
 *
 * Returns 0, -EPERM without CAP_NET_ADMIN, or another negative errno, with @error.
 */
int status_read(const char *file, struct status *before, struct status *status, struct error *error);

/** Returns whether nothing is missing, as far as is known. What else is wrong is among the problems. */
bool status_is_complete(const struct status *status);

void status_clear(struct status *status);

#endif
