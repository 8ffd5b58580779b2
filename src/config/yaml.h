/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_YAML_H
#define CGTPROXY_CONFIG_YAML_H

#include "config/diagnostic.h"
#include "util/escape.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The parts of YAML that configs need: documents, lists, scalars, and their positions in the file; maps are in keys.h.
 * Aliases are followed when they are read, so that no file is larger in memory than on disk.
 */

struct fy_document;
struct fy_node;

enum {
	/* far more than anyone writes; without a limit, a config could be a block device */
	YAML_SIZE_MAX = 4 << 20,
	/* this much of a value is shown in a message, escaped and quoted */
	YAML_SHOWN_BYTES = 48,
	YAML_SHOWN_SIZE = ESCAPED_SIZE(YAML_SHOWN_BYTES) + 5,
};

/**
 * Parses a text with one document.
 *
 * Returns the document, to be freed with yaml_free(), or NULL: with errors in @diagnostics, or without if it is empty.
 */
struct fy_document *yaml_parse(const char *text, size_t length, struct diagnostics *diagnostics);

void yaml_free(struct fy_document *document);

/** Reads each item of a list; anything but a list is an error. Returns whether it is a list. */
bool yaml_read_list(struct fy_node *node, const char *what,
		    void (*read)(struct fy_node *item, struct diagnostics *diagnostics, void *userdata),
		    struct diagnostics *diagnostics, void *userdata);

/** Follows an alias. Returns NULL, with an error, if it leads nowhere or too much has been read. */
struct fy_node *yaml_follow(struct fy_node *node, struct diagnostics *diagnostics);

/**
 * Accounts for a node that is read. An alias's target is read once per alias, so a small file could cause much reading;
 * a file without aliases is never read beyond its own size.
 *
 * Returns false if too much has been read, with an error the first time.
 */
bool yaml_is_affordable(struct fy_node *node, struct diagnostics *diagnostics);

/** Returns the text of a scalar and its length, or NULL for a map or a list. It belongs to the document. */
const char *yaml_text(struct fy_node *node, size_t *length);

/** Returns whether a value is a scalar with exactly this text. */
bool yaml_text_is(struct fy_node *node, const char *expected);

/**
 * Writes a text as a scalar that reads as just this text, in single quotes if need be (yaml.org/spec/1.2.2, 7.3.2).
 *
 * @text: without line breaks and control characters, which take double quotes
 *
 * Returns it, to be freed with free(), or NULL if out of memory.
 */
char *yaml_write_scalar(const char *text);

/** Returns whether a value is a list. */
bool yaml_is_list(struct fy_node *node);

/** Returns whether a scalar is written without quotes, so that it may be a number, a bool or null. */
bool yaml_is_plain(struct fy_node *node);

/** Returns whether a value is missing or null. */
bool yaml_is_null(struct fy_node *node);

/** Returns the document's root, or NULL if it is empty. */
struct fy_node *yaml_root(struct fy_document *document);

/** Returns where a node begins in the file. */
struct position yaml_position(struct fy_node *node);

/**
 * Describes a node for a message: its text in quotes, escaped and truncated, or "a map", "a list", "nothing".
 *
 * @out: YAML_SHOWN_SIZE bytes
 *
 * Returns @out.
 */
const char *yaml_show(struct fy_node *node, char *out);

/** Reports "WHAT: expected KIND, got ..." for a node, and returns false. */
bool yaml_expected(struct fy_node *node, const char *what, const char *kind, struct diagnostics *diagnostics);

#endif
