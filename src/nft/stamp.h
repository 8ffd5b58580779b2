/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_STAMP_H
#define CGTPROXY_NFT_STAMP_H

#include "nft/ruleset.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/*
 * Which config a table was made from, and when it was read: "config /etc/cgtproxy/config.yaml loaded
 * 2026-01-02T03:04:05Z". It is kept in the table itself, as the comment of a rule, so that it is there for whoever
 * looks, and can't speak of another table than the one in force.
 */

/**
 * Writes it down.
 *
 * @out:    COMMENT_SIZE bytes
 * @file:   absolute path of the config file, or NULL for the built-in config; the end of a long one is kept
 * @loaded: when it was read
 */
void stamp_write(char *out, const char *file, time_t loaded);

/**
 * Reads it back.
 *
 * @about: as stamp_write() made it, or anything else
 * @file:  @size bytes; set to the path, "" for the built-in config; one that was shortened begins with "..."
 *
 * Returns whether it could be read.
 */
bool stamp_read(const char *about, char *file, size_t size, time_t *loaded);

#endif
