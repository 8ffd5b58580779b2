/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_FAKE_IP_H
#define CGTPROXY_RELAY_FAKE_IP_H

#include "config/config.h"
#include "relay/fake_ip_file.h"
#include "util/address.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * Addresses that stand for names. A client is told one when it asks for a name, and the relay, when it is connected to,
 * asks its upstream for the name instead, which is thus resolved at the far end. Each name has one address of each
 * family, with the same number in both networks.
 *
 * When all are taken, the name that has not been used for longest loses its addresses. One that may still be in use is
 * never given to another name: while somebody holds it, and for FAKE_IP_LEASE after it was last answered or connected
 * to, since clients remember addresses for longer than they are told to.
 */

enum { FAKE_IP_NAMES_DEFAULT = 65536 };

/** In usec; browsers remember addresses for a minute, whatever the answer says. */
#define FAKE_IP_LEASE (UINT64_C(600) * 1000000)

/** A name that has addresses. */
struct fake_name {
	TAILQ_ENTRY(fake_name) entry; /* while nobody holds it */
	int64_t used;		      /* when it was last used: CLOCK_MONOTONIC in usec; before the boot, negative */
	int64_t recorded;	      /* likewise as the file has it */
	uint32_t index;		      /* of its addresses, from 0 */
	uint32_t holders;
	char text[]; /* lower case, without a final dot */
};

struct fake_ip_options {
	struct network ip;  /* prefix 0: no IPv4 addresses */
	struct network ip6; /* likewise, but not both */
	size_t names_max;   /* at the same time; less if the networks are smaller */
	const char *file;   /* to keep them in, or NULL */
};

struct fake_ip;

/** Sets the networks to 198.18.0.0/15 and fc00::/18, and FAKE_IP_NAMES_DEFAULT names, without a file. */
void fake_ip_defaults(struct fake_ip_options *options);

/**
 * Creates the map with what the file has. A file that is damaged is used as far as it can be, and one that can't be
 * read or written is done without; both are logged.
 *
 * @options: need not stay
 * @now:     of CLOCK_MONOTONIC in usec, as in all functions
 *
 * Returns NULL if the networks are too small, or out of memory.
 */
struct fake_ip *fake_ip_new(const struct fake_ip_options *options, uint64_t now, struct error *error);

/** Writes the file and frees the map, with all names. */
void fake_ip_free(struct fake_ip *map, uint64_t now);

/**
 * Finds the addresses of a name, or gives it some, and notes that they are used.
 *
 * @text:  of which fake_ip_is_name() is true
 * @found: set to the name; it stays as long as its addresses are not given to another one
 *
 * Returns 0, -EBUSY if all addresses may be in use, or -ENOMEM.
 */
int fake_ip_take(struct fake_ip *map, const char *text, uint64_t now, struct fake_name **found);

/** Returns whether an address is one that names get. */
bool fake_ip_covers(const struct fake_ip *map, const struct endpoint *endpoint);

/** Returns the name that has an address, or NULL. */
struct fake_name *fake_ip_find(const struct fake_ip *map, const struct endpoint *endpoint);

/**
 * Returns a name's address, without a port. @family: AF_INET or AF_INET6
 *
 * Returns false if there are none of this family.
 */
bool fake_ip_address(const struct fake_ip *map, const struct fake_name *name, int family, struct endpoint *endpoint);

/** Keeps a name's addresses, and the name, until fake_ip_release(): for each connection to it. */
void fake_ip_hold(struct fake_ip *map, struct fake_name *name, uint64_t now);
void fake_ip_release(struct fake_ip *map, struct fake_name *name, uint64_t now);

/** Returns how many names have addresses. */
size_t fake_ip_count(const struct fake_ip *map);

#endif
