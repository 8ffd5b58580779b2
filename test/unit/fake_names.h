/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TEST_UNIT_FAKE_NAMES_H
#define CGTPROXY_TEST_UNIT_FAKE_NAMES_H

/* Names with fake addresses. Included after unit.h. */

#include "relay/fake_ip.h"
#include "util/clock.h"

#include <arpa/inet.h>
#include <errno.h>

static const uint64_t second = USEC_PER_SEC;
/* the machine has been running for a day */
static const uint64_t start = UINT64_C(86400) * USEC_PER_SEC;

static inline struct fake_ip *open_map(size_t names, const char *file, uint64_t now)
{
	struct fake_ip_options options;
	struct error error;
	struct fake_ip *map = NULL;

	fake_ip_defaults(&options);
	options.names_max = names;
	options.file = file;
	map = fake_ip_new(&options, now, &error);
	assert_non_null(map);
	return map;
}

static inline struct fake_name *take(struct fake_ip *map, const char *text, uint64_t now)
{
	struct fake_name *name = NULL;

	assert_int_equal(fake_ip_take(map, text, now, &name), 0);
	assert_string_equal(name->text, text);
	return name;
}

static inline void assert_busy(struct fake_ip *map, const char *text, uint64_t now)
{
	struct fake_name *name = NULL;

	assert_int_equal(fake_ip_take(map, text, now, &name), -EBUSY);
}

static inline struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint = {.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET, .port = 443};

	assert_int_equal(inet_pton(endpoint.family, text, &endpoint.ip), 1);
	return endpoint;
}

static inline void assert_address(const struct fake_ip *map, const struct fake_name *name, const char *expected)
{
	const struct endpoint wanted = endpoint_of(expected);
	struct endpoint endpoint;
	char text[ENDPOINT_SIZE];

	assert_true(fake_ip_address(map, name, wanted.family, &endpoint));
	assert_string_equal(endpoint_write(&endpoint, text), expected);
	assert_ptr_equal(fake_ip_find(map, &wanted), name);
}

/* The name that has an address, or "". */
static inline const char *name_at(const struct fake_ip *map, const char *address)
{
	const struct endpoint endpoint = endpoint_of(address);
	const struct fake_name *name = fake_ip_find(map, &endpoint);

	return name != NULL ? name->text : "";
}

#endif
