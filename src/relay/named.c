/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/named.h"

#include "config/load.h"
#include "util/escape.h"
#include "util/log.h"

#include <string.h>

static struct proxy *find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (strcmp(config->proxies[i].name, name) == 0)
			return &config->proxies[i];
	}
	return NULL;
}

struct config *named_relay_load(const char *file, const char *name, struct proxy **proxy)
{
	char shown[ESCAPED_SIZE(PROXY_NAME_MAX)];
	struct diagnostics diagnostics = {0};
	struct config *config = NULL;

	config_load(file, &config, &diagnostics);
	diagnostics_log(&diagnostics);
	diagnostics_clear(&diagnostics);
	if (config == NULL)
		return NULL;
	*proxy = find(config, name);
	if (*proxy != NULL && (*proxy)->relay.enabled)
		return config;
	escape(shown, sizeof(shown), name, strlen(name));
	if (*proxy == NULL)
		log_error("there is no proxy \"%s\" under \"tproxies\" of the config", shown);
	else
		log_error("the proxy %s has no relay: write \"relay: {upstream: URL}\" below its name in the config",
			  shown);
	config_free(config);
	return NULL;
}
