/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Which sockets of a proxy are good for what is sent to it. */

#include "unit.h"

#include "inspect/proxies.h"
#include "util/cleanup.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#define CONFIG                                                                                                         \
	"version: 1\n"                                                                                                 \
	"tproxies: {mihomo: {mark: 3000, port: 7893%s}}\n"

static struct proxy_surroundings usual(void)
{
	struct proxy_surroundings surroundings = {.has_ip6 = true};

	surroundings.ip = (struct primary_address){.exists = true, .family = AF_INET};
	surroundings.ip6 = (struct primary_address){.exists = true, .family = AF_INET6};
	inet_pton(AF_INET, "127.0.0.1", &surroundings.ip.ip);
	inet_pton(AF_INET6, "::1", &surroundings.ip6.ip6);
	return surroundings;
}

static struct listener listener(uint8_t protocol, const char *address)
{
	struct listener listener = {.protocol = protocol, .port = 7893, .transparent = true};

	listener.family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(listener.family, address, &listener.address), 1);
	return listener;
}

/* The kinds of the problems that are found, up to two of them. */
static size_t judge(const char *more, const struct listener *items, size_t count,
		    const struct proxy_surroundings *surroundings, enum problem_kind kinds[2])
{
	struct listener copies[8];
	const struct listeners listeners = {.items = copies, .count = count};
	struct problems problems = {0};
	char text[256];
	struct config *config = NULL;
	size_t found = 0;

	memcpy(copies, items, count * sizeof(*items));
	snprintf(text, sizeof(text), CONFIG, more);
	config = parse_good(text);
	assert_int_equal(proxy_judge(config, &config->proxies[0], &listeners, surroundings, &problems), 0);
	found = problems.count;
	for (size_t i = 0; i < found && i < 2; i++)
		kinds[i] = problems.items[i].kind;
	problems_clear(&problems);
	config_free(config);
	return found;
}

static void takes_what_tproxy_finds(void **state)
{
	const struct proxy_surroundings surroundings = usual();
	const struct listener good[][4] = {
		{listener(IPPROTO_TCP, "0.0.0.0"), listener(IPPROTO_UDP, "0.0.0.0"), listener(IPPROTO_TCP, "::"),
		 listener(IPPROTO_UDP, "::")},
		{listener(IPPROTO_TCP, "127.0.0.1"), listener(IPPROTO_UDP, "::ffff:127.0.0.1"),
		 listener(IPPROTO_TCP, "::1"), listener(IPPROTO_UDP, "::1")},
	};
	enum problem_kind kinds[2] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(judge("", good[i], 4, &surroundings, kinds), 0);
	/* "::" takes both families, unless it is told not to */
	assert_int_equal(judge("", good[0] + 2, 2, &surroundings, kinds), 0);
}

