/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "top/rows.h"

#include "util/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

/* Returns a text without differences of case, or NULL without memory or if it is not UTF-8. */
static char *folded(const char *text)
{
	size_t length = 0;

	return (char *)u8_casefold((const uint8_t *)text, strlen(text) + 1, NULL, UNINORM_NFC, NULL, &length);
}

static bool has_text(const char *text, const char *sought)
{
	CLEANUP(freep) char *in = text != NULL ? folded(text) : NULL;

	return in != NULL && strstr(in, sought) != NULL;
}

static bool is_sought(const struct application *application, const struct application_traffic *traffic,
		      const char *sought)
{
	if (has_text(application->name, sought) || has_text(application->id, sought) ||
	    has_text(application->user, sought))
		return true;
	for (size_t i = 0; i < traffic->route_count; i++) {
		if (has_text(traffic->routes[i].target, sought))
			return true;
	}
	return false;
}

static const char *target_of(const struct row *row)
{
	return row->traffic->route_count > 0 ? row->traffic->routes[0].target : "";
}

static int compare_rates(double left, double right)
{
	return (left < right) - (left > right);
}

/* Applications are in the order of their names, and one array. */
static int compare_applications(const struct row *left, const struct row *right)
{
	return (left->application > right->application) - (left->application < right->application);
}

static int compare(const void *left, const void *right, void *data)
{
	const struct row *a = left;
	const struct row *b = right;
	const struct row_choice *choice = data;
	int order = 0;

	switch (choice->order) {
	case ROW_ORDER_NAME:
		order = compare_applications(a, b);
		break;
	case ROW_ORDER_DOWN:
		order = compare_rates(a->rate.received, b->rate.received);
		break;
	case ROW_ORDER_UP:
		order = compare_rates(a->rate.sent, b->rate.sent);
		break;
	case ROW_ORDER_TARGET:
		order = strcmp(target_of(a), target_of(b));
		break;
	}
	if (choice->is_reversed)
		order = -order;
	return order != 0 ? order : compare_applications(a, b);
}

int rows_make(const struct applications *applications, const struct traffic_list *traffic,
	      const struct traffic_rate *rates, const struct row_choice *choice, struct rows *rows)
{
	CLEANUP(freep) char *sought = folded(choice->filter);
	struct row_choice order = *choice;

	rows->items = calloc(applications->count + 1, sizeof(*rows->items));
	if (rows->items == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < applications->count; i++) {
		const struct application *application = &applications->items[i];

		if (!choice->all && traffic->items[i].sockets == 0)
			continue;
		if (*choice->filter != '\0' && (sought == NULL || !is_sought(application, &traffic->items[i], sought)))
			continue;
		rows->items[rows->count++] = (struct row){application, &traffic->items[i], rates[i]};
	}
	qsort_r(rows->items, rows->count, sizeof(*rows->items), compare, &order);
	return 0;
}

size_t rows_find(const struct rows *rows, enum application_kind kind, uint32_t uid, const char *id)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct application *application = rows->items[i].application;

		if (application->kind == kind && application->uid == uid && strcmp(application->id, id) == 0)
			return i;
	}
	return rows->count;
}
