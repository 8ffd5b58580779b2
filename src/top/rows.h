/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TOP_ROWS_H
#define CGTPROXY_TOP_ROWS_H

#include "inspect/applications.h"
#include "inspect/rates.h"
#include "inspect/traffic.h"

#include <stdbool.h>
#include <stddef.h>

/* The rows of the list: which applications are in it, and in which order. */

/** A row. What it refers to belongs to the look that it was made from. */
struct row {
	const struct application *application;
	const struct application_traffic *traffic;
	struct traffic_rate rate;
};

struct rows {
	struct row *items;
	size_t count;
};

enum row_order {
	ROW_ORDER_NAME,
	ROW_ORDER_DOWN,
	ROW_ORDER_UP,
	ROW_ORDER_TARGET,
};

/** What is listed, and how. */
struct row_choice {
	const char *filter; /* text that the name, the user, the ID or a target has, in whatever case; "" for all */
	bool all;	    /* also what has no sockets */
	enum row_order order;
	bool is_reversed;
};

/**
 * Makes the rows. Rates come with the largest first, texts in alphabetical order, and what is equal in the order of the
 * applications.
 *
 * @traffic: of @applications; @rates likewise
 * @rows:    zeroed; free its items, also on failure
 *
 * Returns 0 or -ENOMEM.
 */
int rows_make(const struct applications *applications, const struct traffic_list *traffic,
	      const struct traffic_rate *rates, const struct row_choice *choice, struct rows *rows);

/** Returns the index of the row of the application with this kind, user and ID, or @count if there is none. */
size_t rows_find(const struct rows *rows, enum application_kind kind, uint32_t uid, const char *id);

#endif
