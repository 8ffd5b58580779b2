/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_YAML_H
#define CGTPROXY_CONFIG_YAML_H

#include "config/diagnostic.h"
#include "util/escape.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the config's reader needs of YAML: documents, lists, scalars, and where each stands in the file; maps are in
 * keys.h. Aliases are followed where they are met, so that no file is larger in memory than it is on disk.
 */

struct fy_document;
struct fy_node;

enum {
	/* far more than any person writes; without a bound a config could be a disk */
	YAML_SIZE_MAX = 4 << 20,
	/* so much of a value is shown in a message, escaped and in quotes */
	YAML_SHOWN_BYTES = 48,
	YAML_SHOWN_SIZE = ESCAPED_SIZE(YAML_SHOWN_BYTES) + 5,
};

/**
 * Parses a text of one document.
 *
 * Returns the document, for yaml_free(), or NULL: with errors in @diagnostics, or without when there is nothing in it.
 */
struct fy_document *yaml_parse(const char *text, size_t length, struct diagnostics *diagnostics);

void yaml_free(struct fy_document *document);

/** Reads each item of a list; anything but a list is an error. Returns whether it is a list. */
bool yaml_read_list(struct fy_node *node, const char *what,
		    void (*read)(struct fy_node *item, struct diagnostics *diagnostics, void *userdata),
		    struct diagnostics *diagnostics, void *userdata);

/** Follows an alias. Returns NULL, with an error, when it leads nowhere, or too much was read already. */
struct fy_node *yaml_follow(struct fy_node *node, struct diagnostics *diagnostics);

/**
 * Takes account of a node that is read. What aliases lead to is read once for each of them, and a small file could make
 * that much; a file without aliases never reads more than its own size.
 *
 * Returns false when too much was read already, with an error at the first time.
 */
bool yaml_is_affordable(struct fy_node *node, struct diagnostics *diagnostics);

/** Returns the text of a scalar and its length, or NULL for a map or a list. It belongs to the document. */
const char *yaml_text(struct fy_node *node, size_t *length);

/** Returns whether a value is a scalar with just this text. */
bool yaml_text_is(struct fy_node *node, const char *expected);

/** Returns whether a value is a list. */
bool yaml_is_list(struct fy_node *node);

/** Returns whether a scalar was written without quotes, so that it may mean a number, a bool or null. */
bool yaml_is_plain(struct fy_node *node);

/** Returns whether a value is missing or null. */
bool yaml_is_null(struct fy_node *node);

/** Returns the document's root, NULL when it is empty. */
struct fy_node *yaml_root(struct fy_document *document);

/** Returns where a node begins in the file. */
struct position yaml_position(struct fy_node *node);

/**
 * Says what a node is, for a message: its text in quotes, escaped and cut, or "a map", "a list", "nothing".
 *
 * @out: YAML_SHOWN_SIZE bytes
 *
 * Returns @out.
 */
const char *yaml_show(struct fy_node *node, char *out);

/** Reports "WHAT: expected KIND, got ..." for a node, and returns false. */
bool yaml_expected(struct fy_node *node, const char *what, const char *kind, struct diagnostics *diagnostics);

#endif
