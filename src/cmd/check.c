/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/cmd.h"
#include "cmd/load.h"
#include "engine/compile.h"
#include "nft/nft.h"
#include "nft/probe.h"
#include "util/cleanup.h"
#include "util/log.h"

#include <stdio.h>
#include <string.h>

DEFINE_CLEANUP(struct config *, config_free)
DEFINE_CLEANUP(struct ruleset *, ruleset_free)

static int check_config(const struct config *config)
{
	if (config == NULL)
		return EXIT_ERROR;
	printf("config: ok (%zu %s, %zu %s)\n", config->rule_count, config->rule_count == 1 ? "rule" : "rules",
	       config->proxy_count, config->proxy_count == 1 ? "proxy" : "proxies");
	return EXIT_OK;
}

/* With the ruleset of the config itself, so that what it needs of the kernel is tried too. */
static int check_permission(const struct config *config)
{
	CLEANUP(ruleset_freep) struct ruleset *ruleset = NULL;
	CLEANUP(nft_close) struct nft nft = {0};
	struct error error;

	if (config == NULL)
		return EXIT_ERROR;
	ruleset = compile_ruleset(config);
	if (ruleset == NULL) {
		log_error("no memory for the rules of the config");
		return EXIT_ERROR;
	}
	if (nft_open(&nft, &error) < 0 || nft_try(&nft, ruleset, &error) < 0) {
		log_error("%s", error.text);
		return EXIT_ERROR;
	}
	puts("permission: ok (nftables takes the ruleset; nothing was applied)");
	return EXIT_OK;
}

int cmd_check(const struct arguments *arguments)
{
	const char *what = arguments->count > 0 ? arguments->words[0] : NULL;
	CLEANUP(config_freep) struct config *config = NULL;
	int code = EXIT_OK;

	if (arguments->count > 1 || (what != NULL && strcmp(what, "config") != 0 && strcmp(what, "permission") != 0)) {
		log_error("check what? Usage: cgtproxy check [config|permission]");
		return EXIT_USAGE;
	}
	config = load_config(arguments);
	if (what == NULL || strcmp(what, "config") == 0)
		code = check_config(config);
	if (code == EXIT_OK && (what == NULL || strcmp(what, "permission") == 0))
		code = check_permission(config);
	return code;
}
