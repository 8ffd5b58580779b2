/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_ATTRIBUTES_H
#define CGTPROXY_NFT_ATTRIBUTES_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What nf_tables says, read so that nothing of it is believed without a check. libnftnl's readers end the program where
 * an attribute is not what they expect, and trust the lengths within others' data.
 */

enum {
	ATTRIBUTES_MAX = 31, /* the largest type that is kept; nf_tables' are smaller */
};

/** Attributes by their type; NULL where there is none. They point into the message. */
struct attributes {
	const struct nlattr *of[ATTRIBUTES_MAX + 1];
};

/** Reads the attributes of a message of nf_tables. */
void attributes_of_message(struct attributes *attributes, const struct nlmsghdr *message);

/** Reads the attributes within another one, which may be NULL or no nest: there are none then. */
void attributes_of_nest(struct attributes *attributes, const struct nlattr *nest);

/** Returns an attribute's text, or NULL when it has none that ends. */
const char *attribute_text(const struct nlattr *attribute);

/** Copies a text, which may be NULL; returns whether it was one and fits @size bytes. */
bool text_copy(char *out, size_t size, const char *text);

/** Reads a number in network byte order; returns whether it is one. */
bool attribute_u32(const struct nlattr *attribute, uint32_t *number);

/** Likewise, of 64 bits. */
bool attribute_u64(const struct nlattr *attribute, uint64_t *number);

/** Adds a number in network byte order to a message. */
void attribute_put_u32(struct nlmsghdr *message, uint16_t type, uint32_t number);

#endif
