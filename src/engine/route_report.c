/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/route_report.h"

#include "route/entries.h"
#include "route/order.h"
#include "util/language.h"
#include "util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Repeated changes are logged again after this long; in usec. */
#define TELL_AGAIN_INTERVAL UINT64_C(10000000)
#define PUT_OFF_AGAIN_INTERVAL UINT64_C(60000000)

/* Logs a line unless it is the same as the last one, until end_line(). */
__attribute__((format(printf, 3, 4))) static void tell(struct report_line *line, int priority, const char *format, ...)
{
	char text[REPORT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), translate(format), arguments);
	va_end(arguments);
	if (strcmp(text, line->text) == 0)
		return;
	memcpy(line->text, text, sizeof(text));
	log_message(priority, NULL, "%s", text);
}

static bool end_line(struct report_line *line)
{
	bool was_told = line->text[0] != '\0';

	line->text[0] = '\0';
	return was_told;
}

static bool is_recent(const struct report_owner *last, uint64_t time)
{
	return last->time != 0 && time < last->time + TELL_AGAIN_INTERVAL;
}

/*
 * Whether these are runs of the same program, like a script's calls of "ip". An unknown name, of a process that has
 * ended or is hidden (ProtectProc=), matches any.
 */
static bool is_same_program(const struct route_owner *one, const struct route_owner *other)
{
	return one->program[0] == '\0' || other->program[0] == '\0' || strcmp(one->program, other->program) == 0;
}

static void note_told(struct report_owner *last, const struct route_owner *owner, uint64_t time)
{
	last->owner = *owner;
	last->time = time;
}

/* "ip route flush" repeats until nothing is left, and we restore the route each time: a process is logged once. */
static void report_removal(struct route_report *report, const struct route_state *before,
			   const struct route_state *state, const struct route_owner *owner, uint64_t time)
{
	size_t added = 0;

	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		const struct route_family *last = &before->families[i];

		/* a missing route was not removed, and a foreign route in its place is reported as such */
		if (last->route && state->families[i].removed == 0)
			added += state->families[i].added;
	}
	if (added == 0 || !before->loopback_is_up || !state->loopback_is_up ||
	    (owner->port != 0 && owner->port == report->removal.owner.port && is_recent(&report->removal, time)))
		return;
	log_warning("policy rules or routes were removed by %s; restored %zu of them", owner->name, added);
	note_told(&report->removal, owner, time);
}

static void report_way(struct route_report *report, const struct routing *wanted, const struct route_state *state)
{
	const struct route_family *ip6 = &state->families[FAMILY_IPV6];
	const struct route_family *lost = ip6;

	if (state->families[FAMILY_IPV4].exists && !state->families[FAMILY_IPV4].route)
		lost = &state->families[FAMILY_IPV4];
	if (!state->loopback_is_up) {
		tell(&report->way, LOG_WARNING,
		     "the loopback interface is down, so proxied traffic is refused until it is up again: ip link set "
		     "lo up");
	} else if (lost == ip6 && ip6->in_use && !ip6->route && ip6->route_error == -EACCES) {
		tell(&report->way, LOG_WARNING,
		     "IPv6 is disabled on the loopback interface but enabled on others, so IPv6 of proxied cgroups is "
		     "refused until it is enabled there: sysctl net.ipv6.conf.lo.disable_ipv6=0");
	} else if (lost->exists && lost->in_use && !lost->route && lost->route_error != 0) {
		tell(&report->way, LOG_ERR,
		     "can't add the route \"local default dev lo\" to the routing table %" PRIu32
		     " (%s): %s. Proxied traffic is refused until then; retrying",
		     wanted->table, lost == ip6 ? "IPv6" : "IPv4", strerror(-lost->route_error));
	} else if (end_line(&report->way)) {
		log_info("proxied traffic reaches the proxies again");
	}
	if (ip6->exists && !ip6->route && !ip6->in_use)
		log_debug("IPv6 is disabled on this host, so only IPv4 is steered");
}

/* Records why the rules of each family have their priority. Returns a family whose reason is new, or NULL. */
static const struct route_family *note_reasons(struct route_report *report, const struct route_state *state)
{
	const struct route_family *news = NULL;

	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		const struct route_family *family = &state->families[i];

		if (family->priority != family->due)
			continue;
		if (news == NULL && family->reason[0] != '\0' && strcmp(family->reason, report->reasons[i]) != 0)
			news = family;
		memcpy(report->reasons[i], family->reason, sizeof(family->reason));
	}
	return news;
}

static bool is_displaced(const struct route_report *report)
{
	return report->reasons[FAMILY_IPV4][0] != '\0' || report->reasons[FAMILY_IPV6][0] != '\0';
}

