/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/selectors.h"

#include "policy/pattern_set.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/unit_name.h"
#include "util/users.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#define SLICES "(?:/[^/]+\\.slice)*"
#define MANAGER "/user\\.slice/user-\\d+\\.slice/user@\\d+\\.service"

/* systemd's prefix for names that would collide with a cgroup's file, like cpu.stat (cg_escape()). */
#define ESCAPE "_?"

/* After a name: the cgroup itself, or anything below it. */
#define END "(?:/|$)"

/* Repetitions with counts for each digit would take RE2 far more memory. */
#define UUID "[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+"

enum {
	SNAP_NAME_MAX = 40, /* snapd's limit for the name of a snap */
	NAMES_MAX = 1000,   /* in one rule; RE2 can handle this many */
};

/* Writes the expression for a name; returns false if the name is not valid for this kind, or if out of memory. */
typedef bool (*name_writer)(FILE *out, const char *name);

static bool write_quoted(FILE *out, const char *text, size_t length)
{
	CLEANUP(freep) char *quoted = pattern_quote(text, length);

	return quoted != NULL && fputs(quoted, out) >= 0;
}

/* The name of a snap, an instance key or the name of an application in it, as snapd allows them. */
static bool is_snap_name(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!isascii(name[i]) || (!isalnum(name[i]) && name[i] != '-'))
			return false;
	}
	return length > 0 && length <= SNAP_NAME_MAX;
}

/*
 * snapd moves an application of a snap into snap.NAME.APP-UUID.scope, in earlier versions snap.NAME.APP.UUID.scope,
 * whatever launched it. The application's .desktop file is NAME_APP.desktop, or NAME+KEY_APP.desktop for the instance
 * NAME_KEY. Without _APP, the application with the same name as the snap is meant.
 */
static bool write_snap(FILE *out, const char *id)
{
	const size_t name = strcspn(id, "+_");
	const size_t key = id[name] == '+' ? strcspn(id + name + 1, "_") : 0;
	const char *rest = id + name + (key > 0 ? 1 + key : 0);
	const char *app = *rest == '_' ? rest + 1 : id;
	const size_t app_length = *rest == '_' ? strlen(app) : name;

	if ((*rest != '_' && *rest != '\0') || !is_snap_name(id, name) || !is_snap_name(app, app_length) ||
	    (key > 0 && !is_snap_name(id + name + 1, key)))
		return true;
	return fprintf(out, "|snap\\.%.*s%s%.*s\\.%.*s[-.]" UUID "\\.scope", (int)name, id, key > 0 ? "_" : "",
		       (int)key, id + name + 1, (int)app_length, app) > 0;
}

/*
 * The names used by desktops (systemd.io/DESKTOP_ENVIRONMENTS): app[-LAUNCHER]-ID[@RANDOM].service and
 * app[-LAUNCHER]-ID-RANDOM.scope. In an earlier edition, services ended like scopes, as some launchers still name them.
 * dbus-broker activates an application as [app-]dbus-BUS-ID@NUMBER.service, with the bus' unique name.
 * A slice belongs to an application if its ID is a reversed domain name, as GNOME Terminal's slice does; other
 * launchers use slices for groups of applications. Where Steam puts games in scopes of their own, it is their launcher
 * and not their ID: app-steam-appNUMBER-PID.scope. Elsewhere, games run in Steam's own cgroup.
 */
static bool write_app(FILE *out, const char *id)
{
	char escaped[UNIT_NAME_ESCAPED_SIZE];
	CLEANUP(freep) char *quoted = NULL;

	if (strchr(id, '/') != NULL || strchr(id, '\\') != NULL || strlen(id) >= UNIT_NAME_SIZE)
		return false;
	unit_name_escape(escaped, id);
	quoted = pattern_quote(escaped, strlen(escaped));
	return quoted != NULL &&
	       fprintf(out,
		       "app-(?:[^/@-]+-)?%s(?:(?:@[^/]*|-\\d+)?\\.service|-[^/-]+\\.scope%s)|"
		       "(?:app-)?dbus-:\\d+\\.\\d+-%s@[^/]*\\.service%s",
		       quoted, strchr(id, '.') != NULL ? "|\\.slice" : "", quoted,
		       strcmp(id, "steam") == 0 ? "|app-steam-app\\d+-[^/-]+\\.scope" : "") > 0 &&
	       write_snap(out, id);
}

