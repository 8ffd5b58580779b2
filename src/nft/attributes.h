/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_ATTRIBUTES_H
#define CGTPROXY_NFT_ATTRIBUTES_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Parsing of nf_tables messages in which every attribute is validated. libnftnl's parsers abort the program on an
 * unexpected attribute, and trust the lengths inside foreign data.
 */

enum {
	ATTRIBUTES_MAX = 31, /* largest type that is kept; those of nf_tables are smaller */
};

/** Attributes by type, NULL where absent. They point into the message. */
struct attributes {
	const struct nlattr *of[ATTRIBUTES_MAX + 1];
};

/** Parses the attributes of an nf_tables message. */
void attributes_of_message(struct attributes *attributes, const struct nlmsghdr *message);

/** Parses nested attributes. If @nest is NULL or not a nest, there are none. */
void attributes_of_nest(struct attributes *attributes, const struct nlattr *nest);

/** Returns an attribute's string, or NULL if it has no terminated one. */
const char *attribute_text(const struct nlattr *attribute);

/** Copies a string. Returns false if it is NULL or doesn't fit into @size bytes. */
bool text_copy(char *out, size_t size, const char *text);

/** Reads a number in network byte order. Returns false if the attribute is not one. */
bool attribute_u32(const struct nlattr *attribute, uint32_t *number);

/** Likewise, of 64 bits. */
bool attribute_u64(const struct nlattr *attribute, uint64_t *number);

/** Adds a number in network byte order to a message. */
void attribute_put_u32(struct nlmsghdr *message, uint16_t type, uint32_t number);

#endif
