/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/loaded.h"

#include "cgroup/lookup.h"
#include "cgroup/mount.h"
#include "config/load.h"
#include "inspect/kernel.h"
#include "inspect/running.h"
#include "nft/attributes.h"
#include "util/cleanup.h"
#include "util/process.h"

#include <inttypes.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CUT "..."

/* Also the time of the last reload, whoever asked for it: the daemon reports each one to systemd. */
#define ASK_SYSTEMD                                                                                                    \
	"systemctl show --property=MainPID,StateChangeTimestamp --timestamp=unix cgtproxy.service 2>/dev/null"

enum {
	COMMAND_LINE_SIZE = 8192,
	START_ACCURACY = 2, /* seconds: process_started() adds up two times that are cut to a second each */
};

/* A stamp has "?" for what it does not hold. */
static bool matches(const char *stamped, const char *file)
{
	while (*stamped != '\0' && (*stamped == *file || (*stamped == '?' && *file != '\0'))) {
		stamped++;
		file++;
	}
	return *stamped == '\0' && *file == '\0';
}

bool loaded_is_same_file(const char *stamped, const char *file)
{
	const size_t length = strlen(stamped);
	struct stat one;
	struct stat other;

	if (matches(stamped, file))
		return true;
	if (strncmp(stamped, CUT, strlen(CUT)) == 0 && strlen(file) > length)
		return matches(stamped + strlen(CUT), file + strlen(file) - (length - strlen(CUT)));
	return stat(stamped, &one) == 0 && stat(file, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* A daemon with the built-in config reads the default file on a reload. */
static bool is_default_file(const char *file)
{
	CLEANUP(freep) char *standard = config_default_path();

	return standard != NULL && loaded_is_same_file(standard, file);
}

static enum loaded compare(const struct config *config, const struct stamp *stamp)
{
	if (stamp->loaded == 0)
		return LOADED_UNKNOWN;
	if (config->file == NULL)
		return stamp->file[0] == '\0' ? LOADED_CURRENT : LOADED_OTHER;
	if (stamp->file[0] == '\0')
		return is_default_file(config->file) ? LOADED_EARLIER : LOADED_OTHER;
	if (!loaded_is_same_file(stamp->file, config->file))
		return LOADED_OTHER;
	return config_has_changed(config->file, stamp->loaded, stamp->version) ? LOADED_EARLIER : LOADED_CURRENT;
}

/* A new cgroup has no element of its own: it gets its parent's target, or with strict is dropped. */
static void find_target(const struct config *config, const struct kernel *kernel, const char *path, char *target)
{
	CLEANUP(freep) char *mount = NULL;
	uint64_t ids[CGROUP_DEPTH_MAX + 1];
	struct error error;
	int count = -1;

	if (cgroup_mount_find(config->cgroup_root, &mount, &error) == 0)
		count = cgroup_find_ids(mount, path, ids, &error);
	target[0] = '\0';
	if (kernel->table.strict)
		text_copy(target, NFT_NAME_SIZE, "drop");
	else if (count >= 0)
		kernel_find_target(kernel, ids, count, target);
}

static bool daemon_is_running(void)
{
	struct running running;
	struct error error;

	return running_read(&running, &error) == 0 && running.port != 0;
}

static void look_at_kernel(const struct config *config, const struct kernel *kernel, const char *path,
			   struct loaded_config *loaded)
{
	loaded->is_certain = true;
	text_copy(loaded->file, sizeof(loaded->file), kernel->table.stamp.file);
	if (kernel->view == KERNEL_IDLE) {
		loaded->state = LOADED_NOTHING;
	} else if (daemon_is_running()) {
		loaded->state = compare(config, &kernel->table.stamp);
	} else {
		loaded->state = LOADED_LEFT;
		find_target(config, kernel, path, loaded->target);
	}
}

/* Returns the daemon's -c in a command line of @length bytes, "" without one, or NULL if it is not clear. */
static const char *find_option(const char *words, size_t length)
{
	static const char name[] = "--config";

	for (const char *word = words; word < words + length; word += strlen(word) + 1) {
		const char *next = word + strlen(word) + 1;

		if (strcmp(word, "-c") == 0 || strcmp(word, name) == 0)
			return next < words + length ? next : NULL;
		if (strncmp(word, "-c", 2) == 0)
			return word + 2;
		if (strncmp(word, name, strlen(name)) == 0 && word[strlen(name)] == '=')
			return word + sizeof(name);
	}
	return "";
}

/* Returns false if it can't be read, or names a file in a directory that is not known. */
static bool read_daemons_file(uint32_t pid, char *file)
{
	char path[64];
	char words[COMMAND_LINE_SIZE];
	CLEANUP(fclosep) FILE *stream = NULL;
	const char *option = NULL;
	size_t length = 0;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cmdline", pid);
	stream = fopen(path, "re");
	if (stream == NULL)
		return false;
	length = fread(words, 1, sizeof(words) - 1, stream);
	words[length] = '\0';
	option = length > 0 ? find_option(words, length) : NULL;
	return option != NULL && (*option == '/' || *option == '\0') && text_copy(file, COMMENT_SIZE, option);
}

/* When the daemon was started or reloaded last, if systemd runs it; else 0. */
static time_t ask_systemd(uint32_t pid)
{
	FILE *answer = popen(ASK_SYSTEMD, "re"); /* NOLINT(cert-env33-c): with the rights of whoever calls us */
	char line[128];
	unsigned long main_pid = 0;
	time_t changed = 0;

	while (answer != NULL && fgets(line, sizeof(line), answer) != NULL) {
		if (strncmp(line, "MainPID=", strlen("MainPID=")) == 0)
			main_pid = strtoul(line + strlen("MainPID="), NULL, 10);
		if (strncmp(line, "StateChangeTimestamp=@", strlen("StateChangeTimestamp=@")) == 0)
			changed = strtoll(line + strlen("StateChangeTimestamp=@"), NULL, 10);
	}
	if (answer != NULL)
		pclose(answer);
	return main_pid == pid ? changed : 0;
}

/* A daemon that systemd does not run may have been reloaded without a trace. */
static enum loaded judge_times(const char *file, uint32_t pid)
{
	struct config_files files;
	time_t started = 0;
	time_t last = 0;

	config_files_look(file, &files);
	if (process_started(pid, &started) == 0 && files.changed < started + START_ACCURACY)
		return LOADED_CURRENT;
	last = ask_systemd(pid);
	if (last == 0)
		return LOADED_UNKNOWN;
	return files.changed > last ? LOADED_EARLIER : LOADED_CURRENT;
}

/* What any user can see. */
static enum loaded judge_process(const struct config *config, uint32_t pid, char *file)
{
	if (config->file == NULL || !read_daemons_file(pid, file))
		return LOADED_UNKNOWN;
	if (*file == '\0' && !is_default_file(config->file))
		return LOADED_UNKNOWN;
	if (*file != '\0' && !loaded_is_same_file(file, config->file))
		return LOADED_OTHER;
	return judge_times(config->file, pid);
}

void loaded_find(const struct config *config, const char *path, struct loaded_config *loaded)
{
	CLEANUP(kernel_clear) struct kernel kernel;
	uint32_t pid = 0;

	*loaded = (struct loaded_config){0};
	kernel_read(&kernel);
	if (kernel.view != KERNEL_UNKNOWN) {
		look_at_kernel(config, &kernel, path, loaded);
		return;
	}
	pid = process_find_connected("cgtproxy", NETLINK_NETFILTER);
	loaded->state = pid != 0 ? judge_process(config, pid, loaded->file) : LOADED_NOTHING;
}
