/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs a program with a given target: in the slice named after the target, with systemd-run. */

#include "cmd/cmd.h"
#include "cmd/load.h"
#include "cmd/target.h"
#include "engine/compile.h"
#include "inspect/listening.h"
#include "inspect/loaded.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"
#include "util/sudo.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE_PREFIX "cgtproxy-"
#define SLICE_SUFFIX ".slice"

/* A scope as systemd-run names them. */
#define SCOPE "run-r0.scope"

enum {
	SLICE_SIZE = sizeof(SLICE_PREFIX SLICE_SUFFIX) + PROXY_NAME_MAX * sizeof("\\x2d"),
	MANAGER_SIZE = 128,
	/* every second character of a name may be a dash, and each dash adds a parent slice */
	PATH_SIZE = MANAGER_SIZE + (PROXY_NAME_MAX / 2 + 2) * SLICE_SIZE + sizeof("/" SCOPE),
	/* the exit codes of shells for a program that they can't run or find */
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

/*
 * Dashes in a slice's name are its hierarchy, so systemd rejects a leading or trailing dash and two in a row
 * (systemd.slice(5)). In names with one of these, all dashes are escaped as by systemd-escape(1).
 */
static void write_slice(const char *name, char *slice)
{
	bool plain = name[0] != '-' && name[strlen(name) - 1] != '-' && strstr(name, "--") == NULL;
	char *end = stpcpy(slice, SLICE_PREFIX);

	for (const char *next = name; *next != '\0'; next++) {
		const char byte[] = {*next, '\0'};

		end = stpcpy(end, *next == '-' && !plain ? "\\x2d" : byte);
	}
	stpcpy(end, SLICE_SUFFIX);
}

/* The path of the cgroup that systemd creates for a scope in that slice: the system's for root, else the user's. */
static size_t write_path(const char *slice, char *path)
{
	uid_t uid = geteuid();
	char *end = path;

	if (uid != 0)
		end += snprintf(end, MANAGER_SIZE, "/user.slice/user-%u.slice/user@%u.service", uid, uid);
	for (const char *dash = strchr(slice, '-'); dash != NULL; dash = strchr(dash + 1, '-')) {
		*end++ = '/';
		end = stpcpy(mempcpy(end, slice, (size_t)(dash - slice)), SLICE_SUFFIX);
	}
	*end++ = '/';
	end = stpcpy(stpcpy(end, slice), "/" SCOPE);
	return (size_t)(end - path);
}

static uint32_t rule_target(const struct config *config, int32_t rule)
{
	return rule != NO_RULE ? config->rules[rule].target : TARGET_DIRECT;
}

static int tell_rule_to_add(const struct config *config, const char *slice, uint32_t target, int32_t rule)
{
	bool is_proxy = target >= TARGET_FIRST_PROXY;
	const char *name = config_target_name(config, target);
	const char *other = config_target_name(config, rule_target(config, rule));
	const char *key = is_proxy ? "tproxy" : name;
	const char *value = is_proxy ? name : "true";
	char place[RULE_PLACE_SIZE];

	if (rule != NO_RULE)
		log_error("the config sends %s to %s, not to %s, so nothing was started. Add this rule before the one "
			  "on %s of the config, and reload the daemon (%ssystemctl reload cgtproxy):\n"
			  "  - slice: %s\n"
			  "    %s: %s",
			  slice, other, name, config_rule_place(&config->rules[rule], place), sudo_prefix(), slice, key,
			  value);
	else
		log_error("the config sends %s to %s, not to %s, so nothing was started. Add this rule to the rules of "
			  "the config, and reload the daemon (%ssystemctl reload cgtproxy):\n"
			  "  - slice: %s\n"
			  "    %s: %s",
			  slice, other, name, sudo_prefix(), slice, key, value);
	return EXIT_ERROR;
}

/* Returns 0, or a shell's exit code. systemd-run has only one for all errors. */
static int look_for_file(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno == EACCES ? EXIT_NOT_EXECUTABLE : EXIT_NOT_FOUND;
	return S_ISREG(status.st_mode) && euidaccess(path, X_OK) == 0 ? 0 : EXIT_NOT_EXECUTABLE;
}

static int look_for_program(const char *name)
{
	const char *directory = getenv("PATH");
	char path[PATH_MAX];
	int code = EXIT_NOT_FOUND;

	if (strchr(name, '/') != NULL)
		return look_for_file(name);
	if (directory == NULL)
		directory = "/bin:/usr/bin";
	while (*directory != '\0' && code != 0) {
		int length = (int)strcspn(directory, ":");

		/* systemd-run skips relative paths; inaccessible ones are skipped as well */
		if (*directory == '/' && snprintf(path, sizeof(path), "%.*s/%s", length, directory, name) < PATH_MAX &&
		    euidaccess(path, F_OK) == 0)
			code = look_for_file(path);
		directory += length + (directory[length] == ':');
	}
	return code;
}

static int check_program(const char *name)
{
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(strlen(name)));
	int code = look_for_program(name);

