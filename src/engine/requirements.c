/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "engine/requirements.h"

#include "engine/census.h"
#include "engine/compile.h"
#include "nft/nft.h"
#include "util/cleanup.h"

int requirements_try(const struct config *config, struct error *error)
{
	CLEANUP(nft_close) struct nft nft = {0};
	CLEANUP(census_close) struct census census = {.sockets.poll = -1};
	int result = nft_open(&nft, error);

	if (result == 0)
		result = compile_and_dry_run(&nft, config, error);
	return result == 0 ? census_open(&census, error) : result;
}