static void tells_what_is_wrong(void **state)
{
	struct proxy_surroundings surroundings = usual();
	struct listener bad[4] = {listener(IPPROTO_TCP, "::"), listener(IPPROTO_UDP, "::")};
	enum problem_kind kinds[2] = {0};

	(void)state;
	assert_int_equal(judge("", bad, 0, &surroundings, kinds), 1);
	assert_int_equal(kinds[0], PROBLEM_PROXY_ABSENT);
	assert_int_equal(judge("", bad, 1, &surroundings, kinds), 1);
	assert_int_equal(kinds[0], PROBLEM_PROXY_PROTOCOL);
	assert_int_equal(judge(", udp: refuse", bad, 1, &surroundings, kinds), 0);
	assert_int_equal(judge(", udp: direct", bad + 1, 1, &surroundings, kinds), 1);
	assert_int_equal(kinds[0], PROBLEM_PROXY_ABSENT);
	bad[0].v6only = true;
	assert_int_equal(judge("", bad, 2, &surroundings, kinds), 1);
	assert_int_equal(kinds[0], PROBLEM_PROXY_FAMILY);
	bad[1].transparent = false;
	assert_int_equal(judge("", bad, 2, &surroundings, kinds), 2);
	assert_int_equal(kinds[0], PROBLEM_PROXY_TRANSPARENT);
	assert_int_equal(kinds[1], PROBLEM_PROXY_FAMILY);
	/* of a port for something else there is nothing more to say */
	bad[0].transparent = false;
	assert_int_equal(judge("", bad, 2, &surroundings, kinds), 1);
	assert_int_equal(kinds[0], PROBLEM_PROXY_TRANSPARENT);
	assert_int_equal(judge("", bad, 1, &surroundings, kinds), 1);
	assert_int_equal(kinds[0], PROBLEM_PROXY_TRANSPARENT);
	bad[0] = listener(IPPROTO_TCP, "0.0.0.0");
	bad[1] = listener(IPPROTO_UDP, "0.0.0.0");
	assert_int_equal(judge("", bad, 2, &surroundings, kinds), 1);
	assert_int_equal(kinds[0], PROBLEM_PROXY_FAMILY);
	assert_int_equal(judge(", ipv6: direct", bad, 2, &surroundings, kinds), 0);
	surroundings.has_ip6 = false;
	assert_int_equal(judge("", bad, 2, &surroundings, kinds), 0);
	bad[0].interface = 2;
	assert_int_equal(judge("", bad, 2, &surroundings, kinds), 1);
	assert_int_equal(kinds[0], PROBLEM_PROXY_ADDRESS);
	bad[0] = listener(IPPROTO_TCP, "127.0.0.2");
	assert_int_equal(judge("", bad, 2, &surroundings, kinds), 1);
	assert_int_equal(kinds[0], PROBLEM_PROXY_ADDRESS);
	/* another socket that is right makes up for one that is not */
	bad[2] = listener(IPPROTO_TCP, "127.0.0.1");
	assert_int_equal(judge("", bad, 3, &surroundings, kinds), 0);
}

#define RELAY ", relay: {upstream: 'socks5://127.0.0.1:1080'%s}%s"

static void assert_cure(const char *dns, const char *more, const struct listener *items, size_t count,
			const char *wanted)
{
	const struct proxy_surroundings surroundings = usual();
	struct listener copies[2];
	const struct listeners listeners = {.items = copies, .count = count};
	struct problems problems = {0};
	char relay[128];
	char text[256];
	struct config *config = NULL;

	memcpy(copies, items, count * sizeof(*items));
	snprintf(relay, sizeof(relay), RELAY, dns, more);
	snprintf(text, sizeof(text), CONFIG, relay);
	config = parse_good(text);
	assert_int_equal(proxy_judge(config, &config->proxies[0], &listeners, &surroundings, &problems), 0);
	assert_int_equal(problems.count, wanted != NULL);
	if (wanted != NULL)
		assert_non_null(strstr(problems.items[0].cure, wanted));
	problems_clear(&problems);
	config_free(config);
}

static void cures_a_relay(void **state)
{
	static const char restart[] = "systemctl daemon-reload && systemctl restart cgtproxy-relay@mihomo.socket";
	struct listener sockets[2] = {listener(IPPROTO_TCP, "::"), listener(IPPROTO_UDP, "::")};

	(void)state;
	assert_cure("", "", sockets, 2, NULL);
	assert_cure("", "", sockets, 0, "systemctl enable --now cgtproxy-relay@mihomo");
	assert_cure("", "", sockets, 1, restart);
	assert_cure("", ", udp: refuse", sockets, 1, NULL);
	/* questions for names */
	assert_cure(", dns: fake-ip", ", udp: refuse", sockets, 1, restart);
	assert_cure(", dns: fake-ip", ", udp: refuse", sockets, 2, NULL);
	sockets[0].transparent = false;
	assert_cure("", "", sockets, 1, restart);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_tproxy_finds),
		cmocka_unit_test(tells_what_is_wrong),
		cmocka_unit_test(cures_a_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
