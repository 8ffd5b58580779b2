/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_PLACE_H
#define CGTPROXY_CONFIG_PLACE_H

#include "config/diagnostic.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Where the nodes of a YAML document stand in its text. libfyaml marks scalars that have a text, and those alike in all
 * its versions; what it says of empty ones differs: 0.7 nothing, and 0.8 and 0.9 where the token before them ends.
 */

struct fy_document;
struct fy_node;

/**
 * Gives each item of a block's list that is empty, or begins with something empty, the place of its dash.
 *
 * @text: what @document was parsed from
 *
 * Returns false when there is no memory; the document is as good as before then.
 */
bool place_items(struct fy_document *document, const char *text, size_t length);

/**
 * Returns where a node begins: a map where its first key does, a list where its first item does, an empty item at its
 * dash, another empty value at its key. {0} where none of these is there.
 */
struct position place_of(struct fy_node *node);

/** Returns where a document begins: at its first node, or at its "---" when it has none with a place. */
struct position place_of_document(struct fy_document *document);

#endif
