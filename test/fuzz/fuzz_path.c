/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any path that users can give a cgroup. The matching rule is the one found by trying the expressions one by one, the
 * path comes out of the tree unchanged, and it is harmless when displayed.
 *
 * Input: a byte that chooses the rules, a byte for the size of escape()'s buffer, and the path.
 */

#include "fuzz.h"

#include "cgroup/tree.h"
#include "config/load.h"
#include "policy/pattern_set.h"
#include "policy/policy.h"
#include "util/escape.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

enum {
	PATTERNS_MAX = 8,
	INHERITED_LEVELS = 8,
	REPLACEMENT_SIZE = 3, /* U+FFFD in UTF-8 */
};

/* Rules as users write them, and some hard ones: no anchors, classes, repetitions, bytes beyond ASCII. */
static const char *const rules[][PATTERNS_MAX] = {
	{NULL},
	{"/.*"},
	{"^/system\\.slice/mihomo\\.service(/|$)", "/cgtproxy-drop\\.slice(/|$)", "/cgtproxy-proxy\\.slice(/|$)",
	 "/user@\\d+\\.service/(.+/)?app(-[^/-]+)?-org\\.telegram\\.desktop(-[^/]+\\.scope|(@[^/]+)?\\.service)(/|$)"},
	{"(a+)+b$", "(?i)/DOCKER-[0-9a-f]{12,64}\\.scope$", "[^\\x00-\\x7f]", "^/[^/]+$"},
	{"\\x{fffd}", "^(/.){3}$", "(?s)^.{40,}$", "/$"},
	{"^/a(/b(/c(/d)?)?)?$", "^$", "\\\\x[0-9a-f]{2}", "\xc3\xa4|\xe2\x82\xac", "\\p{Greek}"},
};

/* One more set, of selectors. The first is the one that is_system_unit() knows. */
static const char selectors[] = "version: 1\n"
				"rules:\n"
				"  - {unit: docker.service, direct: true}\n"
				"  - {user-unit: syncthing.service, direct: true}\n"
				"  - {app: org.telegram.desktop, direct: true}\n"
				"  - {slice: cgtproxy-proxy.slice, direct: true}\n"
				"  - {user: 1000, direct: true}\n";

enum {
	SELECTORS = sizeof(rules) / sizeof(rules[0]),
	RULE_SETS,
};

static struct {
	const char *patterns[PATTERNS_MAX];
	struct policy *policy;
	struct pattern_set *single[PATTERNS_MAX];
	size_t count;
} compiled[RULE_SETS];

static void list_patterns(size_t set)
{
	struct diagnostics diagnostics = {0};
	static struct config *config; /* whose patterns they are */

	if (set != SELECTORS) {
		while (compiled[set].count < PATTERNS_MAX && rules[set][compiled[set].count] != NULL) {
			compiled[set].patterns[compiled[set].count] = rules[set][compiled[set].count];
			compiled[set].count++;
		}
		return;
	}
	CHECK(config_parse(selectors, strlen(selectors), &config, &diagnostics) == 0);
	CHECK(config->rule_count <= PATTERNS_MAX);
	while (compiled[set].count < config->rule_count) {
		compiled[set].patterns[compiled[set].count] = config->rules[compiled[set].count].pattern;
		compiled[set].count++;
	}
}

static void compile(size_t set)
{
	struct pattern_error error;

	if (compiled[set].policy != NULL)
		return;
	list_patterns(set);
	for (size_t i = 0; i < compiled[set].count; i++) {
		const char *pattern = compiled[set].patterns[i];

		CHECK(pattern_is_valid(pattern, strlen(pattern), &error));
		compiled[set].single[i] = pattern_set_new(&pattern, 1);
		CHECK(compiled[set].single[i] != NULL);
	}
	compiled[set].policy = policy_new(compiled[set].patterns, compiled[set].count);
	CHECK(compiled[set].policy != NULL);
}

/* Whether a cgroup is that of docker.service or below it: only slices stand before it. */
static bool is_system_unit(const char *path)
{
	static const char slice[] = ".slice";
	static const char unit[] = "docker.service";

	while (*path == '/') {
		const char *name = path + 1;
		size_t length = strcspn(name, "/");

		path = name + length;
		if (length > strlen(slice) && memcmp(path - strlen(slice), slice, strlen(slice)) == 0)
			continue;
		if (*name == '_') { /* systemd's prefix for names that could be those of cgroup files */
			name++;
			length--;
		}
		return length == strlen(unit) && memcmp(name, unit, length) == 0;
	}
	return false;
}

/* What policy_match() should return, found in the simplest way. */
static int32_t expected_match(size_t set, const char *path, size_t length)
{
	char *valid = malloc(length * REPLACEMENT_SIZE + 1);
	size_t used = 0;
	int32_t rule = NO_RULE;

	CHECK(valid != NULL);
	for (size_t at = 0; at < length;) {
		uint32_t character = 0;
		size_t bytes = utf8_character((const uint8_t *)path + at, length - at, &character);

		memcpy(valid + used, bytes > 0 ? path + at : "\xef\xbf\xbd", bytes > 0 ? bytes : REPLACEMENT_SIZE);
		used += bytes > 0 ? bytes : REPLACEMENT_SIZE;
		at += bytes > 0 ? bytes : 1;
	}
	for (size_t i = 0; i < compiled[set].count && rule == NO_RULE; i++) {
		if (pattern_set_first_match(compiled[set].single[i], valid, used) == 0)
			rule = (int32_t)i;
	}
	free(valid);
	return rule;
}

