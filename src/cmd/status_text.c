/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/branches.h"
#include "cmd/columns.h"
#include "cmd/containers.h"
#include "cmd/status.h"
#include "nft/table.h"
#include "util/cleanup.h"
#include "util/language.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	LABEL_WIDTH = 14,
	TIME_SIZE = 64,
	AGE_SIZE = 128,
};

static void write_label(const char *label, FILE *out)
{
	text_pad(label, LABEL_WIDTH, out);
	fprintf(out, "%s%s", label, _(": "));
}

/* Line by line, each behind what comes before the first of them. */
static void write_cure(const char *cure, FILE *out)
{
	for (bool is_first = true; *cure != '\0'; is_first = false) {
		const size_t length = strcspn(cure, "\n");

		if (is_first)
			write_label(_("Fix"), out);
		else
			text_pad("", LABEL_WIDTH + text_width(_(": ")), out);
		fprintf(out, "%.*s\n", (int)length, cure);
		cure += length + (cure[length] == '\n');
	}
}

static void write_problem(const char *text, const struct style *style, FILE *out)
{
	const char *label = _("Problem");

	text_pad(label, LABEL_WIDTH, out);
	fprintf(out, "%s%s%s%s%s\n", style_begin(style, COLOUR_WARNING), label, _(": "), text,
		style_end(style, COLOUR_WARNING));
}

static void write_problems(const struct problems *problems, const struct style *style, FILE *out)
{
	char more[128];

	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];

		write_problem(problem->text, style, out);
		if (problem->cure != NULL)
			write_cure(problem->cure, out);
	}
	if (problems->left_out > 0) {
		snprintf(more, sizeof(more), _("and %zu more, not shown"), problems->left_out);
		write_problem(more, style, out);
	}
}

/* In the largest unit that fits, and the remainder in the next smaller one. */
static const char *write_age(time_t since, char text[AGE_SIZE])
{
	const long long age = time(NULL) - since;
	const long long minutes = age / 60;
	const long long hours = minutes / 60;
	const long long days = hours / 24;

	if (days > 0 && hours % 24 > 0)
		snprintf(text, AGE_SIZE, _("%lldd %lldh ago"), days, hours % 24);
	else if (days > 0)
		snprintf(text, AGE_SIZE, _("%lldd ago"), days);
	else if (hours > 0 && minutes % 60 > 0)
		snprintf(text, AGE_SIZE, _("%lldh %lldmin ago"), hours, minutes % 60);
	else if (hours > 0)
		snprintf(text, AGE_SIZE, _("%lldh ago"), hours);
	else if (minutes > 0 && age % 60 > 0)
		snprintf(text, AGE_SIZE, _("%lldmin %llds ago"), minutes, age % 60);
	else if (minutes > 0)
		snprintf(text, AGE_SIZE, _("%lldmin ago"), minutes);
	else
		snprintf(text, AGE_SIZE, _("%llds ago"), age);
	return text;
}

static const char *write_time(time_t moment, char text[TIME_SIZE])
{
	struct tm local;

	if (localtime_r(&moment, &local) == NULL ||
	    strftime(text, TIME_SIZE, _("%a %Y-%m-%d %H:%M:%S %Z"), &local) == 0)
		*text = '\0';
	return text;
}

static void write_head(const struct status *status, const struct style *style, FILE *out)
{
	const size_t problems = problems_total(&status->problems);
	bool is_well = status->is_running && status_is_complete(status) && problems == 0;
	enum colour colour = is_well ? COLOUR_GOOD : status->is_running ? COLOUR_WARNING : COLOUR_NONE;
	const char *circle = status->is_running ? "\u25cf" : "\u25cb";
	char when[TIME_SIZE];
	char age[AGE_SIZE];

	fprintf(out, "%s%s%s cgtproxy%s%s%s%s", style_begin(style, colour), style->has_unicode ? circle : "*",
		style_end(style, colour), _(": "), style_begin(style, colour),
		status->is_running ? _("running") : _("not running"), style_end(style, colour));
	if (status->is_running && status->since != 0)
		fprintf(out, _(" since %s; %s"), write_time(status->since, when), write_age(status->since, age));
	if (problems > 0)
		fprintf(out, ngettext(", %s%zu problem%s", ", %s%zu problems%s", problems),
			style_begin(style, COLOUR_WARNING), problems, style_end(style, COLOUR_WARNING));
	fputc('\n', out);
	write_problems(&status->problems, style, out);
	if (!status->is_running)
		return;
	write_label(_("Daemon"), out);
	fprintf(out, status->table.exists && status->is_whole ? _("%s, ready\n") : _("%s, not ready\n"),
		status->process);
}

