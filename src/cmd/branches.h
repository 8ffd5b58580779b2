/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_BRANCHES_H
#define CGTPROXY_CMD_BRANCHES_H

#include "cmd/style.h"

#include <stddef.h>
#include <stdio.h>

/** A path and what there is to say of it. */
struct branch {
	const char *path; /* begins with '/', bytes from users */
	const char *label;
	enum colour colour; /* of the label */
};

/**
 * Draws paths as a tree, as systemd-cgls does. What lies on the way to them is drawn without a label, and put into one
 * line where it does not branch.
 *
 * @branches: @count of them, each path once, a parent before its children and they before its next sibling
 */
void branches_draw(const struct branch *branches, size_t count, const struct style *style, FILE *out);

#endif
