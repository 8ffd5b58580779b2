/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/known_proxies.h"

#include "util/language.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* v2ray.com/en/configuration/transport.html, xtls.github.io/en/config/transport.html */
#define DOKODEMO_DOOR                                                                                                  \
	{                                                                                                              \
		"{\n"                                                                                                  \
		"  \"tag\": \"tproxy-in\",\n"                                                                          \
		"  \"protocol\": \"dokodemo-door\",\n"                                                                 \
		"  \"port\": ",                                                                                        \
			",\n"                                                                                          \
			"  \"settings\": {\"network\": \"tcp,udp\", \"followRedirect\": true},\n"                      \
			"  \"streamSettings\": {\"sockopt\": {\"tproxy\": \"tproxy\"}}\n"                              \
			"}\n"                                                                                          \
	}

const struct known_proxy known_proxies[] = {
	/* wiki.metacubex.one/en/config/inbound/port */
	{
		.name = "mihomo",
		.aliases = {"clash-meta", "clash.meta", "mihomo-alpha", "verge-mihomo", "verge-mihomo-al"},
		.file_options = {"-f", "--f"},
		.directory_option = "-d",
		.place = N_("at the top level of"),
		.lines = {"tproxy-port: ", "\n"},
	},
	{
		.name = "clash",
		.aliases = {"clash-premium"},
		.file_options = {"-f", "--f"},
		.directory_option = "-d",
		.place = N_("at the top level of"),
		.lines = {"tproxy-port: ", "\n"},
	},
	/* sing-box.sagernet.org/configuration/inbound/tproxy */
	{
		.name = "sing-box",
		.file_options = {"-c", "--config"},
		.place = N_("in the list \"inbounds\" of"),
		.lines = {"{\n"
			  "  \"type\": \"tproxy\",\n"
			  "  \"tag\": \"tproxy-in\",\n"
			  "  \"listen\": \"::\",\n"
			  "  \"listen_port\": ",
			  "\n}\n"},
	},
	{
		.name = "v2ray",
		.file_options = {"-c", "-config", "--config"},
		.place = N_("in the list \"inbounds\" of"),
		.lines = DOKODEMO_DOOR,
	},
	{
		.name = "xray",
		.file_options = {"-c", "-config", "--config"},
		.place = N_("in the list \"inbounds\" of"),
		.lines = DOKODEMO_DOOR,
	},
	{0},
};

/* Releases are named like mihomo-linux-amd64-v1.19.0, and people run them as they are. */
static bool is_release_of(const char *name, const char *of)
{
	static const char middle[] = "-linux-";
	size_t length = strlen(of);

	return strncmp(name, of, length) == 0 && strncmp(name + length, middle, strlen(middle)) == 0;
}

static bool is_called(const struct known_proxy *proxy, const char *name)
{
	if (strcmp(name, proxy->name) == 0 || is_release_of(name, proxy->name))
		return true;
	for (const char *const *alias = proxy->aliases; *alias != NULL; alias++) {
		if (strcmp(name, *alias) == 0)
			return true;
	}
	return false;
}

const struct known_proxy *known_proxy_find(const char *name)
{
	for (const struct known_proxy *proxy = known_proxies; proxy->name != NULL; proxy++) {
		if (is_called(proxy, name))
			return proxy;
	}
	return NULL;
}

/* Whether an argument is "-c" or "-c=VALUE"; sets the value, to NULL for the former. */
static bool is_option(const char *argument, const char *option, const char **value)
{
	size_t length = strlen(option);

	if (strncmp(argument, option, length) != 0 || (argument[length] != '\0' && argument[length] != '='))
		return false;
	*value = argument[length] == '=' ? argument + length + 1 : NULL;
	return true;
}

static bool is_file_option(const struct known_proxy *proxy, const char *argument, const char **value)
{
	for (const char *const *option = proxy->file_options; *option != NULL; option++) {
		if (is_option(argument, *option, value))
			return true;
	}
	return false;
}

static char *join(const char *directory, const char *file)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", directory, file) < 0 ? NULL : path;
}

char *known_proxy_config_file(const struct known_proxy *proxy, const char *arguments, size_t length)
{
	const char *end = arguments + length;
	const char *file = NULL;
	const char *directory = NULL;

	if (length == 0 || end[-1] != '\0')
		return NULL;
	for (const char *at = arguments; at < end; at += strlen(at) + 1) {
		const char *next = at + strlen(at) + 1 < end ? at + strlen(at) + 1 : NULL;
		const char *value = NULL;

		if (is_file_option(proxy, at, &value))
			file = value != NULL ? value : next;
		else if (proxy->directory_option != NULL && is_option(at, proxy->directory_option, &value))
			directory = value != NULL ? value : next;
	}
	if (file != NULL)
		return *file == '/' ? strdup(file) : NULL;
	return directory != NULL && *directory == '/' ? join(directory, "config.yaml") : NULL;
}

static void write_indented(const char *text, bool *at_start, FILE *out)
{
	for (; *text != '\0'; text++) {
		if (*at_start)
			fputs("  ", out);
		fputc(*text, out);
		*at_start = *text == '\n';
	}
}

void known_proxy_write_lines(const struct known_proxy *proxy, uint16_t port, FILE *out)
{
	bool at_start = true;

	write_indented(proxy->lines[0], &at_start, out);
	fprintf(out, "%u", port);
	write_indented(proxy->lines[1], &at_start, out);
}

enum { NAME_SIZE = 16 }; /* as the kernel keeps it, with its NUL */

const struct known_proxy *known_proxy_find_by_unit(const char *cgroup)
{
	static const char suffix[] = ".service";
	const char *slash = strrchr(cgroup, '/');
	char name[NAME_SIZE] = "";
	size_t length = slash != NULL ? strlen(slash + 1) : 0;

	if (length <= strlen(suffix) || strcmp(slash + 1 + length - strlen(suffix), suffix) != 0)
		return NULL;
	length = strcspn(slash + 1, "@");
	if (slash[1 + length] == '\0')
		length -= strlen(suffix);
	if (length >= sizeof(name))
		return NULL;
	memcpy(name, slash + 1, length);
	return known_proxy_find(name);
}
