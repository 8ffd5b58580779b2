/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/routes_file.h"

#include "config/file.h"
#include "config/load.h"
#include "util/cleanup.h"
#include "util/escape.h"
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

static int fail(const char *what, struct routes_file *file, int result)
{
	const char *path = file->path != NULL ? file->path : "";
	const size_t size = ESCAPED_SIZE(strlen(path));
	CLEANUP(freep) char *shown = malloc(size);

	file->is_denied = result == -EACCES || result == -EPERM;
	log_error("can't %s %s/" DROPIN_DIRECTORY "/" ROUTES_FILE ": %s%s", what,
		  shown != NULL ? escape(shown, size, path, strlen(path)) : "", strerror(-result),
		  file->is_denied ? ". Run it as root" : "");
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
		return fail(change ? "change" : "read", file, result);
	if (written_rules_read(file->text, file->length, &file->rules, &error) == 0)
		return EXIT_OK;
	log_error("%s/" DROPIN_DIRECTORY "/" ROUTES_FILE ": %s", file->path, error.text);
	return EXIT_ERROR;
}

/* The config as it will be, or NULL, with what is wrong with it logged. */
static struct config *check_edited(const struct arguments *arguments, const char *edited)
{
	const struct dropin_text instead = {ROUTES_FILE, edited, strlen(edited)};
	struct diagnostics diagnostics = {0};
	struct config *config = NULL;

	config_load_changed(arguments->config, &instead, &config, &diagnostics);
	if (config == NULL)
		diagnostics_log(&diagnostics);
	diagnostics_clear(&diagnostics);
	return config;
}

struct config *routes_file_write(const struct arguments *arguments, struct routes_file *file, const char *edited)
{
	CLEANUP(config_freep) struct config *config = check_edited(arguments, edited);
	struct config *written = config;
	int result = 0;

	if (config == NULL) {
		log_error("nothing was changed");
		return NULL;
	}
	result = file_replace(file->directory, ROUTES_FILE, edited);
	if (result < 0) {
		fail("write", file, result);
		return NULL;
	}
	config = NULL;
	return written;
}
