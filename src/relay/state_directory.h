/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_STATE_DIRECTORY_H
#define CGTPROXY_RELAY_STATE_DIRECTORY_H

#include "util/error.h"

/** The file of a relay's state directory that has the names of fake addresses. */
#define STATE_FAKE_IP "fake-ip"

/**
 * Takes the directory for this process alone, until the descriptor is closed: two relays would give the same addresses
 * to different names, and write them into the same file.
 *
 * Returns the descriptor or a negative errno.
 */
int state_directory_lock(const char *path, struct error *error);

/**
 * Returns the path of a file in it, for free(); or NULL if out of memory.
 */
char *state_directory_file(const char *path, const char *name);

#endif
