/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/target.h"

#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool target_find(const struct config *config, const char *name, uint32_t *target)
{
	for (*target = 0; *target < TARGET_FIRST_PROXY + config->proxy_count; (*target)++) {
		if (strcmp(name, config_target_name(config, *target)) == 0)
			return true;
	}
	return false;
}

void target_log_unknown(const struct config *config, const char *name)
{
	CLEANUP(freep) char *known = NULL;
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(strlen(name)));
	size_t size = 0;
	FILE *list = open_memstream(&known, &size);

	for (uint32_t i = 0; list != NULL && i < TARGET_FIRST_PROXY + config->proxy_count; i++)
		fprintf(list, "%s%s", i > 0 ? _(", ") : "", config_target_name(config, i));
	if (list == NULL || fclose(list) != 0 || shown == NULL)
		log_error("no memory");
	else
		log_error("there is no target \"%s\"; the config has: %s",
			  escape(shown, ESCAPED_SIZE(strlen(name)), name, strlen(name)), known);
}