	if (code != 0 && shown != NULL)
		log_error("%s: %s", escape(shown, ESCAPED_SIZE(strlen(name)), name, strlen(name)),
			  code == EXIT_NOT_FOUND ? _("no such program") : _("not executable"));
	return code;
}

/* Checks that the user's manager can be reached; systemd-run's error would only mention a bus. */
static int check_manager(void)
{
	if (geteuid() == 0 || getenv("XDG_RUNTIME_DIR") != NULL || getenv("DBUS_SESSION_BUS_ADDRESS") != NULL)
		return EXIT_OK;
	log_error("XDG_RUNTIME_DIR is not set, as after \"su\", so your systemd user manager can't be reached. Log in, "
		  "or use \"machinectl shell USER@\"");
	return EXIT_ERROR;
}

#define START "sudo systemctl start cgtproxy"
#define RELOAD "sudo systemctl reload cgtproxy"

static int refuse_other_file(const struct loaded_config *loaded, const struct config *config)
{
	const char *other = *loaded->file != '\0' ? loaded->file : _("the built-in config");
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(strlen(other)));
	CLEANUP(freep) char *ours = config->file != NULL ? malloc(ESCAPED_SIZE(strlen(config->file))) : NULL;

	if (shown == NULL || (config->file != NULL && ours == NULL)) {
		log_error("no memory");
		return EXIT_ERROR;
	}
	log_error("the daemon has loaded %s, not %s, so nothing was started. %s",
		  escape(shown, ESCAPED_SIZE(strlen(other)), other, strlen(other)),
		  ours != NULL ? escape(ours, ESCAPED_SIZE(strlen(config->file)), config->file, strlen(config->file))
			       : _("the built-in config"),
		  *loaded->file != '\0' ? _("Name that file with -c, or leave out -c if it is the default one")
					: _("Start the daemon with your file"));
	return EXIT_ERROR;
}

/* Rules that an earlier run left may still take what is to go direct. */
static int judge_without_daemon(const struct loaded_config *loaded, uint32_t target)
{
	if (target == TARGET_DIRECT) {
		if (!loaded->is_certain)
			log_warning("cgtproxy does not seem to be running. If an earlier run left its rules in force, "
				    "which can't be seen without CAP_NET_ADMIN, the program need not go direct");
		return EXIT_OK;
	}
	if (loaded->is_certain)
		log_error("cgtproxy is not running, and the program's traffic would go direct, so nothing was started. "
			  "Start the daemon: %s",
			  START);
	else
		log_error("cgtproxy does not seem to be running, so nothing was started. Where the program's traffic "
			  "would go can't be seen without CAP_NET_ADMIN. Start the daemon: %s",
			  START);
	return EXIT_ERROR;
}

static int judge_left_table(const struct loaded_config *loaded, const char *name)
{
	if (strcmp(loaded->target, name) == 0) {
		log_warning("cgtproxy is not running. The rules of an earlier run are still in force, and send the "
			    "program to %s for now. Start the daemon: %s",
			    name, START);
		return EXIT_OK;
	}
	log_error("cgtproxy is not running, and the rules of an earlier run, which are still in force, would send the "
		  "program to %s, not to %s, so nothing was started. Start the daemon: %s",
		  *loaded->target != '\0' ? loaded->target : _("an unknown target"), name, START);
	return EXIT_ERROR;
}

/* Whether what the config says of a new cgroup at that path is in force. Returns an exit code. */
static int check_that_it_is_in_force(const struct config *config, const char *path, uint32_t target)
{
	struct loaded_config loaded;

	loaded_find(config, path, &loaded);
	switch (loaded.state) {
	case LOADED_CURRENT:
		break;
	case LOADED_UNKNOWN:
		if (loaded.is_certain)
			log_warning("whether the daemon has loaded this config as it is now can't be told from its "
				    "table. Compare: sudo cgtproxy status");
		else
			log_warning("whether the daemon has loaded this config as it is now can't be seen without "
				    "CAP_NET_ADMIN. Compare: sudo cgtproxy status");
		break;
	case LOADED_EARLIER:
		if (loaded.is_certain && *loaded.file == '\0' && target == TARGET_DIRECT)
			break; /* as everything does with the built-in config */
		log_error("the daemon has not loaded this config, so nothing was started. Load it: %s", RELOAD);
		return EXIT_ERROR;
	case LOADED_OTHER:
		return refuse_other_file(&loaded, config);
	case LOADED_LEFT:
		return judge_left_table(&loaded, config_target_name(config, target));
	case LOADED_NOTHING:
		return judge_without_daemon(&loaded, target);
	}
	return EXIT_OK;
}

