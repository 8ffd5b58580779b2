/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_DRAFT_H
#define CGTPROXY_CONFIG_DRAFT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/** What a first config says, for one proxy. */
struct draft {
	const char *proxy;    /* what it is, for people: "mihomo", escaped */
	const char *name;     /* its name in the rules */
	const char *selector; /* of the proxy itself, as naming_selector() writes it */
	uint32_t mark;
	uint32_t route_table;
	uint16_t port;	      /* host byte order */
	const char *upstream; /* of a relay, or NULL: the proxy needs none */
	bool takes_udp;
	bool takes_ipv6;
	struct sockaddr_in name_server; /* its port is 0: DNS queries are not hijacked */
};

/**
 * Fills in the template in the user's language, or the English one.
 *
 * Returns the text of the config, to be freed with free(), or NULL if out of memory.
 */
char *draft_write(const struct draft *draft);

/**
 * A template: "@KEY@" is to be replaced; "@KEY@" before a line that is for some proxies only, by "" or "#". They differ
 * only in their comments.
 */
struct draft_template {
	const char *file; /* in data */
	const char *text;
};

/** All templates, the English one first, ended by one without a file. */
extern const struct draft_template draft_templates[];

#endif
