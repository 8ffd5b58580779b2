/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/known_proxies.h"

#include <stdbool.h>
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
	{"mihomo",
	 {"clash-meta", "clash.meta", "mihomo-alpha", "verge-mihomo", "verge-mihomo-al"},
	 "at the top level of its config",
	 {"tproxy-port: ", "\n"}},
	{"clash", {"clash-premium"}, "at the top level of its config", {"tproxy-port: ", "\n"}},
	/* sing-box.sagernet.org/configuration/inbound/tproxy */
	{"sing-box",
	 {NULL},
	 "in the list \"inbounds\" of its config",
	 {"{\n"
	  "  \"type\": \"tproxy\",\n"
	  "  \"tag\": \"tproxy-in\",\n"
	  "  \"listen\": \"::\",\n"
	  "  \"listen_port\": ",
	  "\n}\n"}},
	{"v2ray", {NULL}, "in the list \"inbounds\" of its config", DOKODEMO_DOOR},
	{"xray", {NULL}, "in the list \"inbounds\" of its config", DOKODEMO_DOOR},
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