static void warn_without_proxy(const struct config *config, uint32_t target)
{
	const struct proxy *proxy = target >= TARGET_FIRST_PROXY ? &config->proxies[target - TARGET_FIRST_PROXY] : NULL;

	if (proxy != NULL && proxy_is_absent(proxy))
		log_warning("nothing listens on port %u, so what the program sends is refused. Start the proxy %s, or "
			    "correct its port in the config",
			    proxy->port, proxy->name);
}

/* Returns the shell that su(1) would start, in memory that lasts. */
static char *find_shell(void)
{
	static char standard[] = "/bin/sh";
	char *shell = getenv("SHELL");
	const struct passwd *user = NULL;

	if (shell != NULL && *shell != '\0')
		return shell;
	user = getpwuid(geteuid());
	return user != NULL && *user->pw_shell != '\0' ? user->pw_shell : standard;
}

/* Returns only when systemd-run can't be started. */
static int run(const char *slice, const char *target, char **command, size_t count)
{
	char option[sizeof("--slice=") + SLICE_SIZE];
	const char *const user[] = {"systemd-run", "--user", "--scope", "--quiet", "--collect", option, "--"};
	const char *const system[] = {"systemd-run", "--scope", "--quiet", "--collect", option, "--"};
	bool is_root = geteuid() == 0;
	size_t words = is_root ? sizeof(system) / sizeof(*system) : sizeof(user) / sizeof(*user);
	CLEANUP(freep) char **argv = calloc(words + count + 1, sizeof(*argv));

	if (argv == NULL || setenv("CGTPROXY_TARGET", target, 1) < 0) {
		log_error("no memory");
		return EXIT_ERROR;
	}
	snprintf(option, sizeof(option), "--slice=%s", slice);
	memcpy(argv, is_root ? system : user, words * sizeof(*argv));
	memcpy(argv + words, command, count * sizeof(*argv));
	execvp(argv[0], argv);
	log_error("can't run systemd-run, which creates the cgroup: %s. exec needs systemd", strerror(errno));
	return EXIT_ERROR;
}

/* Starts a program if the config sends it to the target; returns only when it does not. */
static int exec_in_slice(const struct config *config, const char *name, char **command, size_t count)
{
	CLEANUP(policy_freep) struct policy *policy = compile_policy(config);
	char slice[SLICE_SIZE];
	char path[PATH_SIZE];
	size_t path_length = 0;
	uint32_t target = TARGET_DIRECT;
	int32_t rule = NO_RULE;
	int code = EXIT_OK;

	if (policy == NULL) {
		log_error("no memory for the rules of the config");
		return EXIT_ERROR;
	}
	if (!target_find(config, name, &target)) {
		target_log_unknown(config, name);
		return EXIT_USAGE;
	}
	write_slice(name, slice);
	path_length = write_path(slice, path);
	rule = policy_match_inherited(policy, path, path_length);
	if (rule_target(config, rule) != target)
		return tell_rule_to_add(config, slice, target, rule);
	code = check_program(command[0]);
	if (code == EXIT_OK)
		code = check_manager();
	if (code == EXIT_OK)
		code = check_that_it_is_in_force(config, path, target);
	if (code != EXIT_OK)
		return code;
	warn_without_proxy(config, target);
	return run(slice, name, command, count);
}

int cmd_exec(const struct arguments *arguments)
{
	CLEANUP(config_freep) struct config *config = NULL;
	int first = arguments->count > 1 && strcmp(arguments->words[1], "--") == 0 ? 2 : 1;
	char *shell[] = {find_shell(), NULL};

	if (arguments->count == 0) {
		log_error("exec takes a target. Usage: cgtproxy [-c FILE] exec TARGET [[--] COMMAND...]");
		return EXIT_USAGE;
	}
	config = load_config(arguments);
	if (config == NULL) {
		log_error("nothing was started: exec must read the daemon's config to make sure it sends the program "
			  "where you want");
		return EXIT_ERROR;
	}
	if (arguments->count <= first)
		return exec_in_slice(config, arguments->words[0], shell, 1);
	return exec_in_slice(config, arguments->words[0], arguments->words + first, (size_t)(arguments->count - first));
}
