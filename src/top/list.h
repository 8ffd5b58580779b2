/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TOP_LIST_H
#define CGTPROXY_TOP_LIST_H

#include "top/state.h"

/**
 * Shows another look. The row of the application that was chosen stays chosen, wherever it is now.
 *
 * @look: taken over on success
 *
 * Returns 0 or -ENOMEM.
 */
int list_show(struct top *top, struct look *look);

/** Makes the rows of the present look after another choice of what is listed. Returns 0 or -ENOMEM. */
int list_refresh(struct top *top);

/** Returns the row that is chosen, or NULL if there are none. */
const struct row *list_selected(const struct top *top);

#endif
