/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_SCHEMA_H
#define CGTPROXY_CONFIG_SCHEMA_H

#include <jansson.h>

/*
 * The config as a JSON schema, for editors. It is draft 7, the last one that yaml-language-server knows, and follows
 * from the tables of keys.
 *
 * A document that it accepts can still be refused by the daemon: it can't say that two marks overlap, that a regular
 * expression is wrong, or that no proxy has the name in a rule. Keys that the daemon warns of and ignores are errors.
 */

/** Returns the schema of a config, to be released with json_decref(), or NULL if out of memory or a key has no form. */
json_t *schema_of_config(void);

/** Returns the schema of a file in config.d, which has rules only; otherwise like schema_of_config(). */
json_t *schema_of_dropin(void);

#endif
