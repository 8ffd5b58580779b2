/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/units.h"

#include "config/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Names of proxies need no escaping in units: they have letters, digits, '_', '.' and '-'. */
#define UNIT(type) RELAY_UNIT_PREFIX "%s." type

/* With numbers, so that what "systemctl edit" writes, override.conf, comes after them and has the last word. */
#define SOCKET_DROPIN "10-socket.conf"
#define UDP_DROPIN "10-udp.conf"

#define HEAD "# Written by cgtproxy-relay-generator from the config of cgtproxy, at each daemon-reload.\n"

/* Not in the template: where there can't be a socket, the relay still starts, and says why. */
#define NEEDS_SOCKET HEAD "\n[Unit]\nRequires=" UNIT("socket") "\n"
#define PORT HEAD "\n[Socket]\nListenStream=%u\n"
#define DATAGRAM "ListenDatagram=%u\n"
/*
 * Answers come from the addresses that were asked, for which a socket has to be made each time, and from their ports:
 * 443 of QUIC is a privileged one.
 */
#define ANSWERING "CAP_NET_RAW CAP_NET_BIND_SERVICE"
#define MAY_ANSWER HEAD "\n[Service]\nAmbientCapabilities=" ANSWERING "\nCapabilityBoundingSet=" ANSWERING "\n"

static int fail(const char *path, struct error *error)
{
	const int code = errno;

	return error_set(error, -code, "can't write %s: %s", path, strerror(code));
}

/* @type: of the unit */
static int write_dropin(const char *directory, const struct proxy *proxy, const char *type, const char *file,
			struct error *error, const char *format, ...) __attribute__((format(printf, 6, 7)));

static int write_dropin(const char *directory, const struct proxy *proxy, const char *type, const char *file,
			struct error *error, const char *format, ...)
{
	char path[PATH_MAX];
	const int length = snprintf(path, sizeof(path), "%s/" UNIT("%s.d"), directory, proxy->name, type);
	FILE *out = NULL;
	va_list arguments;
	int result = 0;

	if (length < 0 || (size_t)length + strlen(file) + 2 > sizeof(path))
		return error_set(error, -ENAMETOOLONG, "the path of a generator's directory is too long");
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return fail(path, error);
	snprintf(path + length, sizeof(path) - (size_t)length, "/%s", file);
	out = fopen(path, "we");
	if (out == NULL)
		return fail(path, error);
	va_start(arguments, format);
	result = vfprintf(out, format, arguments);
	va_end(arguments);
	/* a full file system may show only now */
	if (fclose(out) != 0 || result < 0)
		return fail(path, error);
	return 0;
}

static int write_units_of(const struct proxy *proxy, const char *directory, struct error *error)
{
	const bool has_udp = proxy->udp == TRAFFIC_PROXY || proxy->relay.dns.kind != RELAY_DNS_OFF;
	int result = write_dropin(directory, proxy, "service", SOCKET_DROPIN, error, NEEDS_SOCKET, proxy->name);

	if (result == 0 && has_udp)
		result = write_dropin(directory, proxy, "socket", SOCKET_DROPIN, error, PORT DATAGRAM, proxy->port,
				      proxy->port);
	else if (result == 0)
		result = write_dropin(directory, proxy, "socket", SOCKET_DROPIN, error, PORT, proxy->port);
	if (result == 0 && has_udp)
		result = write_dropin(directory, proxy, "service", UDP_DROPIN, error, MAY_ANSWER);
	return result;
}

int units_write(const struct config *config, const char *directory, struct error *error)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		const struct proxy *proxy = &config->proxies[i];
		const int result = proxy->relay.enabled ? write_units_of(proxy, directory, error) : 0;

		if (result < 0)
			return result;
	}
	return 0;
}
