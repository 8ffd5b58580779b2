/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/columns.h"
#include "cmd/status.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	CELL_SIZE = STATUS_BYTES_SIZE,
	NUMBERS_MAX = 4, /* columns of them */
};

static enum colour colour_of(const char *target, bool is_proxy)
{
	if (is_proxy)
		return COLOUR_PROXY;
	return strcmp(target, "direct") == 0 ? COLOUR_GOOD : COLOUR_BAD;
}

static void write_numbers(const struct status *status, const struct status *before,
			  const struct status_gateway_target *target, char cells[NUMBERS_MAX][CELL_SIZE])
{
	struct status_rate rate;

	for (size_t i = 0; i < NUMBERS_MAX; i++)
		snprintf(cells[i], CELL_SIZE, "-");
	if (target->is_counted) {
		snprintf(cells[0], CELL_SIZE, "%" PRIu64, target->packets);
		status_write_bytes(cells[1], (double)target->bytes);
	}
	if (status_gateway_rate(status, before, target, &rate)) {
		snprintf(cells[2], CELL_SIZE, "%.0f", rate.packets);
		status_write_bytes(cells[3], rate.bytes);
	}
}

static int add_target(const struct status *status, const struct status *before,
		      const struct status_gateway_target *target, struct columns *columns)
{
	char numbers[NUMBERS_MAX][CELL_SIZE];
	struct cell *cells = columns_add(columns);

	if (cells == NULL)
		return -ENOMEM;
	write_numbers(status, before, target, numbers);
	cells[0] = (struct cell){strdup(target->name), colour_of(target->name, target->is_proxy)};
	for (size_t i = 1; i < columns->count; i++)
		cells[i].text = strdup(numbers[i - 1]);
	for (size_t i = 0; i < columns->count; i++) {
		if (cells[i].text == NULL)
			return -ENOMEM;
	}
	return 0;
}

static int write_targets(const struct status *status, const struct status *before, const struct style *style, FILE *out)
{
	static const struct column all[1 + NUMBERS_MAX] = {
		{.heading = N_("GATEWAY")},
		{.heading = N_("PACKETS SENT"), .is_number = true},
		{.heading = N_("BYTES SENT"), .is_number = true},
		{.heading = N_("PACKETS/S"), .is_number = true},
		{.heading = N_("BYTES/S"), .is_number = true},
	};
	CLEANUP(columns_clear)
	struct columns columns = {.columns = all, .count = before != NULL ? 1 + NUMBERS_MAX : NUMBERS_MAX - 1};

	for (size_t i = 0; i < status->gateway.target_count; i++) {
		if (add_target(status, before, &status->gateway.targets[i], &columns) < 0)
			return -ENOMEM;
	}
	fputc('\n', out);
	columns_print(&columns, style, 0, style->has_legend, out);
	return 0;
}

/* Adds what there is to say about interfaces, if anything. */
static int add_note(const struct status_gateway_rule *rule, struct cell *cell)
{
	size_t size = 0;
	FILE *out = rule->absent_count > 0 ? open_memstream(&cell->text, &size) : NULL;

	if (out == NULL)
		return rule->absent_count > 0 ? -ENOMEM : 0;
	for (size_t i = 0; i < rule->absent_count; i++) {
		char name[ESCAPED_SIZE(IFNAMSIZ)];

		fprintf(out, i == 0 ? _("there is no interface %s now") : _(", %s"),
			escape(name, sizeof(name), rule->absent[i], strlen(rule->absent[i])));
	}
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

static bool is_for_proxy(const char *target)
{
	return strcmp(target, "direct") != 0 && strcmp(target, "drop") != 0 && strcmp(target, "refuse") != 0;
}

/* Returns the first cell of its row, or NULL if out of memory. */
static struct cell *add_rule(const char *selector, const char *target, struct columns *columns)
{
	struct cell *cells = columns_add(columns);

	if (cells == NULL)
		return NULL;
	cells[0].text = strdup(selector);
	cells[1] = (struct cell){strdup(target), colour_of(target, is_for_proxy(target))};
	return cells[0].text != NULL && cells[1].text != NULL ? cells : NULL;
}

static bool has_notes(const struct status_gateway *gateway)
{
	for (size_t i = 0; i < gateway->rule_count; i++) {
		if (gateway->rules[i].absent_count > 0)
			return true;
	}
	return false;
}

static int write_rules(const struct status_gateway *gateway, const struct style *style, FILE *out)
{
	static const struct column all[] = {
		{.heading = N_("GATEWAY RULE")}, {.heading = N_("TARGET")}, {.heading = N_("NOTE")}};
	CLEANUP(columns_clear) struct columns columns = {.columns = all, .count = has_notes(gateway) ? 3 : 2};

	if (gateway->rule_count == 0 && !gateway->is_strict)
		return 0;
	for (size_t i = 0; i < gateway->rule_count; i++) {
		const struct status_gateway_rule *rule = &gateway->rules[i];
		struct cell *cells = add_rule(rule->selector, rule->target, &columns);

		if (cells == NULL || (columns.count > 2 && add_note(rule, &cells[2]) < 0))
			return -ENOMEM;
	}
	if (add_rule(_("everything else"), gateway->is_strict ? "refuse" : "direct", &columns) == NULL)
		return -ENOMEM;
	fputc('\n', out);
	columns_print(&columns, style, 0, style->has_legend, out);
	return 0;
}

int status_write_gateway(const struct status *status, const struct status *before, const struct style *style, FILE *out)
{
	int result = status->gateway.exists ? write_targets(status, before, style, out) : 0;

	return result == 0 && status->gateway.has_rules ? write_rules(&status->gateway, style, out) : result;
}
