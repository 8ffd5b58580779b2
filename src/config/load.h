/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_LOAD_H
#define CGTPROXY_CONFIG_LOAD_H

#include "config/config.h"
#include "config/diagnostic.h"
#include "config/dropins.h"
#include "config/files.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/** The config that is read if no other one is named. */
#define CONFIG_DEFAULT_DIRECTORY "/etc/cgtproxy"
#define CONFIG_FILE_NAME "config.yaml"
#define CONFIG_DEFAULT CONFIG_DEFAULT_DIRECTORY "/" CONFIG_FILE_NAME

/**
 * Reads and checks a config.
 *
 * @text:        YAML, @length bytes
 * @config:      set to the config, to be freed with config_free(); unchanged on error
 * @diagnostics: zeroed except for the file's name; collects all errors and warnings
 *
 * Returns 0 or -EINVAL with at least one error in @diagnostics.
 */
int config_parse(const char *text, size_t length, struct config **config, struct diagnostics *diagnostics);

/**
 * Reads and checks a config file and the drop-ins beside it, or the built-in default config if the default file does
 * not exist.
 *
 * @path: the file, or NULL for $CONFIGURATION_DIRECTORY/config.yaml, or else /etc/cgtproxy/config.yaml
 *
 * Returns 0, or a negative errno with an error in @diagnostics. Otherwise as config_parse().
 */
int config_load(const char *path, struct config **config, struct diagnostics *diagnostics);

/**
 * The same as if a drop-in had another content, or existed: to check a change before it is made.
 *
 * @instead: or NULL
 */
int config_load_changed(const char *path, const struct dropin_text *instead, struct config **config,
			struct diagnostics *diagnostics);

/**
 * The same without all rules, which the config then has none of, and the drop-ins. Errors in these don't count, and no
 * user is looked up, which may take services that are not there yet.
 */
int config_load_proxies(const char *path, struct config **config, struct diagnostics *diagnostics);

/**
 * Returns the directory of a config, which its drop-ins are in DROPIN_DIRECTORY of, to be freed with free(); NULL if
 * out of memory.
 *
 * @path: as for config_load()
 */
char *config_directory(const char *path);

/**
 * Returns the path of the default file: $CONFIGURATION_DIRECTORY/config.yaml, or else /etc/cgtproxy/config.yaml; to be
 * freed with free(). NULL if out of memory.
 */
char *config_default_path(void);

/** Looks at the files of a config: at itself and its drop-ins. What does not exist is left out. */
void config_files_look(const char *path, struct config_files *files);

/**
 * Returns whether the files of a config are others than those that were loaded.
 *
 * @loaded:  when that was
 * @version: of the files then, or 0 if it is unknown: what was changed within that second is then not seen
 */
bool config_has_changed(const char *path, time_t loaded, uint32_t version);

/** The built-in default config: every cgroup goes direct. */
extern const char config_default[];

#endif