static void write_config(const struct status *status, const struct style *style, FILE *out)
{
	static const char *const states[] = {
		[STATUS_CONFIG_UNKNOWN] = "",
		[STATUS_CONFIG_BUILT_IN] = "",
		[STATUS_CONFIG_CURRENT] = "",
		[STATUS_CONFIG_CHANGED] = N_(" (changed since then, not in force)"),
		[STATUS_CONFIG_UNREADABLE] = N_(" (now unreadable or invalid)"),
		[STATUS_CONFIG_OTHER] = N_(" (compared with another file)"),
	};
	CLEANUP(freep) char *file = style_escape(style, status->stamp.file, strlen(status->stamp.file));
	const char *name = file != NULL ? file : "";
	char when[TIME_SIZE];
	char age[AGE_SIZE];

	if (*name == '\0' && status->stamp.loaded == 0)
		name = _("unknown");
	else if (*name == '\0')
		name = _("the built-in one, every cgroup goes direct");
	write_label(_("Config"), out);
	fputs(name, out);
	if (status->stamp.loaded != 0)
		fprintf(out, _(", loaded %s; %s"), write_time(status->stamp.loaded, when),
			write_age(status->stamp.loaded, age));
	fprintf(out, "%s\n", _(states[status->config]));
}

/* When nobody owns it, that a kernel could protect it is seen by the flag that it outlives its owner. */
static bool is_unprotected(const struct status *status)
{
	return (status->table.flags & (TABLE_OWNER | TABLE_PERSIST)) == 0;
}

static const char *text_of_table(const struct status *status)
{
	if (!status->table.exists)
		return _("missing");
	if (status->is_running)
		return status->is_whole ? _("in place") : _("in place, but parts are missing");
	return status->is_whole ? _("still in place") : _("still in place, but parts are missing");
}

static void write_table_state(const struct status *status, const struct style *style, FILE *out)
{
	char owner[PROCESS_NAME_SIZE];
	enum colour colour = status->table.exists && status->is_whole ? COLOUR_NONE : COLOUR_BAD;

	write_label(_("Table"), out);
	fprintf(out, _("%s, %s%s%s"), "inet " TABLE_NAME, style_begin(style, colour), text_of_table(status),
		style_end(style, colour));
	if (status->table.exists) {
		fprintf(out, _(", owned by %s"),
			status->table.owner != 0 ? process_of_port(status->table.owner, owner) : _("nobody"));
		fputs(is_unprotected(status) ? _(" (this kernel can't protect it)") : "", out);
		fprintf(out, ngettext(", %zu element", ", %zu elements", status->elements), status->elements);
	}
	fputc('\n', out);
}

static void write_part(enum status_part part, bool follows, const char *family, const struct style *style, FILE *out)
{
	static const struct {
		const char *word;
		enum colour colour;
	} parts[] = {
		[STATUS_UNKNOWN] = {N_("unknown"), COLOUR_WARNING},
		[STATUS_NOT_NEEDED] = {N_("not needed"), COLOUR_NONE},
		[STATUS_THERE] = {N_("in place"), COLOUR_NONE},
		[STATUS_MISSING] = {N_("missing"), COLOUR_BAD},
		[STATUS_BEHIND] = {N_("in place, but another program's comes first"), COLOUR_BAD},
	};

	fprintf(out, follows ? _(", %s%s%s for %s") : _("%s%s%s for %s"), style_begin(style, parts[part].colour),
		_(parts[part].word), style_end(style, parts[part].colour), family);
}