/* Returns the suffix with its dot, if it is one of these; else, or if the rest is not valid in a unit's name, NULL. */
static const char *ending_of_unit(const char *name, const char *const *endings)
{
	const char *dot = strrchr(name, '.');

	if (dot == NULL || dot == name || *name == '@' || strlen(name) >= UNIT_NAME_SIZE)
		return NULL;
	for (const char *at = name; *at != '\0'; at++) {
		if (!isascii(*at) || (!isalnum(*at) && strchr(":-_.\\@", *at) == NULL))
			return NULL;
	}
	for (; *endings != NULL; endings++) {
		if (strcmp(dot, *endings) == 0)
			return dot;
	}
	return NULL;
}

/* No unit runs under a template's name, so a template means all its instances. */
static bool write_unit(FILE *out, const char *name)
{
	static const char *const endings[] = {".service", ".scope", ".mount", ".socket", ".swap", NULL};
	const char *ending = ending_of_unit(name, endings);
	const char *at = strchr(name, '@');

	if (ending == NULL)
		return false;
	fputs(ESCAPE, out);
	if (!write_quoted(out, name, (size_t)(ending - name)))
		return false;
	if (at != NULL && at + 1 == ending)
		fputs("[^/]+", out);
	return write_quoted(out, ending, strlen(ending));
}

static bool write_slice(FILE *out, const char *name)
{
	static const char *const endings[] = {".slice", NULL};
	const char *ending = ending_of_unit(name, endings);

	if (ending == NULL || *name == '-' || ending[-1] == '-' || strstr(name, "--") != NULL ||
	    strchr(name, '@') != NULL)
		return false;
	fputs(ESCAPE, out);
	return write_quoted(out, name, strlen(name));
}

/* A UID as systemd accepts it; UINT32_MAX is not a valid user. */
static bool parse_uid(const char *text, uint32_t *uid)
{
	unsigned long long number = 0;

	if (strlen(text) > 10 || text[strspn(text, "0123456789")] != '\0' || (*text == '0' && text[1] != '\0'))
		return false;
	number = strtoull(text, NULL, 10);
	if (number >= UINT32_MAX)
		return false;
	*uid = (uint32_t)number;
	return true;
}

static bool find_user(const char *name, uint32_t *uid)
{
	struct user user;

	if (!user_by_name(name, &user))
		return false;
	*uid = user.uid;
	free(user.name);
	free(user.home);
	return true;
}

static bool write_user(FILE *out, const char *name)
{
	uint32_t uid = 0;

	if (!parse_uid(name, &uid) && !find_user(name, &uid))
		return false;
	fprintf(out, "%" PRIu32, uid);
	return true;
}

static const struct kind {
	name_writer write;
	const char *before; /* the expression around the names */
	const char *after;
	const char *expected;
} kinds[] = {
	[SELECTOR_APP] = {write_app, "^" MANAGER SLICES "/(?:", ")" END,
			  N_("an application ID, like org.telegram.desktop, without systemd's escaping")},
	[SELECTOR_UNIT] = {write_unit, "^" SLICES "/(?:", ")" END,
			   N_("the name of a service, scope, mount, socket or swap unit, like docker.service")},
	[SELECTOR_USER_UNIT] = {write_unit, "^" MANAGER SLICES "/(?:", ")" END,
				N_("the name of a service, scope, mount, socket or swap unit, like syncthing.service")},
	[SELECTOR_SLICE] = {write_slice, "^(?:" MANAGER ")?" SLICES "/(?:", ")" END,
			    N_("the name of a slice, like cgtproxy-proxy.slice")},
	[SELECTOR_USER] = {write_user, "^/user\\.slice/user-(?:", ")\\.slice" END,
			   N_("the name of a user on this system, or a UID")},
};

/* A rule's texts while its selector is read. */
struct selector_reader {
	const struct key *key;
	const struct kind *kind;
	FILE *pattern;
	FILE *shown;
	size_t names;
};

