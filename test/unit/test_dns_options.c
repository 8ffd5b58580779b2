/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* What a relay's DNS is set up with: networks of fake addresses, and a state directory. */

#include "unit.h"

#include "relay/dns_options.h"
#include "relay/fake_ip_file.h"
#include "relay/fake_network.h"
#include "relay/state_directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_networks(void **state)
{
	static const struct {
		const char *text;
		const char *heading; /* as fake_network_heading() has it */
	} all[] = {
		{"198.18.0.0/15,fc00::/18", "cgtproxy fake-ip 1 198.18.0.0/15 fc00::/18"},
		{"fc00::/18,198.18.0.0/15", "cgtproxy fake-ip 1 198.18.0.0/15 fc00::/18"},
		{"10.0.0.0/8", "cgtproxy fake-ip 1 10.0.0.0/8 -"},
		{"2001:db8::/126", "cgtproxy fake-ip 1 - 2001:db8::/126"},
		{"128.0.0.0/1", NULL}, /* with multicast addresses */
		{"192.0.2.4/30", "cgtproxy fake-ip 1 192.0.2.4/30 -"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct dns_options options = {0};
		char heading[FAKE_IP_LINE_SIZE];
		const bool is_good = fake_networks_parse(all[i].text, &options);

		assert_int_equal(is_good, all[i].heading != NULL);
		if (!is_good)
			continue;
		fake_network_heading(&options.ip, &options.ip6, heading, sizeof(heading));
		assert_string_equal(heading, all[i].heading);
	}
}

static void test_wrong_networks(void **state)
{
	static const char *const all[] = {
		"",
		",",
		"198.18.0.0",
		"198.18.0.0/",
		"198.18.0.0/0",
		"198.18.0.0/33",
		"198.18.0.0/31",
		"198.18.0.0/15,",
		",198.18.0.0/15",
		"198.18.0.1/15",
		"198.18.0.0/+15",
		"198.18.0.0/15 ",
		" 198.18.0.0/15",
		"198.18.0.0/1x",
		"198.18.0.0/15,198.20.0.0/15",
		"198.18.0.0/15,fc00::/18,fd00::/18",
		"fc00::/129",
		"fc00::1/18",
		"fc00::/127",
		"127.0.0.0/8",
		"127.0.0.0/9",
		"126.0.0.0/7",
		"0.0.0.0/8",
		"0.0.0.0/1",
		"224.0.0.0/4",
		"240.0.0.0/4",
		"ff00::/8",
		"::/8",
		"::/64",
		"198.18.0.0/99999999999999999999",
		"198.18/15",
		"name/15",
		"fc00:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/18",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct dns_options options = {.ip = {.family = AF_INET, .prefix = 7}};

		if (fake_networks_parse(all[i], &options))
			fail_msg("\"%s\" is taken", all[i]);
		assert_int_equal(options.ip.prefix, 7);
	}
}

static void test_a_directory_is_locked(void **state)
{
	char directory[] = "/tmp/cgtproxy-state-XXXXXX";
	char *file = NULL;
	struct error error;
	int lock = -1;
	int status = 0;
	pid_t child = 0;

	(void)state;
	assert_non_null(mkdtemp(directory));
	lock = state_directory_lock(directory, &error);
	assert_true(lock >= 0);
	child = fork();
	if (child == 0)
		_exit(state_directory_lock(directory, &error) == -EWOULDBLOCK ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(state_directory_lock(directory, &error), -EWOULDBLOCK);
	assert_non_null(strstr(error.text, directory));
	close(lock);
	lock = state_directory_lock(directory, &error);
	assert_true(lock >= 0);
	close(lock);
	file = state_directory_file(directory, STATE_FAKE_IP);
	assert_string_equal(file + strlen(directory), "/fake-ip");
	free(file);
	rmdir(directory);
	assert_int_equal(state_directory_lock(directory, &error), -ENOENT);
	assert_int_equal(state_directory_lock("/dev/null", &error), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_wrong_networks),
		cmocka_unit_test(test_a_directory_is_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
