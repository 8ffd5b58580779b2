/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/names.h"

#include "inspect/candidates.h"
#include "inspect/similar.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Kinds of matches, best first; see names.h. */
enum fit {
	FIT_ID,
	FIT_ID_FOLDED,
	FIT_NAME,
	FIT_PART,
	FIT_NOT,
};

enum {
	WORD_MAX = 4096, /* bytes; no name is longer */
};

struct word {
	const char *text;
	char *folded; /* NULL if it is not UTF-8 */
};

/* A similar name. */
struct near {
	const struct candidate *candidate;
	const char *text;
	size_t distance;
};

struct nears {
	struct near *items;
	size_t count;
	size_t capacity;
};

static enum fit better(enum fit one, enum fit other)
{
	return one < other ? one : other;
}

static enum fit fit_name(const char *name, const struct word *word)
{
	CLEANUP(freep) char *folded = similar_fold(name);

	if (folded == NULL)
		return FIT_NOT;
	if (strcmp(folded, word->folded) == 0)
		return FIT_NAME;
	return similar_has_word(folded, word->folded) ? FIT_PART : FIT_NOT;
}

/* A user's name does not count as an ID, so applications and units come first. */
static enum fit fit_id(const struct candidate *candidate, const char *id, const struct word *word)
{
	enum fit fit = FIT_NOT;

	if (candidate->kind != APPLICATION_USER && strcmp(id, word->text) == 0)
		return FIT_ID;
	if (word->folded == NULL || candidate->kind == APPLICATION_CGROUP)
		return FIT_NOT;
	fit = fit_name(id, word);
	return fit == FIT_NAME && candidate->kind != APPLICATION_USER ? FIT_ID_FOLDED : fit;
}

static enum fit fit_candidate(const struct candidate *candidate, const struct word *word)
{
	enum fit fit = fit_id(candidate, candidate->id, word);

	if (candidate->other_id != NULL)
		fit = better(fit, fit_id(candidate, candidate->other_id, word));
	if (word->folded == NULL || candidate->kind == APPLICATION_CGROUP)
		return fit;
	fit = better(fit, fit_name(candidate->name, word));
	for (size_t i = 0; i < CANDIDATE_ALIASES && candidate->aliases[i] != NULL; i++)
		fit = better(fit, fit_name(candidate->aliases[i], word));
	/* slices are often named after what is in them, which is meant rather than the slice */
	return candidate->kind == APPLICATION_SLICE && fit == FIT_PART ? FIT_NOT : fit;
}

static struct match *find_match(const struct matches *matches, const struct candidate *candidate)
{
	for (size_t i = 0; i < matches->count; i++) {
		if (matches->items[i].kind == candidate->kind && strcmp(matches->items[i].id, candidate->id) == 0)
			return &matches->items[i];
	}
	return NULL;
}

static int add_user(struct match *match, uint32_t uid)
{
	CLEANUP(freep) char *user = user_name(uid);
	char *users = NULL;

	if (user == NULL)
		return -ENOMEM;
	if (match->users != NULL && similar_has_word(match->users, user))
		return 0;
	if (asprintf(&users, "%s%s%s", match->users != NULL ? match->users : "", match->users != NULL ? ", " : "",
		     user) < 0)
		return -ENOMEM;
	free(match->users);
	match->users = users;
	return 0;
}

static int add_match(struct matches *matches, const struct candidate *candidate)
{
	struct match *match = find_match(matches, candidate);
	struct match *items = NULL;

	if (match == NULL) {
		items = array_reserve(matches->items, &matches->capacity, matches->count + 1, sizeof(*items));
		if (items == NULL)
			return -ENOMEM;
		matches->items = items;
		match = &items[matches->count++];
		*match = (struct match){
			.kind = candidate->kind, .id = strdup(candidate->id), .name = strdup(candidate->name)};
		if (match->id == NULL || match->name == NULL)
			return -ENOMEM;
	}
	match->runs |= candidate->runs;
	match->is_installed |= candidate->is_installed;
	return candidate->runs && candidate->uid != NO_UID ? add_user(match, candidate->uid) : 0;
}

static int compare_matches(const void *left, const void *right)
{
	const struct match *a = left;
	const struct match *b = right;
	int order = b->runs - a->runs;

	if (order == 0)
		order = strcmp(a->name, b->name);
	if (order == 0)
		order = (a->kind > b->kind) - (a->kind < b->kind);
	return order != 0 ? order : strcmp(a->id, b->id);
}

static int list_matches(const struct candidates *candidates, const struct word *word, struct matches *matches)
{
	enum fit *fits = calloc(candidates->count + 1, sizeof(*fits));
	enum fit best = FIT_NOT;
	int result = fits != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; i < candidates->count && result == 0; i++) {
		fits[i] = fit_candidate(&candidates->items[i], word);
		best = better(best, fits[i]);
	}
	for (size_t i = 0; i < candidates->count && best != FIT_NOT && result == 0; i++) {
		if (fits[i] == best)
			result = add_match(matches, &candidates->items[i]);
	}
	free(fits);
	if (matches->count > 0)
		qsort(matches->items, matches->count, sizeof(*matches->items), compare_matches);
	return result;
}

