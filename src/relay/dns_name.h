/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_DNS_NAME_H
#define CGTPROXY_RELAY_DNS_NAME_H

#include "relay/ldns.h"
#include "util/address.h"

#include <stdbool.h>

enum { DNS_NAME_SIZE = 254 }; /* the text of 255 octets has one less for the first length, and one for the root's */

/** What a name means that is not for a server to say. */
enum dns_name_kind {
	DNS_NAME_ORDINARY,
	DNS_NAME_LOCALHOST, /* or below it (RFC 6761): this host */
	DNS_NAME_REVERSE,   /* that of an address, in in-addr.arpa or ip6.arpa */
	DNS_NAME_ARPA, /* or below it: no hosts, but for some whose addresses mean something (RFC 7050, RFC 8375) */
	DNS_NAME_ROOT,
	DNS_NAME_LINK,	  /* below "local", which is asked by multicast (RFC 6762) */
	DNS_NAME_NOWHERE, /* the others that can't be hosts: below "invalid", a number, or a single label */
};

/**
 * Writes a name as fake_ip_take() has it: lower case, without a final dot. What no name of a host has, such as a dot
 * within a label, becomes a backslash, so that it is never taken for something else.
 *
 * @text: DNS_NAME_SIZE bytes
 */
void dns_name_text(const ldns_rdf *name, char *text);

/**
 * Says what a name means.
 *
 * @text:    of dns_name_text()
 * @address: set if it is one of DNS_NAME_REVERSE
 */
enum dns_name_kind dns_name_kind(const char *text, struct endpoint *address);

#endif
