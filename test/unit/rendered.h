/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_RENDERED_H
#define CGTPROXY_TEST_UNIT_RENDERED_H

/* A config's ruleset as text, and the contents of one of its blocks. */

#include "compiled.h"
#include "unit.h"

#include "nft/text.h"

#include <stdio.h>
#include <stdlib.h>

struct rendered {
	char *text;
	size_t length;
};

/** Takes the config. */
static inline struct rendered render_config(struct config *config, const struct contents *contents,
					    const struct cgroup_names *names)
{
	struct rendered rendered = {0};
	struct ruleset *ruleset = compile_for(config, contents);
	FILE *out = open_memstream(&rendered.text, &rendered.length);

	assert_non_null(out);
	ruleset_print(out, ruleset, names);
	assert_int_equal(fclose(out), 0);
	ruleset_free(ruleset);
	config_free(config);
	return rendered;
}

static inline struct rendered render_with(const char *text, const struct contents *contents,
					  const struct cgroup_names *names)
{
	return render_config(parse_good(text), contents, names);
}

static const struct contents no_cgroups = {.element_count = 0};
static const struct cgroup_names no_names = {.count = 0};

/** The ruleset of a host without cgroups. */
static inline struct rendered render(const char *text)
{
	return render_with(text, &no_cgroups, &no_names);
}

static inline void rendered_clear(struct rendered *rendered)
{
	free(rendered->text);
	*rendered = (struct rendered){0};
}

/* Where the lines of "chain NAME" and the like begin, or NULL. */
static inline const char *find_body(const struct rendered *rendered, const char *head)
{
	char line[160];
	const char *found = NULL;

	snprintf(line, sizeof(line), "\t%s {\n", head);
	found = strstr(rendered->text, line);
	return found != NULL ? found + strlen(line) : NULL;
}

/** Checks the lines of a part, which are compared without the white space that they begin with. */
static inline void assert_body(const struct rendered *rendered, const char *head, const char *wanted)
{
	const char *at = find_body(rendered, head);
	char body[4096];
	size_t used = 0;

	if (at == NULL)
		fail_msg("there is no \"%s\" in:\n%s", head, rendered->text);
	while (strncmp(at, "\t}\n", 3) != 0) {
		size_t line = 0;

		at += strspn(at, "\t ");
		line = strcspn(at, "\n") + 1;
		assert_true(used + line < sizeof(body));
		memcpy(body + used, at, line);
		used += line;
		at += line;
	}
	body[used] = '\0';
	assert_string_equal(body, wanted);
}

static inline void assert_no_body(const struct rendered *rendered, const char *head)
{
	assert_null(find_body(rendered, head));
}

#endif