/* Finds any cgroup by its path. */
static int match_path(const struct applications *applications, const char *path, struct matches *matches)
{
	struct candidate candidate = {.kind = APPLICATION_CGROUP, .id = path, .name = path, .uid = NO_UID};
	int result = 0;

	for (const struct cgroup *cgroup = cgroup_next(applications->index.tree.root);
	     cgroup != NULL && !candidate.runs && result == 0; cgroup = cgroup_next(cgroup)) {
		CLEANUP(freep) char *other = cgroup_path_copy(cgroup);

		candidate.runs = other != NULL && strcmp(other, path) == 0;
		result = other != NULL ? 0 : -ENOMEM;
	}
	if (result < 0 || !candidate.runs)
		return result;
	return add_match(matches, &candidate);
}

static bool is_same(const struct candidate *one, const struct candidate *other)
{
	return one->kind == other->kind && strcmp(one->id, other->id) == 0;
}

static bool have(const struct nears *nears, const struct candidate *candidate)
{
	for (size_t i = 0; i < nears->count; i++) {
		if (is_same(nears->items[i].candidate, candidate))
			return true;
	}
	return false;
}

/* Returns 0, also if the name is not similar, or -ENOMEM. */
static int add_near(struct nears *nears, const struct candidate *candidate, const char *text, const struct word *word)
{
	CLEANUP(freep) char *folded = similar_fold(text);
	const size_t distance = folded != NULL ? similar_distance(folded, word->folded) : SIMILAR_NOT;
	struct near *items = NULL;

	if (distance == SIMILAR_NOT)
		return 0;
	items = array_reserve(nears->items, &nears->capacity, nears->count + 1, sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	nears->items = items;
	items[nears->count++] = (struct near){candidate, text, distance};
	return 0;
}

static int compare_nears(const void *left, const void *right)
{
	const struct near *a = left;
	const struct near *b = right;
	int order = (a->distance > b->distance) - (a->distance < b->distance);

	return order != 0 ? order : strcmp(a->text, b->text);
}

/* Takes the first similar name of each candidate. */
static int find_near(const struct candidates *candidates, const struct word *word, struct nears *nears)
{
	for (size_t i = 0; i < candidates->count; i++) {
		const struct candidate *candidate = &candidates->items[i];
		const char *const names[] = {candidate->name, candidate->aliases[0], candidate->aliases[1],
					     candidate->aliases[2], candidate->id};

		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]) && candidate->kind != APPLICATION_CGROUP; j++) {
			if (names[j] == NULL || have(nears, candidate))
				continue;
			if (add_near(nears, candidate, names[j], word) < 0)
				return -ENOMEM;
		}
	}
	if (nears->count > 0)
		qsort(nears->items, nears->count, sizeof(*nears->items), compare_nears);
	return 0;
}

static int add_suggestion(struct matches *matches, const char *text)
{
	char *copy = NULL;

	for (size_t i = 0; i < matches->suggestion_count; i++) {
		if (strcmp(matches->suggestions[i], text) == 0)
			return 0;
	}
	copy = strdup(text);
	if (copy == NULL)
		return -ENOMEM;
	matches->suggestions[matches->suggestion_count++] = copy;
	return 0;
}

static int suggest(const struct candidates *candidates, const struct word *word, struct matches *matches)
{
	struct nears nears = {0};
	int result = find_near(candidates, word, &nears);

	for (size_t i = 0; i < nears.count && matches->suggestion_count < SUGGESTIONS_MAX && result == 0; i++)
		result = add_suggestion(matches, nears.items[i].text);
	free(nears.items);
	return result;
}

int names_find(const struct applications *applications, const struct desktop_entries *entries, const char *text,
	       struct matches *matches)
{
	struct candidates candidates = {0};
	struct word word = {.text = text};
	int result = 0;

	if (*text == '\0' || strlen(text) > WORD_MAX)
		return 0;
	if (*text == '/')
		return match_path(applications, text, matches);
	word.folded = similar_fold(text);
	result = candidates_list(applications, entries, text, &candidates);
	if (result == 0)
		result = list_matches(&candidates, &word, matches);
	if (result == 0 && matches->count == 0 && word.folded != NULL)
		result = suggest(&candidates, &word, matches);
	candidates_clear(&candidates);
	free(word.folded);
	return result;
}

void matches_clear(struct matches *matches)
{
	for (size_t i = 0; i < matches->count; i++) {
		free(matches->items[i].id);
		free(matches->items[i].name);
		free(matches->items[i].users);
	}
	for (size_t i = 0; i < matches->suggestion_count; i++)
		free(matches->suggestions[i]);
	free(matches->items);
	*matches = (struct matches){0};
}
