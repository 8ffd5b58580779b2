/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_UPSTREAM_H
#define CGTPROXY_CONFIG_UPSTREAM_H

#include "util/cleanup.h"
#include "util/error.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/*
 * The proxy that connections are passed on to, as people write it:
 *
 *   socks5://[USER[:PASSWORD]@]HOST:PORT     http://[USER[:PASSWORD]@]HOST:PORT
 *   socks5+unix:[//USER[:PASSWORD]@]/PATH    http+unix:[//USER[:PASSWORD]@]/PATH
 *   direct://
 *
 * HOST is a name, an IPv4 address, or an IPv6 address in brackets. %XX stands for any byte of a user, a password or a
 * path. A Unix socket says which of the two it speaks, so there is no "unix:" alone.
 */

enum {
	UPSTREAM_TEXT_MAX = 255,     /* bytes of a user, and of a password: what SOCKS5 can carry */
	UPSTREAM_HOST_MAX = 253,     /* bytes of a host's name */
	UPSTREAM_ADDRESSES_MAX = 16, /* of one name; more are left alone */
	UPSTREAM_NAME_SIZE = 512,    /* of upstream_write() */
};

enum upstream_kind {
	UPSTREAM_DIRECT, /* no proxy: the destination itself */
	UPSTREAM_SOCKS5,
	UPSTREAM_HTTP,
};

/** An address to connect to. */
struct upstream_address {
	socklen_t length;
	union {
		struct sockaddr any;
		struct sockaddr_in ip;
		struct sockaddr_in6 ip6;
		struct sockaddr_un unix_socket;
	};
};

struct upstream {
	enum upstream_kind kind;
	char *host;	/* NULL: a Unix socket, or direct */
	uint16_t port;	/* host byte order */
	char *path;	/* of a Unix socket, or NULL */
	char *user;	/* or NULL */
	char *password; /* or NULL; only with a user */
	struct upstream_address *addresses;
	size_t address_count; /* 0: direct, or not resolved yet */
};

/**
 * Reads the URL of an upstream.
 *
 * Returns 0, -EINVAL or -ENOMEM. Clear it whatever this returns.
 */
int upstream_parse(struct upstream *upstream, const char *url, struct error *error);

/**
 * Gives it a password.
 *
 * @password: @length bytes
 *
 * Returns 0, -EINVAL (there is no user, or it can't be a password) or -ENOMEM.
 */
int upstream_set_password(struct upstream *upstream, const char *password, size_t length, struct error *error);

/**
 * Finds the addresses of its host, which may take as long as the name service does; does nothing for one that has no
 * host's name. Earlier addresses are kept if there are no new ones.
 *
 * Returns 0 or a negative errno.
 */
int upstream_resolve(struct upstream *upstream, struct error *error);

/** Returns whether its host is a name, whose addresses may change. */
bool upstream_is_named(const struct upstream *upstream);

/** Gives it addresses, which are copied, instead of those that it has. Returns 0, -EINVAL for none, or -ENOMEM. */
int upstream_set_addresses(struct upstream *upstream, const struct upstream_address *addresses, size_t count);

/**
 * Names it for messages, without user and password, escaped.
 *
 * @out: UPSTREAM_NAME_SIZE bytes
 *
 * Returns @out.
 */
const char *upstream_write(const struct upstream *upstream, char *out);

/** Frees what belongs to it; the password is overwritten first. */
void upstream_clear(struct upstream *upstream);

#endif
