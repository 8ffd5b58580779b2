/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/routes_file.h"

#include "config/file.h"
#include "config/load.h"
#include "util/cleanup.h"
#include "util/create.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define LOCK_FILE ".50-route.lock"

void routes_file_close(struct routes_file *file)
{
	written_rules_clear(&file->rules);
	if (file->path != NULL) {
		closep(&file->lock);
		closep(&file->directory);
	}
	free(file->text);
	free(file->path);
}

enum attempt {
	ATTEMPT_READ,
	ATTEMPT_CHANGE,
	ATTEMPT_WRITE,
};

static int fail(enum attempt attempt, struct routes_file *file, int result)
{
	const char *path = file->path != NULL ? file->path : "";
	const size_t size = ESCAPED_SIZE(strlen(path));
	CLEANUP(freep) char *shown = malloc(size);
	const char *directory = shown != NULL ? escape(shown, size, path, strlen(path)) : "";
	const char *reason = strerror(-result);
	const char *cure = "";

	file->is_denied = result == -EACCES || result == -EPERM;
	if (file->is_denied)
		cure = _(". Run it as root");
	switch (attempt) {
	case ATTEMPT_READ:
		log_error("can't read %s/%s: %s%s", directory, ROUTES_PLACE, reason, cure);
		break;
	case ATTEMPT_CHANGE:
		log_error("can't change %s/%s: %s%s", directory, ROUTES_PLACE, reason, cure);
		break;
	case ATTEMPT_WRITE:
		log_error("can't write %s/%s: %s%s", directory, ROUTES_PLACE, reason, cure);
		break;
	}
	return EXIT_ERROR;
}

static int open_directory(struct routes_file *file, bool create)
{
	CLEANUP(freep) char *whole = NULL;

	if (asprintf(&whole, "%s/" DROPIN_DIRECTORY, file->path) < 0)
		return -ENOMEM;
	if (create && mkdir(whole, 0755) < 0 && errno != EEXIST)
		return -errno;
	file->directory = open(whole, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return file->directory < 0 ? -errno : 0;
}

static int read_directory(struct routes_file *file)
{
	int result = file_read(file->directory, ROUTES_FILE, &file->text, &file->length);

	if (result != -ENOENT)
		return result;
	file->text = strdup("");
	return file->text != NULL ? 0 : -ENOMEM;
}

/* A file that only its owner can open, or anybody could keep root waiting. */
static int lock(struct routes_file *file)
{
	file->lock = openat(file->directory, LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return file->lock < 0 || flock(file->lock, LOCK_EX) < 0 ? -errno : 0;
}

int routes_file_open(const struct arguments *arguments, bool change, struct routes_file *file)
{
	struct error error;
	int result = 0;

	file->directory = -1;
	file->lock = -1;
	file->path = config_directory(arguments->config);
	result = file->path != NULL ? open_directory(file, change) : -ENOMEM;
	if (result == -ENOENT && !change)
		return EXIT_OK;
	if (result == 0 && change)
		result = lock(file);
	if (result == 0)
		result = read_directory(file);
	if (result < 0)
		return fail(change ? ATTEMPT_CHANGE : ATTEMPT_READ, file, result);
	if (written_rules_read(file->text, file->length, &file->rules, &error) == 0)
		return EXIT_OK;
	log_error("%s/%s: %s", file->path, ROUTES_PLACE, error.text);
	return EXIT_ERROR;
}

/* The line of a new text that a rule begins on, or 0. */
static int line_of(const char *edited, const struct written_rule *rule)
{
	CLEANUP(written_rules_clear) struct written_rules rules = {0};
	const struct written_rule *written = NULL;
	struct error error;

	if (rule != NULL && written_rules_read(edited, strlen(edited), &rules, &error) == 0)
		written = written_rules_find(&rules, rule->key, rule->value);
	return written != NULL ? written->line : 0;
}

static bool is_about(const struct diagnostics *diagnostics, const struct diagnostic *item, int line)
{
	const char *file = item->file < diagnostics->file_count ? diagnostics->files[item->file] : "";
	const char *end = strstr(file, ROUTES_PLACE);

	return line > 0 && item->position.line == line && end != NULL && strcmp(end, ROUTES_PLACE) == 0;
}

/* The text of a diagnostic without the key that it may begin with: "user:alcie: user: ..." would say it twice. */
static const char *without_key(const char *text, const char *key)
{
	static const char *const colons[] = {": ", "\xef\xbc\x9a"}; /* U+FF1A, as translations have it */
	const size_t length = strlen(key);

	for (size_t i = 0; i < sizeof(colons) / sizeof(colons[0]); i++) {
		if (strncmp(text, key, length) == 0 && strncmp(text + length, colons[i], strlen(colons[i])) == 0)
			return text + length + strlen(colons[i]);
	}
	return text;
}

static void log_about_rule(const struct written_rule *rule, const char *text)
{
	const size_t size = ESCAPED_SIZE(strlen(rule->value));
	CLEANUP(freep) char *shown = malloc(size);

	if (shown != NULL)
		log_error("%s:%s: %s", rule->key, escape_but_backslash(shown, size, rule->value, strlen(rule->value)),
			  without_key(text, rule->key));
}

/* Returns the exit code. */
static int log_wrong(const struct diagnostics *diagnostics, const struct written_rule *rule, int line)
{
	size_t about = 0;
	size_t errors = 0;

	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];

		errors += item->severity == SEVERITY_ERROR;
		about += item->severity == SEVERITY_ERROR && is_about(diagnostics, item, line);
	}
	if (about == 0 || about < errors) {
		diagnostics_log(diagnostics);
		return EXIT_ERROR;
	}
	for (size_t i = 0; i < diagnostics->count; i++) {
		if (is_about(diagnostics, &diagnostics->items[i], line))
			log_about_rule(rule, diagnostics->items[i].text);
	}
	return EXIT_USAGE;
}

struct config *routes_file_check(const struct arguments *arguments, const char *edited, const struct written_rule *rule,
				 int *code)
{
	const struct dropin_text instead = {ROUTES_FILE, edited, strlen(edited)};
	struct diagnostics diagnostics = {0};
	struct config *config = NULL;

	*code = EXIT_OK;
	config_load_changed(arguments->config, &instead, &config, &diagnostics);
	if (config == NULL) {
		*code = log_wrong(&diagnostics, rule, line_of(edited, rule));
		log_error("nothing was changed");
	}
	diagnostics_clear(&diagnostics);
	return config;
}

int routes_file_write(struct routes_file *file, const char *edited)
{
	CLEANUP(freep) char *path = NULL;
	int result = asprintf(&path, "%s/%s", file->path, ROUTES_PLACE) < 0 ? -ENOMEM : 0;

	if (result < 0)
		path = NULL;
	else
		result = file_replace(path, edited, strlen(edited), 0644);
	return result < 0 ? fail(ATTEMPT_WRITE, file, result) : EXIT_OK;
}
