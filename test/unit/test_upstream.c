/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* URLs of upstreams: what each form means, and what is said about those that are wrong. */

#include "unit.h"

#include "config/upstream.h"
#include "proxy/destination.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

struct expected {
	const char *url;
	enum upstream_kind kind;
	const char *host;
	uint16_t port;
	const char *path;
	const char *user;
	const char *password;
	const char *name; /* by upstream_write() */
};

static void assert_same(const char *text, const char *expected)
{
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static void test_good(void **state)
{
	static const struct expected all[] = {
		{"direct://", UPSTREAM_DIRECT, .name = "direct://"},
		{"socks5://127.0.0.1:9050", UPSTREAM_SOCKS5, "127.0.0.1", 9050, .name = "socks5://127.0.0.1:9050"},
		{"SOCKS5H://tor/", UPSTREAM_SOCKS5, NULL},
		{"socks5h://tor:9050/", UPSTREAM_SOCKS5, "tor", 9050, .name = "socks5://tor:9050"},
		{"http://proxy.example.com:3128", UPSTREAM_HTTP, "proxy.example.com", 3128,
		 .name = "http://proxy.example.com:3128"},
		{"socks5://[::1]:1080", UPSTREAM_SOCKS5, "::1", 1080, .name = "socks5://[::1]:1080"},
		{"http://alice@h:65535", UPSTREAM_HTTP, "h", 65535, NULL, "alice", NULL, "http://h:65535"},
		{"http://alice:w:o@n@d%65r%2f@h:1", UPSTREAM_HTTP, "h", 1, NULL, "alice", "w:o@n@der/", "http://h:1"},
		{"socks5+unix:/run/tor/socks", UPSTREAM_SOCKS5, NULL, 0, "/run/tor/socks", NULL, NULL,
		 "socks5+unix:/run/tor/socks"},
		{"socks5+unix:///run/a@/b%20c", UPSTREAM_SOCKS5, NULL, 0, "/run/a@/b c", NULL, NULL,
		 "socks5+unix:/run/a@/b c"},
		{"http+unix://bob:pw@/run/p", UPSTREAM_HTTP, NULL, 0, "/run/p", "bob", "pw", "http+unix:/run/p"},
		{"http+unix:bob@/run/p%0a", UPSTREAM_HTTP, NULL, 0, "/run/p\n", "bob", NULL, "http+unix:/run/p\\x0a"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct upstream upstream;
		struct error error;
		char name[UPSTREAM_NAME_SIZE];
		int result = upstream_parse(&upstream, all[i].url, &error);

		if (all[i].name == NULL) {
			assert_int_equal(result, -EINVAL);
		} else {
			assert_int_equal(result, 0);
			assert_int_equal(upstream.kind, all[i].kind);
			assert_int_equal(upstream.port, all[i].port);
			assert_same(upstream.host, all[i].host);
			assert_same(upstream.path, all[i].path);
			assert_same(upstream.user, all[i].user);
			assert_same(upstream.password, all[i].password);
			assert_string_equal(upstream_write(&upstream, name), all[i].name);
		}
		upstream_clear(&upstream);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *url;
		const char *text;
	} all[] = {
		{"", "has to be a URL"},
		{"127.0.0.1:1080", "has to be a URL"},
		{"socks4://h:1", "not \"socks4\""},
		{"unix:/run/x", "socks5+unix:/PATH or http+unix:/PATH"},
		{"direct://h:1", "nothing may follow"},
		{"socks5://", "host has to be"},
		{"socks5://:1080", "host has to be"},
		{"socks5://h", "needs a port"},
		{"socks5://h:", "needs a port"},
		{"socks5://h:0", "needs a port"},
		{"socks5://h:65536", "needs a port"},
		{"socks5://h:99999999999999999999", "needs a port"},
		{"socks5://h:1x", "needs a port"},
		{"socks5://h:+1", "needs a port"},
		{"socks5://h:1/path", "something after its port"},
		{"socks5://[::1:1080", "host has to be"},
		{"socks5://[127.0.0.1]:1080", "host has to be"},
		{"socks5://::1:1080", "host has to be"},
		{"socks5://h h:1", "host has to be"},
		{"socks5://h\n:1", "host has to be"},
		{"socks5://@h:1", "user has to have"},
		{"socks5://a%3ab@h:1", "no user can have"},
		{"socks5://a%00b@h:1", "no user can have"},
		{"socks5://a:@h:1", "password has to have"},
		{"socks5://a:b%00@h:1", "NUL byte"},
		{"socks5://a%@h:1", "two hexadecimal digits"},
		{"socks5://a%2@h:1", "two hexadecimal digits"},
		{"socks5://a:%zz@h:1", "two hexadecimal digits"},
		{"socks5+unix:run/x", "begin with \"/\""},
		{"socks5+unix:", "begin with \"/\""},
		{"socks5+unix:/a%00b", "path"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct upstream upstream;
		struct error error;

		assert_int_equal(upstream_parse(&upstream, all[i].url, &error), -EINVAL);
		if (strstr(error.text, all[i].text) == NULL)
			fail_msg("%s: %s", all[i].url, error.text);
		upstream_clear(&upstream);
	}
}

/* Whatever is wrong with a URL, its password is not repeated. */
static void test_a_password_is_not_shown(void **state)
{
	static const char *const urls[] = {
		"sock://u:secret@h:1", "socks5://u:secret@h:x", "socks5://u:secret%@h:1", "u:secret@h:1", "secret",
		"http://:secret@h:1"};

	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++) {
		struct upstream upstream;
		struct error error;

		assert_true(upstream_parse(&upstream, urls[i], &error) < 0);
		assert_null(strstr(error.text, "secret"));
		upstream_clear(&upstream);
	}
}

static void test_lengths(void **state)
{
	char url[1024];
	char text[300];
	struct upstream upstream;
	struct error error;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int length = 250; length < 260; length++) {
		snprintf(url, sizeof(url), "socks5://%.*s:%.*s@h:1", length, text, length, text);
		assert_int_equal(upstream_parse(&upstream, url, &error), length <= 255 ? 0 : -EINVAL);
		upstream_clear(&upstream);
		snprintf(url, sizeof(url), "socks5://%.*s:1", length, text);
		assert_int_equal(upstream_parse(&upstream, url, &error), length <= 253 ? 0 : -EINVAL);
		upstream_clear(&upstream);
	}
	for (int length = 100; length < 115; length++) {
		snprintf(url, sizeof(url), "http+unix:/%.*s", length - 1, text);
		assert_int_equal(upstream_parse(&upstream, url, &error), length < 108 ? 0 : -EINVAL);
		upstream_clear(&upstream);
	}
}

static void test_password(void **state)
{
	struct upstream upstream;
	struct error error;

	(void)state;
	assert_int_equal(upstream_parse(&upstream, "http://h:1", &error), 0);
	assert_int_equal(upstream_set_password(&upstream, "x", 1, &error), -EINVAL);
	upstream_clear(&upstream);
	assert_int_equal(upstream_parse(&upstream, "http://u:old@h:1", &error), 0);
	assert_int_equal(upstream_set_password(&upstream, "new!", 3, &error), 0);
	assert_string_equal(upstream.password, "new");
	assert_int_equal(upstream_set_password(&upstream, "", 0, &error), -EINVAL);
	assert_int_equal(upstream_set_password(&upstream, "a\0b", 3, &error), -EINVAL);
	assert_string_equal(upstream.password, "new");
	upstream_clear(&upstream);
}

static void test_resolve(void **state)
{
	struct upstream upstream;
	struct error error;

	(void)state;
	assert_int_equal(upstream_parse(&upstream, "socks5://127.0.0.1:1080", &error), 0);
	assert_int_equal(upstream_resolve(&upstream, &error), 0);
	assert_int_equal(upstream_resolve(&upstream, &error), 0);
	assert_int_equal(upstream.address_count, 1);
	assert_int_equal(upstream.addresses[0].ip.sin_port, htons(1080));
	assert_int_equal(upstream.addresses[0].ip.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	upstream_clear(&upstream);
	assert_int_equal(upstream_parse(&upstream, "socks5+unix:/run/x", &error), 0);
	assert_int_equal(upstream_resolve(&upstream, &error), 0);
	assert_int_equal(upstream.address_count, 1);
	assert_string_equal(upstream.addresses[0].unix_socket.sun_path, "/run/x");
	upstream_clear(&upstream);
}

static void test_destinations(void **state)
{
	static const char mapped[16] = "\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\0\x71\x0a";
	struct sockaddr_storage address = {.ss_family = AF_UNIX};
	struct destination destination = {0};
	char text[DESTINATION_SIZE];

	(void)state;
	assert_false(endpoint_read(&address, &destination.endpoint));
	destination.endpoint = (struct endpoint){.family = AF_INET6, .port = 443};
	memcpy(&destination.endpoint.ip6, mapped, sizeof(mapped));
	endpoint_to_sockaddr(&destination.endpoint, &address);
	assert_true(endpoint_read(&address, &destination.endpoint));
	assert_string_equal(destination_write(&destination, text), "203.0.113.10:443");
	endpoint_to_sockaddr(&destination.endpoint, &address);
	assert_true(endpoint_read(&address, &destination.endpoint));
	assert_string_equal(destination_write(&destination, text), "203.0.113.10:443");
	destination.name = "example.org";
	assert_string_equal(destination_write(&destination, text), "example.org:443");
}

static void test_names(void **state)
{
	static const char *const good[] = {"a", "a.b", "xn--bcher-kva.example", "_dmarc.example.org", "1.2.3.4"};
	static const char *const bad[] = {"", ".", "a.", ".a", "a..b", "a b", "a\r\nb", "\xc3\xbc", "a:1", "a/b"};
	char name[DESTINATION_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(destination_is_name(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(destination_is_name(bad[i]));
	memset(name, 'x', sizeof(name));
	name[DESTINATION_NAME_MAX + 1] = '\0';
	assert_false(destination_is_name(name));
	name[DESTINATION_NAME_MAX] = '\0';
	assert_true(destination_is_name(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	     cmocka_unit_test(test_bad),
		cmocka_unit_test(test_lengths),	     cmocka_unit_test(test_a_password_is_not_shown),
		cmocka_unit_test(test_password),     cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_destinations), cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