static void show_name(FILE *shown, const char *text, size_t length)
{
	CLEANUP(freep) char *escaped = malloc(ESCAPED_SIZE(length));

	if (escaped != NULL)
		fputs(escape_but_backslash(escaped, ESCAPED_SIZE(length), text, length), shown);
}

static void read_name(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct selector_reader *reader = userdata;
	size_t length = 0;
	const char *text = yaml_text(node, &length);
	char name[UNIT_NAME_SIZE] = "";

	if (reader->names > NAMES_MAX)
		return;
	if (reader->names++ == NAMES_MAX) {
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
			 "%s: more names than the %d that one rule can have; split them across several rules",
			 reader->key->name, NAMES_MAX);
		return;
	}
	if (reader->names > 1) {
		fputc('|', reader->pattern);
		fputs(", ", reader->shown);
	}
	if (text != NULL && length < sizeof(name) && memchr(text, '\0', length) == NULL && !yaml_is_null(node))
		memcpy(name, text, length);
	show_name(reader->shown, name, strlen(name));
	if (*name == '\0' || !reader->kind->write(reader->pattern, name))
		yaml_expected(node, reader->key->name, _(reader->kind->expected), diagnostics);
}

/* Opens a stream that writes a text into memory and replaces the old one. */
static FILE *write_anew(char **text, size_t *size)
{
	free(*text);
	*text = NULL;
	return open_memstream(text, size);
}

/* Returns false if out of memory, or for a stream that was not opened. */
static bool is_closed_well(FILE *stream)
{
	return stream != NULL && fclose(stream) == 0;
}

static void write_rule(struct fy_node *node, struct selector_reader *reader, struct diagnostics *diagnostics)
{
	bool is_list = yaml_is_list(node);

	fputs(reader->kind->before, reader->pattern);
	fprintf(reader->shown, "%s: %s", reader->key->name, is_list ? "[" : "");
	if (is_list)
		yaml_read_list(node, reader->key->name, read_name, diagnostics, reader);
	else
		read_name(node, diagnostics, reader);
	fputs(reader->kind->after, reader->pattern);
	fputs(is_list ? "]" : "", reader->shown);
	if (reader->names == 0)
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "%s: expected %s, got an empty list",
			 reader->key->name, _(reader->kind->expected));
}

bool read_selector(struct fy_node *node, const struct key *key, struct config_rule *rule,
		   struct diagnostics *diagnostics)
{
	size_t pattern_size = 0;
	size_t shown_size = 0;
	struct selector_reader reader = {
		.key = key,
		.kind = &kinds[key->choice],
		.pattern = write_anew(&rule->pattern, &pattern_size),
		.shown = write_anew(&rule->selector, &shown_size),
	};
	struct pattern_error error;
	bool written = reader.pattern != NULL && reader.shown != NULL;

	if (written)
		write_rule(node, &reader, diagnostics);
	written &= is_closed_well(reader.pattern);
	written &= is_closed_well(reader.shown);
	if (written && pattern_is_valid(rule->pattern, pattern_size, &error))
		return true;
	if (written)
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
			 "%s: these names are too long for one rule; split them across several rules", key->name);
	else
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node), "no memory to read %s", key->name);
	return false;
}

int selector_write_rule(enum selector kind, const char *key, const char *name, struct config_rule *rule)
{
	size_t size = 0;
	FILE *out = write_anew(&rule->pattern, &size);
	bool written = false;

	if (out != NULL) {
		fputs(kinds[kind].before, out);
		written = kinds[kind].write(out, name);
		fputs(kinds[kind].after, out);
	}
	free(rule->selector);
	rule->selector = NULL;
	if (!is_closed_well(out) || !written || asprintf(&rule->selector, "%s: %s", key, name) < 0)
		return -ENOMEM;
	return 0;
}

bool selector_takes(enum selector kind, const char *name)
{
	CLEANUP(freep) char *pattern = NULL;
	size_t size = 0;
	CLEANUP(fclosep) FILE *out = *name != '\0' ? open_memstream(&pattern, &size) : NULL;

	return out != NULL && strlen(name) < UNIT_NAME_SIZE && kinds[kind].write(out, name);
}
