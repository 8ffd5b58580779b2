/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/files.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

/* FNV-1a */
#define HASH_BASIS UINT32_C(2166136261)
#define HASH_PRIME UINT32_C(16777619)

static void mix(struct config_files *files, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		files->version = (files->version ^ bytes[i]) * HASH_PRIME;
	if (files->version == 0)
		files->version = 1;
}

/* The time of a file can be set to any other, even to one in the future; the time of that change can't. */
static time_t changed(const struct stat *status)
{
	return status->st_mtim.tv_sec < status->st_ctim.tv_sec ? status->st_mtim.tv_sec : status->st_ctim.tv_sec;
}

static bool look(struct config_files *files, int directory, const char *path, struct stat *status)
{
	if (fstatat(directory, path, status, 0) < 0)
		return false;
	if (changed(status) > files->changed)
		files->changed = changed(status);
	return true;
}

void config_files_begin(struct config_files *files)
{
	*files = (struct config_files){.version = HASH_BASIS};
}

void config_files_add(struct config_files *files, int directory, const char *path, const char *name)
{
	struct stat status;

	/* a pipe's time is no version */
	if (!look(files, directory, path, &status) || !S_ISREG(status.st_mode))
		return;
	mix(files, name, strlen(name) + 1);
	mix(files, &status.st_size, sizeof(status.st_size));
	mix(files, &status.st_mtim.tv_sec, sizeof(status.st_mtim.tv_sec));
	mix(files, &status.st_mtim.tv_nsec, sizeof(status.st_mtim.tv_nsec));
}

void config_files_add_directory(struct config_files *files, int directory, const char *path)
{
	struct stat status;

	look(files, directory, path, &status);
}
