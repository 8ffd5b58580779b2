/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_DROPINS_H
#define CGTPROXY_CONFIG_DROPINS_H

#include "config/config.h"
#include "config/diagnostic.h"
#include "config/files.h"

/*
 * Files with more rules: those in the directory config.d beside the config whose names end in ".yaml". They are read in
 * the order of their names, and their rules come before those of the config.
 */

#define DROPIN_DIRECTORY "config.d"

/** The drop-in that "cgtproxy route" writes its rules to, and the same from the directory of the config. */
#define ROUTES_FILE "50-route.yaml"
#define ROUTES_PLACE DROPIN_DIRECTORY "/" ROUTES_FILE

/** A text to be read in the place of a drop-in, which need not exist. */
struct dropin_text {
	const char *name; /* without the directory */
	const char *text;
	size_t length;
};

/**
 * Reads the drop-ins of a config and puts their rules in front of its own.
 *
 * @path:    of the directory that the config is in
 * @instead: or NULL
 * @config:  read, with its proxies
 *
 * Returns 0, also without any, or a negative errno with an error in @diagnostics.
 */
int dropins_load(const char *path, const struct dropin_text *instead, struct config *config,
		 struct diagnostics *diagnostics);

/**
 * Adds the drop-ins to the files of a config.
 *
 * @path: of the directory that the config is in
 */
void dropins_look(const char *path, struct config_files *files);

#endif
