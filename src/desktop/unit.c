/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "desktop/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistr.h>

/* A part of a name. */
struct part {
	const char *text;
	size_t length;
};

static struct part part_between(const char *begin, const char *end)
{
	return (struct part){begin, (size_t)(end - begin)};
}

static bool part_is(struct part part, const char *text)
{
	return part.length == strlen(text) && memcmp(part.text, text, part.length) == 0;
}

/* Removes a suffix if it is there, and something before it. */
static bool drop_ending(struct part *part, const char *ending)
{
	size_t length = strlen(ending);

	if (part->length <= length || memcmp(part->text + part->length - length, ending, length) != 0)
		return false;
	part->length -= length;
	return true;
}

static bool drop_beginning(struct part *part, const char *beginning)
{
	size_t length = strlen(beginning);

	if (part->length <= length || memcmp(part->text, beginning, length) != 0)
		return false;
	part->text += length;
	part->length -= length;
	return true;
}

static bool is_number(struct part part)
{
	return part.length > 0 && strspn(part.text, "0123456789") >= part.length;
}

/* Splits off what follows the last dash. */
static bool drop_last(struct part *part, struct part *last)
{
	const char *dash = memrchr(part->text, '-', part->length);

	if (dash == NULL || dash == part->text)
		return false;
	*last = part_between(dash + 1, part->text + part->length);
	part->length = (size_t)(dash - part->text);
	return true;
}

/* An ID must be valid for the selector "app". */
static bool set_id(struct desktop_unit *unit, struct part id)
{
	return id.length > 0 && unit_name_unescape(unit->id, id.text, id.length) && strpbrk(unit->id, "/\\") == NULL &&
	       u8_check((const uint8_t *)unit->id, strlen(unit->id)) == NULL;
}

/* [LAUNCHER-]ID */
static bool read_launched(struct part rest, struct desktop_unit *unit)
{
	struct part id = rest;
	const bool has_launcher = drop_last(&rest, &id);
	struct part game = id;

	if (!set_id(unit, id))
		return false;
	if (has_launcher &&
	    (memchr(rest.text, '-', rest.length) != NULL || memchr(rest.text, '@', rest.length) != NULL))
		return false;
	if (has_launcher && part_is(rest, "steam") && drop_beginning(&game, "app") && is_number(game))
		memcpy(unit->game, game.text, game.length);
	return true;
}

/* The unique name of a D-Bus connection without its colon: 1.42 */
static bool is_bus_name(struct part part)
{
	const char *dot = memchr(part.text, '.', part.length);

	return dot != NULL && is_number(part_between(part.text, dot)) &&
	       is_number(part_between(dot + 1, part.text + part.length));
}

/* dbus-BUS-ID@NUMBER.service. Returns whether it begins like that; @is_one: whether it is valid. */
static bool read_activated(struct part rest, struct desktop_unit *unit, bool *is_one)
{
	const char *at = memchr(rest.text, '@', rest.length);
	const char *dash = NULL;

	if (!drop_beginning(&rest, "dbus-:"))
		return false;
	dash = memchr(rest.text, '-', rest.length);
	*is_one = at != NULL && dash != NULL && dash < at && is_bus_name(part_between(rest.text, dash)) &&
		  set_id(unit, part_between(dash + 1, at));
	return true;
}

static bool read_service(struct part rest, struct desktop_unit *unit)
{
	const char *at = memchr(rest.text, '@', rest.length);
	struct part before = rest;
	struct part last;

	if (at != NULL)
		return read_launched(part_between(rest.text, at), unit);
	/* only in the convention's earlier edition */
	if (drop_last(&before, &last) && is_number(last))
		return read_launched(before, unit);
	return read_launched(rest, unit);
}

static bool read_scope(struct part rest, struct desktop_unit *unit)
{
	struct part random;

	return drop_last(&rest, &random) && random.length > 0 && read_launched(rest, unit);
}

static bool is_uuid(struct part part)
{
	static const char pattern[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";

	for (size_t i = 0; i < part.length && i < strlen(pattern); i++) {
		if (pattern[i] == '-' ? part.text[i] != '-' : strchr("0123456789abcdef", part.text[i]) == NULL)
			return false;
	}
	return part.length == strlen(pattern);
}

static bool is_snap_name(struct part name)
{
	return name.length > 0 &&
	       strspn(name.text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") >= name.length;
}

/* NAME[_KEY].APP, a dash or a dot, and a UUID */
static bool read_snap(struct part rest, struct desktop_unit *unit)
{
	enum { UUID_LENGTH = 36 };
	const char *dot = memchr(rest.text, '.', rest.length);
	const char *end = rest.text + rest.length - UUID_LENGTH - 1;
	const char *key = NULL;
	struct part name;
	struct part app;

	if (rest.length >= sizeof(unit->snap) || rest.length <= UUID_LENGTH + 1 || dot == NULL || dot >= end ||
	    (*end != '-' && *end != '.') || !is_uuid(part_between(end + 1, rest.text + rest.length)))
		return false;
	name = part_between(rest.text, dot);
	app = part_between(dot + 1, end);
	key = memchr(name.text, '_', name.length);
	if (!is_snap_name(app) || !is_snap_name(part_between(name.text, key != NULL ? key : dot)) ||
	    (key != NULL && !is_snap_name(part_between(key + 1, dot))))
		return false;
	snprintf(unit->id, sizeof(unit->id), "%.*s_%.*s", (int)name.length, name.text, (int)app.length, app.text);
	if (key != NULL)
		unit->id[key - name.text] = '+';
	snprintf(unit->snap, sizeof(unit->snap), "%.*s.%.*s", (int)name.length, name.text, (int)app.length, app.text);
	return true;
}

bool desktop_unit_read(const char *name, struct desktop_unit *unit)
{
	struct part rest = {name, strlen(name)};
	bool is_activated = false;

	*unit = (struct desktop_unit){0};
	if (rest.length >= UNIT_NAME_SIZE)
		return false;
	if (drop_beginning(&rest, "snap."))
		return drop_ending(&rest, ".scope") && read_snap(rest, unit);
	if (!drop_beginning(&rest, "app-"))
		return drop_ending(&rest, ".service") && read_activated(rest, unit, &is_activated) && is_activated;
	if (drop_ending(&rest, ".scope"))
		return read_scope(rest, unit);
	/* other slices are groups of applications, see config/selectors.c */
	if (drop_ending(&rest, ".slice"))
		return read_launched(rest, unit) && strchr(unit->id, '.') != NULL;
	if (!drop_ending(&rest, ".service"))
		return false;
	return read_activated(rest, unit, &is_activated) ? is_activated : read_service(rest, unit);
}
