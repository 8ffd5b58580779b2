/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_NFT_STAMP_H
#define CGTPROXY_NFT_STAMP_H

#include "nft/ruleset.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * Which config a table was created from, and when that was loaded: "config /etc/cgtproxy/config.yaml loaded
 * 2026-01-02T03:04:05.678901Z 0badcafe". The number at its end is a version of the files, as they were then. It is
 * stored in the table itself, as the comment of a rule, so anyone can read it and it always describes the table in
 * force.
 */

struct stamp {
	char file[COMMENT_SIZE]; /* "" for the built-in config; a truncated path begins with "..." */
	time_t loaded;
	uint32_t version; /* of the files, or 0: an older stamp has none, and its time is in whole seconds */
};

/**
 * Formats a stamp.
 *
 * @out:     COMMENT_SIZE bytes
 * @file:    absolute path of the config file, or NULL for the built-in config; a long path is truncated at its
 * beginning
 * @loaded:  when it was loaded; each time gives another stamp
 * @version: of its files then
 */
void stamp_write(char *out, const char *file, const struct timespec *loaded, uint32_t version);

/**
 * Parses a stamp.
 *
 * @about: written by stamp_write(), or any other text
 *
 * Returns whether it could be parsed; otherwise @stamp is zeroed.
 */
bool stamp_read(const char *about, struct stamp *stamp);

#endif
