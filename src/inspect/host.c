/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/host.h"

#include "util/cleanup.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_number(const char *path, unsigned long long *number)
{
	CLEANUP(fclosep) FILE *file = fopen(path, "re");
	char line[64];
	char *end = NULL;

	if (file == NULL || fgets(line, sizeof(line), file) == NULL)
		return false;
	*number = strtoull(line, &end, 10);
	return end != line;
}

/* Reads the value of the last "KEY=..." line of files, in the order systemd reads them (systemd.syntax(7)). */
static void read_setting(const char *pattern, const char *key, char *value, size_t size)
{
	glob_t files;
	char line[512];

	if (glob(pattern, 0, NULL, &files) != 0) /* NOLINT(concurrency-mt-unsafe): there is one thread */
		return;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		CLEANUP(fclosep) FILE *file = fopen(files.gl_pathv[i], "re");

		while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
			if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == '=')
				snprintf(value, size, "%.*s", (int)strcspn(line + strlen(key) + 1, "\r\n \t"),
					 line + strlen(key) + 1);
		}
	}
	globfree(&files);
}

/* Whether a module of "hosts:" comes before "dns" in /etc/nsswitch.conf. */
static bool asks_first(const char *module)
{
	CLEANUP(fclosep) FILE *file = fopen("/etc/nsswitch.conf", "re");
	char line[512];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char *state = NULL;
		char *word = strtok_r(line, " \t\r\n", &state);

		if (word == NULL || strcmp(word, "hosts:") != 0)
			continue;
		while ((word = strtok_r(NULL, " \t\r\n", &state)) != NULL && strcmp(word, "dns") != 0) {
			if (strcmp(word, module) == 0)
				return true;
		}
	}
	return false;
}

bool host_inotify_watches(unsigned long long *watches)
{
	return read_number("/proc/sys/fs/inotify/max_user_watches", watches);
}

bool host_networkd_removes_rules(void)
{
	static const char *const patterns[] = {
		"/etc/systemd/networkd.conf",
		"/usr/lib/systemd/networkd.conf.d/*.conf",
		"/run/systemd/networkd.conf.d/*.conf",
		"/etc/systemd/networkd.conf.d/*.conf",
	};
	char value[16] = "yes";

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		read_setting(patterns[i], "ManageForeignRoutingPolicyRules", value, sizeof(value));
	return strcmp(value, "no") != 0 && strcmp(value, "false") != 0 && strcmp(value, "0") != 0;
}

bool host_asks_resolved_before_dns(void)
{
	return asks_first("resolve");
}

/* The unit hides /proc/sys from the daemon, and shows this part of it elsewhere. */
bool host_filters_bridges(bool is_ip6)
{
	static const char *const paths[][2] = {
		{"/proc/sys/net/bridge/bridge-nf-call-iptables", "/run/cgtproxy/net/bridge/bridge-nf-call-iptables"},
		{"/proc/sys/net/bridge/bridge-nf-call-ip6tables", "/run/cgtproxy/net/bridge/bridge-nf-call-ip6tables"},
	};
	unsigned long long on = 0;

	return (read_number(paths[is_ip6][0], &on) || read_number(paths[is_ip6][1], &on)) && on != 0;
}