static void write_rules(const struct status_routing *routing, bool follows, const char *family,
			const struct style *style, FILE *out)
{
	write_part(routing->rules, follows, family, style, out);
	if (routing->is_displaced)
		fprintf(out, _(" (at priority %" PRIu32 ")"), routing->priority);
}

/* If something is missing, packets have no route to the proxy and go nowhere. Returns NULL if nothing is. */
static const char *text_of_refusal(const struct status_routes *routes)
{
	const bool lacks_ip = routes->ip.route == STATUS_MISSING;
	const bool lacks_ip6 = routes->ip6.route == STATUS_MISSING;

	if (routes->loopback_is_down)
		return _("the loopback interface is down: proxied traffic is refused");
	if (lacks_ip && lacks_ip6)
		return _("proxied traffic is refused");
	if (lacks_ip)
		return _("proxied traffic of IPv4 is refused");
	return lacks_ip6 ? _("proxied traffic of IPv6 is refused") : NULL;
}

static void write_routing(const struct status *status, const struct style *style, FILE *out)
{
	const char *refusal = text_of_refusal(&status->routes);

	write_label(_("Policy rules"), out);
	write_rules(&status->routes.ip, false, "IPv4", style, out);
	write_rules(&status->routes.ip6, true, "IPv6", style, out);
	fputc('\n', out);
	write_label(_("Routes"), out);
	write_part(status->routes.ip.route, false, "IPv4", style, out);
	write_part(status->routes.ip6.route, true, "IPv6", style, out);
	if (refusal != NULL)
		fprintf(out, _("; %s%s%s"), style_begin(style, COLOUR_BAD), refusal, style_end(style, COLOUR_BAD));
	fputc('\n', out);
}

static void write_gateway(const struct status *status, FILE *out)
{
	const struct status_gateway *gateway = &status->gateway;
	char mark[FWMARK_TEXT_SIZE];

	if (!gateway->exists)
		return;
	write_label(_("Gateway"), out);
	if (gateway->mark.mask == 0)
		fputs(_("in place"), out);
	else if (fwmark_is_whole(&gateway->mark))
		fprintf(out, _("mark %" PRIu32), gateway->mark.value);
	else
		fprintf(out, _("mark %s"), fwmark_text(&gateway->mark, mark));
	fputs(gateway->is_strict ? _(", strict") : "", out);
	fputs(gateway->has_containers ? _(", containers included") : "", out);
	fputc('\n', out);
}

static int write_cgroups(const struct status *status, const struct style *style, FILE *out)
{
	CLEANUP(freep) struct branch *branches = calloc(status->cgroup_count + 1, sizeof(*branches));

	if (branches == NULL)
		return -ENOMEM;
	if (status->cgroup_count == 0)
		return 0;
	for (size_t i = 0; i < status->cgroup_count; i++) {
		const struct status_cgroup *cgroup = &status->cgroups[i];

		branches[i] = (struct branch){cgroup->path, status->targets[cgroup->target].name,
					      status_colour(cgroup->target)};
	}
	fputc('\n', out);
	if (style->has_legend)
		fprintf(out, "%s%s%s\n", style_begin(style, COLOUR_HEADING), _("CGROUPS with their own target"),
			style_end(style, COLOUR_HEADING));
	branches_draw(branches, status->cgroup_count, style, out);
	return 0;
}

int status_write_text(const struct status *status, const struct status *before, const struct style *style, FILE *out)
{
	int result = 0;

	write_head(status, style, out);
	if (!status->table.exists && !status->is_running) {
		write_label(_("Table"), out);
		fprintf(out, "%s\n", _("none, so all traffic goes direct"));
		return 0;
	}
	write_config(status, style, out);
	write_table_state(status, style, out);
	write_routing(status, style, out);
	write_gateway(status, out);
	if (status->target_count > 0)
		result = status_write_targets(status, before, style, out);
	if (result == 0)
		result = status_write_gateway(status, before, style, out);
	if (result == 0)
		result = containers_write(&status->containers, style, out);
	return result == 0 ? write_cgroups(status, style, out) : result;
}
