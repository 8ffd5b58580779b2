/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_PASSWORD_H
#define CGTPROXY_RELAY_PASSWORD_H

#include "config/upstream.h"

/**
 * Gives an upstream the password that a file has, without the newline at its end; or without a file the one of the
 * systemd credential "upstream-password", if there is one and the upstream has no password.
 *
 * @path: or NULL
 *
 * Returns 0 or a negative errno.
 */
int password_read(struct upstream *upstream, const char *path, struct error *error);

#endif
