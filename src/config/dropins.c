/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/dropins.h"

#include "config/file.h"
#include "config/keys.h"
#include "config/section.h"
#include "config/yaml.h"
#include "util/cleanup.h"
#include "util/language.h"
#include "util/suffix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Names without the directory, sorted. */
struct listing {
	char **names;
	size_t count;
};

static void listing_clear(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i]);
	free(listing->names);
}

/* Editors use hidden files. */
static bool is_dropin(const char *name)
{
	return name[0] != '.' && (has_suffix(name, ".yaml") || has_suffix(name, ".yml"));
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static int add_name(struct listing *listing, const char *name)
{
	if (listing->count == DROPINS_MAX)
		return -E2BIG;
	listing->names[listing->count] = strdup(name);
	return listing->names[listing->count++] != NULL ? 0 : -ENOMEM;
}

static int list_directory(DIR *directory, const char *but, struct listing *listing)
{
	const struct dirent *entry = NULL;
	int result = 0;

	while (result == 0 && (errno = 0, entry = readdir(directory)) != NULL) {
		if (is_dropin(entry->d_name) && (but == NULL || strcmp(entry->d_name, but) != 0))
			result = add_name(listing, entry->d_name);
	}
	return result < 0 ? result : -errno;
}

/* Returns 0, also if there is no such directory; a link that leads nowhere is something else. */
static int open_dropins(int directory, DIR **stream)
{
	const int fd = openat(directory, DROPIN_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;
	int error = errno;

	if (fd < 0 && error == ENOENT && fstatat(directory, DROPIN_DIRECTORY, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (fd < 0)
		return -error;
	*stream = fdopendir(fd);
	error = errno;
	if (*stream != NULL)
		return 0;
	close(fd);
	return -error;
}

static int list(int directory, const struct dropin_text *instead, struct listing *listing)
{
	DIR *stream = NULL;
	int result = open_dropins(directory, &stream);

	listing->names = calloc(DROPINS_MAX, sizeof(*listing->names));
	if (listing->names == NULL)
		result = -ENOMEM;
	if (result == 0 && stream != NULL)
		result = list_directory(stream, instead != NULL ? instead->name : NULL, listing);
	if (result == 0 && instead != NULL)
		result = add_name(listing, instead->name);
	if (stream != NULL)
		closedir(stream);
	if (listing->count > 0)
		qsort(listing->names, listing->count, sizeof(*listing->names), compare_names);
	return result;
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
			 "%s does not belong here: a file in config.d has \"rules\" only; everything else "
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
		keys_read_names(yaml_root(document), _("the file"), read_key, diagnostics, reader);
	yaml_free(document);
	/* it may have been cut off, and rules that are lost open what they closed */
	if (!reader->has_rules && !diagnostics->has_error)
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0},
			 "the file has no \"rules\"; write \"rules: []\" for none, or remove it");
	diagnostics->has_error |= had_error;
}

static int read_dropin(int directory, const char *dropin, struct dropin_reader *reader, struct diagnostics *diagnostics)
{
	CLEANUP(freep) char *text = NULL;
	size_t length = 0;
	int error = file_read(directory, dropin, &text, &length);

	if (error < 0)
		file_report_unreadable(diagnostics, _("can't read this file"),
				       diagnostics->files[diagnostics->file_count - 1], error);
	else
		parse(text, length, reader, diagnostics);
	return error;
}

static bool is_plain(const char *name)
{
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(name);
}

static bool check_name(const char *name, struct diagnostics *diagnostics)
{
	if (is_plain(name))
		return true;
	diagnose(diagnostics, SEVERITY_ERROR, (struct position){0},
		 "the name of a file in config.d may have letters, digits, '_', '.' and '-' only; rename it");
	return false;
}

/* What all drop-ins of a config are read with. */
struct dropins_reader {
	int directory; /* that the config is in */
	const char *path;
	const struct dropin_text *instead; /* or NULL */
	struct config *config;
	struct diagnostics *diagnostics;
};

static int read_file(const struct dropins_reader *all, const char *name)
{
	const struct dropin_text *instead = all->instead;
	struct config *config = all->config;
	struct dropin_reader reader = {.config = config};
	const size_t first = config->rule_count;
	char *dropin = NULL;
	int error = 0;

	if (asprintf(&dropin, DROPIN_DIRECTORY "/%s", name) < 0)
		return -ENOMEM;
	config->dropins[config->dropin_count++] = dropin;
	if (instead != NULL && strcmp(name, instead->name) == 0)
		parse(instead->text, instead->length, &reader, all->diagnostics);
	else
		error = read_dropin(all->directory, dropin, &reader, all->diagnostics);
	for (size_t i = first; i < config->rule_count; i++)
		config->rules[i].dropin = dropin;
	return error;
}

static int read_name(const struct dropins_reader *all, const char *name)
{
	CLEANUP(freep) char *whole = NULL;

	if (asprintf(&whole, "%s/" DROPIN_DIRECTORY "/%s", all->path, name) < 0 ||
	    diagnostics_begin_file(all->diagnostics, whole) < 0)
		return -ENOMEM;
	if (has_suffix(name, ".yaml"))
		return check_name(name, all->diagnostics) ? read_file(all, name) : -EINVAL;
	diagnose(all->diagnostics, SEVERITY_WARNING, (struct position){0},
		 "ignored, since its name does not end in .yaml");
	return 0;
}

static void report_directory(const struct dropins_reader *all, int error)
{
	CLEANUP(freep) char *path = NULL;

	if (error == -E2BIG)
		diagnose(all->diagnostics, SEVERITY_ERROR, (struct position){0},
			 "can't read the directory config.d beside this file: there are more than 256 files in it");
	else if (asprintf(&path, "%s/" DROPIN_DIRECTORY, all->path) >= 0)
		file_report_unreadable(all->diagnostics, _("can't read the directory config.d beside this file"), path,
				       error);
}

static int read_all(const struct dropins_reader *all)
{
	CLEANUP(listing_clear) struct listing listing = {0};
	int result = list(all->directory, all->instead, &listing);

	if (result < 0) {
		report_directory(all, result);
		return result;
	}
	all->config->dropins = calloc(listing.count + 1, sizeof(*all->config->dropins));
	if (all->config->dropins == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < listing.count; i++) {
		int read = read_name(all, listing.names[i]);

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

int dropins_load(const char *path, const struct dropin_text *instead, struct config *config,
		 struct diagnostics *diagnostics)
{
	CLEANUP(closep) int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct dropins_reader all = {directory, path, instead, config, diagnostics};
	const size_t first = config->rule_count;
	int result = 0;

	if (directory < 0 && errno == ENOENT) /* nor a config: the built-in one is used */
		return 0;
	result = directory < 0 ? -errno : read_all(&all);
	if (result == 0)
		result = move_to_front(config, first);
	if (result < 0 && !diagnostics->has_error)
		diagnose(diagnostics, SEVERITY_ERROR, (struct position){0}, "can't read the files in config.d: %s",
			 strerror(-result));
	return result;
}

void dropins_look(const char *path, struct config_files *files)
{
	CLEANUP(listing_clear) struct listing listing = {0};
	CLEANUP(closep) int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(closep) int dropins = openat(directory, DROPIN_DIRECTORY, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dropins < 0 || list(directory, NULL, &listing) < 0)
		return;
	config_files_add_directory(files, directory, DROPIN_DIRECTORY);
	for (size_t i = 0; i < listing.count; i++)
		config_files_add(files, dropins, listing.names[i], listing.names[i]);
}
