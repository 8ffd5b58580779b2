/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_STAMP_H
#define CGTPROXY_NFT_STAMP_H

#include "nft/ruleset.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/*
 * Which config a table was created from, and when that was loaded: "config /etc/cgtproxy/config.yaml loaded
 * 2026-01-02T03:04:05Z". It is stored in the table itself, as the comment of a rule, so anyone can read it and it
 * always describes the table in force.
 */

/**
 * Formats a stamp.
 *
 * @out:    COMMENT_SIZE bytes
 * @file:   absolute path of the config file, or NULL for the built-in config; a long path is truncated at its beginning
 * @loaded: when it was loaded
 */
void stamp_write(char *out, const char *file, time_t loaded);

/**
 * Parses a stamp.
 *
 * @about: written by stamp_write(), or any other text
 * @file:  @size bytes; set to the path, "" for the built-in config; a truncated path begins with "..."
 *
 * Returns whether it could be parsed.
 */
bool stamp_read(const char *about, char *file, size_t size, time_t *loaded);

#endif
