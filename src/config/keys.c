/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/keys.h"

#include "util/language.h"

#include <libfyaml.h>
#include <string.h>

/* enough for any maps that a person would nest by merging, and a limit for endless ones */
enum { MERGE_DEPTH_MAX = 8 };

#define MERGE_KEY "<<"

const char *key_label(const struct key *key)
{
	return key->label != NULL ? key->label : key->name;
}

/* Levenshtein distance, for names of bounded length. */
static size_t distance(const char *left, size_t left_length, const char *right)
{
	enum { LENGTH_MAX = 32 };
	size_t right_length = strlen(right);
	size_t row[LENGTH_MAX + 1];

	if (left_length > LENGTH_MAX || right_length > LENGTH_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= right_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= left_length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= right_length; j++) {
			size_t replaced = diagonal + (left[i - 1] != right[j - 1]);
			size_t inserted = row[j - 1] + 1;
			size_t removed = row[j] + 1;

			diagonal = row[j];
			row[j] = replaced < inserted ? replaced : inserted;
			row[j] = removed < row[j] ? removed : row[j];
		}
	}
	return row[right_length];
}

static void warn_of_unknown_key(struct fy_node *key, const char *what, const struct key *keys,
				struct diagnostics *diagnostics)
{
	size_t length = 0;
	const char *text = yaml_text(key, &length);
	const char *nearest = NULL;
	size_t least = SIZE_MAX;
	char shown[YAML_SHOWN_SIZE];

	for (const struct key *known = keys; known->name != NULL && text != NULL; known++) {
		size_t away = distance(text, length, known->name);

		if (away < least) {
			least = away;
			nearest = known->name;
		}
	}
	if (least <= 3 && least < length)
		diagnose(diagnostics, SEVERITY_WARNING, yaml_position(key),
			 "%s: unknown key %s is ignored; did you mean \"%s\"?", what, yaml_show(key, shown), nearest);
	else
		diagnose(diagnostics, SEVERITY_WARNING, yaml_position(key), "%s: unknown key %s is ignored", what,
			 yaml_show(key, shown));
}

static bool key_is(struct fy_node *key, const char *name)
{
	return !fy_node_is_alias(key) && yaml_text_is(key, name);
}

/*
 * Whether a key is not an alias. An alias's name is not the key it stands for, and libfyaml would not detect
 * duplicates.
 */
static bool is_key(struct fy_node *key, const char *what, struct diagnostics *diagnostics)
{
	char shown[YAML_SHOWN_SIZE];

	if (!fy_node_is_alias(key))
		return true;
	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(key),
		 "%s: the alias %s can't be a key; write the key itself", what, yaml_show(key, shown));
	return false;
}

struct map_reader {
	const char *what;
	const struct key *keys;
	uint64_t seen;	  /* one bit per key seen */
	bool is_too_deep; /* too many maps merged into one another, which was reported */
	void *out;
	struct diagnostics *diagnostics;
};

static void read_value(struct map_reader *reader, const struct key *key, struct fy_node *value)
{
	struct fy_node *target = yaml_follow(value, reader->diagnostics);

	if (target != NULL && (key->needs_value || !yaml_is_null(target)))
		key->read(target, key, (char *)reader->out + key->offset, reader->diagnostics);
}

static void read_key(struct map_reader *reader, struct fy_node *key, struct fy_node *value)
{
	for (size_t i = 0; reader->keys[i].name != NULL; i++) {
		uint64_t bit = UINT64_C(1) << i;

		if (!key_is(key, reader->keys[i].name))
			continue;
		if (!(reader->seen & bit)) {
			reader->seen |= bit;
			read_value(reader, &reader->keys[i], value);
		}
		return;
	}
	warn_of_unknown_key(key, reader->what, reader->keys, reader->diagnostics);
}

static void read_pairs(struct map_reader *reader, struct fy_node *map, int depth);

/* Reported once per map, since a circle arrives here many times. */
static void refuse_depth(struct map_reader *reader, struct fy_node *node)
{
	if (!reader->is_too_deep)
		diagnose(reader->diagnostics, SEVERITY_ERROR, yaml_position(node),
			 "%s: more than %d maps are merged into one another", MERGE_KEY, MERGE_DEPTH_MAX);
	reader->is_too_deep = true;
}

static void read_merged_map(struct map_reader *reader, struct fy_node *node, int depth)
{
	struct fy_node *map = yaml_follow(node, reader->diagnostics);

	if (map == NULL)
		return;
	if (!fy_node_is_mapping(map))
		yaml_expected(node, MERGE_KEY, _("a map to merge"), reader->diagnostics);
	else if (depth < MERGE_DEPTH_MAX)
		read_pairs(reader, map, depth + 1);
	else
		refuse_depth(reader, node);
}

/* A merge key's value is a map, or a list of maps where earlier ones take precedence (yaml.org/type/merge.html). */
static void read_merged(struct map_reader *reader, struct fy_node *node, int depth)
{
	struct fy_node *target = yaml_follow(node, reader->diagnostics);
	struct fy_node *item = NULL;
	void *at = NULL;

	if (target == NULL)
		return;
	if (!fy_node_is_sequence(target)) {
		read_merged_map(reader, node, depth);
		return;
	}
	while ((item = fy_node_sequence_iterate(target, &at)) != NULL)
		read_merged_map(reader, item, depth);
}

/* A map's own keys take precedence over merged ones. */
static void read_pairs(struct map_reader *reader, struct fy_node *map, int depth)
{
	struct fy_node_pair *pair = NULL;
	void *at = NULL;

	while ((pair = fy_node_mapping_iterate(map, &at)) != NULL) {
		if (!yaml_is_affordable(fy_node_pair_key(pair), reader->diagnostics))
			return;
		if (is_key(fy_node_pair_key(pair), reader->what, reader->diagnostics) &&
		    !key_is(fy_node_pair_key(pair), MERGE_KEY))
			read_key(reader, fy_node_pair_key(pair), fy_node_pair_value(pair));
	}
	at = NULL;
	while ((pair = fy_node_mapping_iterate(map, &at)) != NULL) {
		if (key_is(fy_node_pair_key(pair), MERGE_KEY))
			read_merged(reader, fy_node_pair_value(pair), depth);
	}
}

bool keys_read(struct fy_node *node, const char *what, const struct key *keys, void *out,
	       struct diagnostics *diagnostics)
{
	struct map_reader reader = {.what = what, .keys = keys, .out = out, .diagnostics = diagnostics};

	if (!fy_node_is_mapping(node))
		return yaml_expected(node, what, _("a map"), diagnostics);
	read_pairs(&reader, node, 0);
	return true;
}

bool keys_read_names(struct fy_node *node, const char *what,
		     void (*read)(struct fy_node *key, struct fy_node *value, struct diagnostics *diagnostics,
				  void *userdata),
		     struct diagnostics *diagnostics, void *userdata)
{
	struct fy_node_pair *pair = NULL;
	void *at = NULL;

	if (!fy_node_is_mapping(node))
		return yaml_expected(node, what, _("a map"), diagnostics);
	while ((pair = fy_node_mapping_iterate(node, &at)) != NULL &&
	       yaml_is_affordable(fy_node_pair_key(pair), diagnostics)) {
		struct fy_node *value = NULL;

		if (!is_key(fy_node_pair_key(pair), what, diagnostics))
			continue;
		value = yaml_follow(fy_node_pair_value(pair), diagnostics);
		if (value != NULL)
			read(fy_node_pair_key(pair), value, diagnostics, userdata);
	}
	return true;
}
