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
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
