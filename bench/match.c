/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The cost of finding a path's rule, with different numbers of rules, in turns. */

#include "driver.h"
#include "policy/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lines {
	char **items;
	size_t count;
};

static void lines_read(struct lines *lines, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t length = 0;

	if (file == NULL)
		give_up("can't read %s", path);
	*lines = (struct lines){0};
	while ((length = getline(&line, &size, file)) > 0) {
		char **items = reallocarray(lines->items, lines->count + 1, sizeof(*items));

		line[strcspn(line, "\n")] = '\0';
		if (items == NULL || (items[lines->count] = strdup(line)) == NULL)
			give_up("no memory for %s", path);
		lines->items = items;
		lines->count++;
	}
	free(line);
	fclose(file);
}

static void lines_free(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->items[i]);
	free(lines->items);
}

static struct policy *make_policy(const char *path)
{
	struct lines patterns;
	struct policy *policy = NULL;

	lines_read(&patterns, path);
	policy = policy_new((const char *const *)patterns.items, patterns.count);
	if (policy == NULL)
		give_up("no memory for the rules in %s", path);
	lines_free(&patterns);
	return policy;
}

/* How long one match takes, in ns. */
static double measure(struct policy *policy, const struct lines *paths)
{
	uint64_t begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	for (size_t i = 0; i < paths->count; i++)
		policy_match(policy, paths->items[i], strlen(paths->items[i]));
	return (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)paths->count;
}

int cmd_match(int count, char **arguments)
{
	const uint64_t rounds = number(arguments[0]);
	struct policy **policies = calloc((size_t)count - 2, sizeof(struct policy *));
	struct lines paths;

	if (policies == NULL)
		give_up("no memory");
	lines_read(&paths, arguments[1]);
	for (int i = 2; i < count; i++)
		policies[i - 2] = make_policy(arguments[i]);
	for (uint64_t round = 0; round < rounds; round++) {
		for (int i = 0; i < count - 2; i++)
			printf("%s%.1f", i > 0 ? " " : "", measure(policies[i], &paths));
		puts("");
	}
	for (int i = 0; i < count - 2; i++)
		policy_free(policies[i]);
	free(policies);
	lines_free(&paths);
	return 0;
}
