/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Writes the JSON schema of the config, or of the files in config.d. Part of the build.
 * Usage: make-schema config|dropin FILE
 */

#include "config/schema.h"

#include <stdio.h>
#include <string.h>

static json_t *make(const char *what)
{
	if (strcmp(what, "config") == 0)
		return schema_of_config();
	return strcmp(what, "dropin") == 0 ? schema_of_dropin() : NULL;
}

int main(int argc, char **argv)
{
	json_t *schema = argc == 3 ? make(argv[1]) : NULL;

	if (schema == NULL) {
		fputs("make-schema: out of memory, or a key in the tables of src/config has no form or no text about "
		      "it; or not called as make-schema config|dropin FILE\n",
		      stderr);
		return 1;
	}
	if (json_dump_file(schema, argv[2], JSON_INDENT(2)) < 0) {
		perror(argv[2]);
		return 1;
	}
	json_decref(schema);
	return 0;
}