/* Unescapes the first byte of a text and advances past it. */
static unsigned char take_byte(const char **at)
{
	const char *text = *at;
	char digits[3] = "";

	(*at)++;
	if (*text != '\\')
		return (unsigned char)*text;
	CHECK(text[1] == 'x' && isxdigit((unsigned char)text[2]) && isxdigit((unsigned char)text[3]));
	memcpy(digits, text + 2, 2);
	*at = text + 4;
	return (unsigned char)strtoul(digits, NULL, 16);
}

/* Checks what escape() makes of a text; @room: how many bytes it gets the second time. */
static void check_escape(const char *text, size_t length, size_t room)
{
	size_t size = ESCAPED_SIZE(length);
	char *whole = malloc(size);
	char *cut = malloc(room + 1);
	size_t read = 0;

	CHECK(whole != NULL && cut != NULL);
	CHECK(escape(whole, size, text, length) == whole);
	CHECK(is_harmless(whole, strlen(whole)));
	for (const char *at = whole; *at != '\0'; read++) {
		CHECK(read < length);
		CHECK(take_byte(&at) == (unsigned char)text[read]);
	}
	CHECK(read == length);
	escape(cut, room + 1, text, length);
	CHECK(strlen(cut) <= room && strncmp(cut, whole, strlen(cut)) == 0);
	CHECK(is_harmless(cut, strlen(cut)));
	free(cut);
	free(whole);
}

/* A cgroup on the way down: its path matches its ancestors' names, and its rule is as expected. */
static void check_cgroup(size_t set, const struct cgroup *cgroup, const char *path, size_t length, int32_t *in_force)
{
	static char written[CGROUP_PATH_SIZE];
	struct policy *policy = compiled[set].policy;
	int32_t rule = policy_match(policy, path, length);

	CHECK(cgroup_path(cgroup, written) == length);
	CHECK(memcmp(written, path, length) == 0 && written[length] == '\0');
	CHECK(rule == expected_match(set, path, length));
	CHECK(set != SELECTORS || (rule == 0) == is_system_unit(written));
	if (rule != NO_RULE)
		*in_force = rule;
	/* it looks at all ancestors, which for each of many levels would take the fuzzer's time */
	if (cgroup->level <= INHERITED_LEVELS || cgroup->level % INHERITED_LEVELS == 0)
		CHECK(policy_match_inherited(policy, path, length) == *in_force);
}

/* The kernel gives names of 1 to NAME_MAX bytes, other than "." and "..", without NUL and '/'. */
static size_t take_name(const char **at, const char *end, char *name)
{
	size_t length = 0;

	while (*at < end && (**at == '/' || **at == '\0'))
		(*at)++;
	while (*at < end && **at != '/' && **at != '\0' && length < NAME_MAX)
		name[length++] = *(*at)++;
	name[length] = '\0';
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? 0 : length;
}

/* Creates a child and finds it again. */
static struct cgroup *descend(struct cgroup_tree *tree, struct cgroup *parent, const char *name)
{
	int watch = (int)tree->count;
	struct cgroup *child = NULL;

	CHECK(cgroup_child(tree, parent, name) == NULL);
	child = cgroup_add(tree, parent, name, tree->count);
	CHECK(child != NULL && cgroup_child(tree, parent, name) == child);
	CHECK(child->level == parent->level + 1 && child->watch == NO_WATCH);
	CHECK(cgroup_set_watch(tree, child, watch) == 0);
	CHECK(cgroup_by_watch(tree, watch) == child);
	return child;
}

static void walk(size_t set, const char *at, const char *end)
{
	static char path[CGROUP_PATH_SIZE];
	char name[NAME_MAX + 1];
	struct cgroup_tree tree;
	struct cgroup *cgroup = NULL;
	size_t length = 0;
	size_t count = 0;
	int32_t in_force = NO_RULE;

	CHECK(cgroup_tree_init(&tree, 1) == 0);
	cgroup = tree.root;
	while (at < end && cgroup->level < CGROUP_DEPTH_MAX) {
		size_t name_length = take_name(&at, end, name);

		if (name_length == 0)
			continue;
		cgroup = descend(&tree, cgroup, name);
		path[length++] = '/';
		memcpy(path + length, name, name_length);
		length += name_length;
		check_cgroup(set, cgroup, path, length, &in_force);
	}
	for (const struct cgroup *next = cgroup_next(tree.root); next != NULL; next = cgroup_next(next))
		count++;
	CHECK(count == tree.count);
	cgroup_tree_clear(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t set = 0;

	if (size < 2)
		return 0;
	set = data[0] % RULE_SETS;
	compile(set);
	check_escape(text + 2, size - 2, data[1]);
	walk(set, text + 2, text + size);
	return 0;
}