/* A VPN adds several rules, for both families: that is logged once, and so is their removal. */
static void report_move(struct route_report *report, const struct routing *wanted, const struct route_state *state,
			const struct route_owner *owner, uint64_t time)
{
	const struct route_family *news = note_reasons(report, state);

	if (!is_displaced(report) && report->told_of_move) {
		log_info("the policy rules are back at priority %" PRIu32
			 ": no other rule would take proxied traffic any more",
			 wanted->priority);
		report->told_of_move = false;
	}
	if (news == NULL ||
	    (is_recent(&report->move, time) && (owner == NULL || is_same_program(owner, &report->move.owner))))
		return;
	if (owner != NULL && owner->port != 0)
		log_info("%s, added by %s, may take proxied traffic, so cgtproxy's now come before it, at priority "
			 "%" PRIu32 " instead of %" PRIu32,
			 news->reason, owner->name, news->priority, wanted->priority);
	else
		log_info("%s may take proxied traffic, so cgtproxy's now come before it, at priority %" PRIu32
			 " instead of %" PRIu32,
			 news->reason, news->priority, wanted->priority);
	report->told_of_move = true;
	if (owner != NULL || report->move.time != 0)
		note_told(&report->move, owner != NULL ? owner : &report->move.owner, time);
}

static void report_blocking(struct route_report *report, const struct routing *wanted, const struct route_state *state)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		if (state->families[i].blocking[0] == '\0')
			end_line(&report->blocking[i]);
		else
			tell(&report->blocking[i], LOG_WARNING,
			     "%s may take proxied traffic, and no rule can be placed before it; proxied traffic that "
			     "it takes is refused. Give it a priority above %d",
			     state->families[i].blocking, (int)order_lowest(wanted));
	}
}

static void report_foreign(struct route_report *report, const struct routing *wanted, const struct route_state *state,
			   const struct route_owner *owner, bool undone, uint64_t time)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		const struct route_family *family = &state->families[i];

		if (family->removed > 0 && !(is_recent(&report->foreign_owner, time) &&
					     (owner == NULL || is_same_program(owner, &report->foreign_owner.owner)))) {
			log_warning("removed the %s route \"%s\", protocol %u (%s), which was added to the routing "
				    "table %" PRIu32
				    " by %s: it would have taken proxied traffic, and the table is cgtproxy's "
				    "(route-table)",
				    route_family_name(i), family->foreign, family->foreign_protocol,
				    protocol_name(family->foreign_protocol), wanted->table,
				    owner != NULL ? owner->name : _("another program"));
			note_told(&report->foreign_owner, owner != NULL ? owner : &report->foreign_owner.owner, time);
		}
		if (family->foreign_count == 0)
			end_line(&report->foreign[i]);
		else if (undone)
			tell(&report->foreign[i], LOG_ERR,
			     "can't remove the %s route \"%s\" from the routing table %" PRIu32
			     ", which is cgtproxy's; proxied traffic that it takes is refused",
			     route_family_name(i), family->foreign, wanted->table);
	}
}

static void report_put_off(struct route_report *report, const struct route_state *state, bool undone, uint64_t time)
{
	bool is_put_off = false;

	for (size_t i = 0; i < FAMILY_COUNT && !undone; i++)
		is_put_off = is_put_off || state->families[i].priority != state->families[i].due ||
			     state->families[i].foreign_count > 0;
	if (!is_put_off || (report->put_off != 0 && time < report->put_off + PUT_OFF_AGAIN_INTERVAL))
		return;
	log_warning("other programs keep adding policy rules before cgtproxy's or routes to its routing table; proxied "
		    "traffic that they take is refused, and cgtproxy now corrects this less often");
	report->put_off = time;
}

void report_state(struct route_report *report, const struct routing *wanted, const struct route_state *before,
		  const struct route_state *state, const struct route_disturbance *disturbance, bool undone,
		  uint64_t time)
{
	const struct route_owner *owner = disturbance != NULL ? &disturbance->added : NULL;

	if (disturbance != NULL)
		report_removal(report, before, state, &disturbance->removed, time);
	report_way(report, wanted, state);
	report_move(report, wanted, state, owner, time);
	report_blocking(report, wanted, state);
	report_foreign(report, wanted, state, owner, undone, time);
	report_put_off(report, state, undone, time);
}

void report_failure(struct route_report *report, const char *text)
{
	if (text == NULL)
		end_line(&report->failure);
	else
		tell(&report->failure, LOG_ERR, "%s; retrying every few seconds", text);
}
