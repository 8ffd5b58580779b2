/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_SUBJECT_H
#define CGTPROXY_INSPECT_SUBJECT_H

#include "inspect/applications.h"
#include "inspect/names.h"

#include <stdbool.h>
#include <stddef.h>

/** What an explanation is about: one cgroup, or something with a name and all its cgroups. Its texts are users'. */
struct subject {
	bool is_named; /* everything below the paths belongs to it as well */
	bool runs;     /* false: the path is only where systemd would start it */
	/* what a rule would select it by; of a cgroup, by what it is a part of */
	enum application_kind kind;
	char *id; /* or NULL: only "match" selects it */
	char *name;
	char *users; /* who runs it, or NULL */
	char **paths;
	size_t path_count;
};

/**
 * Makes a cgroup a subject.
 *
 * @index: of the existing cgroups, or NULL if it could not be read
 *
 * Returns 0 or -ENOMEM.
 */
int subject_of_path(const struct cgroup_index *index, const char *path, struct subject *subject);

/**
 * Makes what a word means a subject.
 *
 * @match: by names_find() from these applications
 *
 * Returns 0 or -ENOMEM.
 */
int subject_of_match(const struct applications *applications, const struct match *match, struct subject *subject);

/**
 * Finds what a word means, like names_find(); but "app:", "unit:", "user-unit:", "slice:" or "user:" before it
 * restricts the matches to that kind, and if there is none, what follows is taken as such a selector's value.
 */
int subject_find(const struct applications *applications, const struct desktop_entries *entries, const char *word,
		 struct matches *matches);

/** Returns the cgroup at a path below the mount, or its nearest ancestor that exists. */
const struct cgroup *subject_find_cgroup(const struct cgroup_index *index, const char *path);

/** Releases a subject, also after a failure. */
void subject_clear(struct subject *subject);

#endif
