/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_ROUTES_FILE_H
#define CGTPROXY_CMD_ROUTES_FILE_H

#include "cmd/cmd.h"
#include "config/config.h"
#include "config/dropin_edit.h"
#include "config/dropins.h"

#include <stdbool.h>

/* The drop-in that "cgtproxy route" writes its rules to. */

struct routes_file {
	char *path;    /* of the directory that the config is in */
	int directory; /* descriptor of the drop-ins', or -1 */
	int lock;      /* of the file that is locked, or -1 */
	char *text;    /* @length bytes */
	size_t length;
	struct written_rules rules;
	bool is_denied; /* set when it could not be read or written for lack of permission */
};

/**
 * Reads the drop-in; one that does not exist is empty. Logs what goes wrong.
 *
 * @change: also create its directory, and lock it until the file is closed, so that two changes at the same time don't
 *          undo each other
 * @file:   zeroed; release with routes_file_close(), also on failure
 *
 * Returns EXIT_OK or EXIT_ERROR.
 */
int routes_file_open(const struct arguments *arguments, bool change, struct routes_file *file);

/**
 * Checks the whole config with a new text of the drop-in.
 *
 * @rule: the rule that is new in it: what is wrong with this one is logged as about what it selects, not as about a
 *        line of a file that nobody has; or NULL
 * @code: set to EXIT_OK; to EXIT_USAGE if only that rule is wrong, or to EXIT_ERROR
 *
 * Returns the config as it would be, to be freed with config_free(), or NULL, with what is wrong logged.
 */
struct config *routes_file_check(const struct arguments *arguments, const char *edited, const struct written_rule *rule,
				 int *code);

/** Writes a new text of the drop-in. Logs what goes wrong. Returns EXIT_OK or EXIT_ERROR. */
int routes_file_write(struct routes_file *file, const char *edited);

void routes_file_close(struct routes_file *file);

#endif
