/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* By which names proxies are known. */

#include "unit.h"

#include "inspect/known_proxies.h"

#include <stdlib.h>

static const struct {
	const char *process;
	const char *known; /* or NULL */
} names[] = {
	{"mihomo", "mihomo"},	  {"verge-mihomo", "mihomo"},
	{"clash-meta", "mihomo"}, {"mihomo-linux-am", "mihomo"}, /* mihomo-linux-amd64, as the kernel cuts it */
	{"clash", "clash"},	  {"clash-linux-amd", "clash"},
	{"sing-box", "sing-box"}, {"v2ray", "v2ray"},
	{"xray", "xray"},	  {"v2raya", NULL},
	{"clash-verge", NULL},	  {"mihom", NULL},
	{"mihomo ", NULL},	  {"", NULL},
	{"\xff", NULL},
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct known_proxy *known = known_proxy_find(names[i].process);

		if (names[i].known == NULL)
			assert_null(known);
		else
			assert_string_equal(known->name, names[i].known);
	}
}

/* The arguments are separated by "|" here. */
static const struct {
	const char *known;
	const char *arguments;
	const char *file; /* or NULL */
} command_lines[] = {
	{"mihomo", "mihomo|-f|/etc/mihomo/my.yaml|", "/etc/mihomo/my.yaml"},
	{"mihomo", "mihomo|-d|/etc/mihomo|", "/etc/mihomo/config.yaml"},
	{"mihomo", "mihomo|-d=/etc/mihomo|-f=/x|", "/x"},
	{"mihomo", "mihomo|-f|/x|-d|/etc/mihomo|", "/x"},
	{"mihomo", "mihomo|-d|/etc/mihomo|-f|relative|", NULL},
	{"mihomo", "mihomo|-foo|/x|", NULL},
	{"mihomo", "mihomo|-f|", NULL},
	{"mihomo", "mihomo|", NULL},
	{"mihomo", "", NULL},
	{"mihomo", "mihomo|-f|/cut", NULL},
	{"sing-box", "sing-box|run|-c|/etc/sing-box/config.json|", "/etc/sing-box/config.json"},
	{"sing-box", "sing-box|--config=/a|run|", "/a"},
	{"sing-box", "sing-box|-d|/a|", NULL},
	{"v2ray", "v2ray|-config|/a b/c.json|", "/a b/c.json"},
	{"xray", "xray|run|-c|/a|", "/a"},
};

static void test_config_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(command_lines); i++) {
		size_t length = strlen(command_lines[i].arguments);
		char *arguments = strdup(command_lines[i].arguments);
		char *file = NULL;

		assert_non_null(arguments);
		for (char *at = strchr(arguments, '|'); at != NULL; at = strchr(at + 1, '|'))
			*at = '\0';
		file = known_proxy_config_file(known_proxy_find(command_lines[i].known), arguments, length);
		if (command_lines[i].file == NULL)
			assert_null(file);
		else
			assert_string_equal(file, command_lines[i].file);
		free(file);
		free(arguments);
	}
}

static void test_lines(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	known_proxy_write_lines(known_proxy_find("sing-box"), 65535, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "  {\n"
				  "    \"type\": \"tproxy\",\n"
				  "    \"tag\": \"tproxy-in\",\n"
				  "    \"listen\": \"::\",\n"
				  "    \"listen_port\": 65535\n"
				  "  }\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_config_files),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
