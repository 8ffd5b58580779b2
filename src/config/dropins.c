/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/dropins.h"

#include "config/file.h"
#include "config/keys.h"
#include "config/section.h"
#include "config/yaml.h"
#include "util/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Whole names of the directory, sorted. */
struct listing {
	struct dirent **entries;
	int count;
};

static void listing_clear(struct listing *listing)
{
	for (int i = 0; i < listing->count; i++)
		free(listing->entries[i]);
	free(listing->entries);
}

static bool ends_in(const char *name, const char *suffix)
{
	const size_t length = strlen(name);

	return length > strlen(suffix) && strcmp(name + length - strlen(suffix), suffix) == 0;
}

/* Hidden files are those of editors. */
static int is_dropin(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && (ends_in(entry->d_name, ".yaml") || ends_in(entry->d_name, ".yml"));
}

static int compare_names(const struct dirent **left, const struct dirent **right)
{
	return strcmp((*left)->d_name, (*right)->d_name);
}

/* Returns 0, also when there is no such directory. */
static int list(int directory, struct listing *listing)
{
	listing->count = scandirat(directory, DROPIN_DIRECTORY, &listing->entries, is_dropin, compare_names);
	if (listing->count >= 0)
		return 0;
	listing->count = 0;
	return errno == ENOENT ? 0 : -errno;
}

struct dropin_reader {
	struct config *config;
	bool has_rules;
};

static void read_key(struct fy_node *key, struct fy_node *value, struct diagnostics *diagnostics, void *userdata)
{
	struct dropin_reader *reader = userdata;
	char shown[YAML_SHOWN_SIZE];

	if (!yaml_text_is(key, "rules")) {
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(key),
			 "%s does not belong here: a file in " DROPIN_DIRECTORY " has \"rules\" only; everything else "
			 "goes into the config itself",
			 yaml_show(key, shown));
		return;
	}
	if (reader->has_rules)
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(key), "\"rules\" is here twice");
	reader->has_rules = true;
	if (!yaml_is_null(value))
		read_rules(value, reader->config, diagnostics);
}

/* An error of an earlier file says nothing about this one. */
static void parse(const char *text, size_t length, struct dropin_reader *reader, struct diagnostics *diagnostics)
{
	const bool had_error = diagnostics->has_error;
	struct fy_document *document = NULL;

	diagnostics->has_error = false;
	document = yaml_parse(text, length, diagnostics);
	if (document != NULL)
		keys_read_names(yaml_root(document), "the file", read_key, diagnostics, reader);
	yaml_free(document);
	diagnostics->has_error |= had_error;
}

static int read_dropin(int directory, const char *dropin, struct config *config, struct diagnostics *diagnostics)
{
	struct dropin_reader reader = {.config = config};
	const size_t first = config->rule_count;
	CLEANUP(freep) char *text = NULL;
	size_t length = 0;
	int error = file_read(directory, dropin, &text, &length);

	if (error < 0) {
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "can't read this file: %s",
			 file_error(error));
		return error;
	}
	parse(text, length, &reader, diagnostics);
	for (size_t i = first; i < config->rule_count; i++)
		config->rules[i].dropin = dropin;
	return 0;
}

static bool is_plain(const char *name)
{
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(name);
}

static int read_entry(int directory, const char *path, const char *name, struct config *config,
		      struct diagnostics *diagnostics)
{
	CLEANUP(freep) char *whole = NULL;
	char *dropin = NULL;

	if (asprintf(&whole, "%s/" DROPIN_DIRECTORY "/%s", path, name) < 0 ||
	    diagnostics_begin_file(diagnostics, whole) < 0)
		return -ENOMEM;
	if (!ends_in(name, ".yaml")) {
		diagnose(diagnostics, SEVERITY_WARNING, (struct position){0},
			 "ignored, since its name does not end in .yaml");
		return 0;
	}
	if (!is_plain(name)) {
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0},
			 "the name of a file in " DROPIN_DIRECTORY
			 " may have letters, digits, '_', '.' and '-' only; rename it");
		return -EINVAL;
	}
	if (asprintf(&dropin, DROPIN_DIRECTORY "/%s", name) < 0)
		return -ENOMEM;
	config->dropins[config->dropin_count++] = dropin;
	return read_dropin(directory, dropin, config, diagnostics);
}

static int read_all(int directory, const char *path, struct config *config, struct diagnostics *diagnostics)
{
	CLEANUP(listing_clear) struct listing listing = {0};
	int result = list(directory, &listing);

	if (result == 0 && listing.count > DROPINS_MAX)
		result = -E2BIG;
	if (result < 0) {
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0},
			 "can't read the directory " DROPIN_DIRECTORY " beside this file: %s",
			 result == -E2BIG ? "there are more than 256 files in it" : strerror(-result));
		return result;
	}
	config->dropins = calloc((size_t)listing.count + 1, sizeof(*config->dropins));
	if (config->dropins == NULL)
		return -ENOMEM;
	for (int i = 0; i < listing.count; i++) {
		int read = read_entry(directory, path, listing.entries[i]->d_name, config, diagnostics);

		result = result < 0 ? result : read;
	}
	return result;
}

/* The rules from @first on come to the front. */
static int move_to_front(struct config *config, size_t first)
{
	const size_t moved = config->rule_count - first;
	struct config_rule *others = NULL;

	if (first == 0 || moved == 0)
		return 0;
	others = calloc(first, sizeof(*others));
	if (others == NULL)
		return -ENOMEM;
	memcpy(others, config->rules, first * sizeof(*others));
	memmove(config->rules, config->rules + first, moved * sizeof(*others));
	memcpy(config->rules + moved, others, first * sizeof(*others));
	free(others);
	return 0;
}

int dropins_load(const char *path, struct config *config, struct diagnostics *diagnostics)
{
	CLEANUP(closep) int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const size_t first = config->rule_count;
	int result = 0;

	if (directory < 0 && errno == ENOENT) /* nor a config: the built-in one is used */
		return 0;
	result = directory < 0 ? -errno : read_all(directory, path, config, diagnostics);
	if (result == 0)
		result = move_to_front(config, first);
	if (result < 0 && !diagnostics->has_error)
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0},
			 "can't read the files in " DROPIN_DIRECTORY ": %s", strerror(-result));
	return result;
}

static void note_change(int directory, const char *name, time_t *newest)
{
	struct stat status;

	if (fstatat(directory, name, &status, 0) == 0 && status.st_mtim.tv_sec > *newest)
		*newest = status.st_mtim.tv_sec;
}

time_t dropins_changed(const char *path)
{
	CLEANUP(listing_clear) struct listing listing = {0};
	CLEANUP(closep) int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(closep) int dropins = openat(directory, DROPIN_DIRECTORY, O_PATH | O_DIRECTORY | O_CLOEXEC);
	time_t newest = 0;

	if (dropins < 0 || list(directory, &listing) < 0)
		return 0;
	note_change(directory, DROPIN_DIRECTORY, &newest);
	for (int i = 0; i < listing.count; i++)
		note_change(dropins, listing.entries[i]->d_name, &newest);
	return newest;
}
