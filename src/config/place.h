/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_PLACE_H
#define CGTPROXY_CONFIG_PLACE_H

#include "config/diagnostic.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Positions of a YAML document's nodes in its text. For scalars with a text, all versions of libfyaml report the same
 * position. For empty ones, 0.7 reports none, and 0.8 and 0.9 the end of the preceding token.
 */

struct fy_document;
struct fy_node;

/**
 * Gives each item of a block sequence that is empty, or begins with an empty node, the position of its dash.
 *
 * @text: the text @document was parsed from
 *
 * Returns false if out of memory; the document stays usable.
 */
bool place_items(struct fy_document *document, const char *text, size_t length);

/**
 * Returns where a node begins: a map at its first key, a list at its first item, an empty item at its dash, another
 * empty value at its key. {0} if there is none of these.
 */
struct position place_of(struct fy_node *node);

/** Returns where a document begins: at its first node, or at its "---" if no node has a position. */
struct position place_of_document(struct fy_document *document);

#endif
