/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_BRANCHES_H
#define CGTPROXY_CMD_BRANCHES_H

#include "cmd/style.h"

#include <stddef.h>
#include <stdio.h>

/** A path and its label. */
struct branch {
	const char *path; /* begins with '/', bytes from users */
	const char *label;
	enum colour colour; /* of the label */
};

/**
 * Draws paths as a tree, like systemd-cgls. Directories on the way to them have no label, and share one line if they
 * don't branch.
 *
 * @branches: @count of them, each path once, in depth-first order
 */
void branches_draw(const struct branch *branches, size_t count, const struct style *style, FILE *out);

#endif
