/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/targets.h"

#include "config/value.h"
#include "util/language.h"

bool read_target_proxy(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct target_reader *reader = out;
	const struct config *config = reader->config;

	reader->count++;
	for (uint32_t i = 0; i < config->proxy_count; i++) {
		if (yaml_text_is(node, config->proxies[i].name)) {
			reader->target = TARGET_FIRST_PROXY + i;
			return true;
		}
	}
	return yaml_expected(node, key->name, _("the name of a proxy under \"tproxies\""), diagnostics);
}

bool read_target_switch(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct target_reader *reader = out;
	bool chosen = true; /* a value that is not a bool counts too, so that only one error is reported */
	bool is_bool = value_bool(node, key, &chosen, diagnostics);

	if (chosen) {
		reader->count++;
		reader->target = key->choice;
	}
	return is_bool;
}

void check_target(const struct target_reader *reader, struct position position, struct diagnostics *diagnostics)
{
	if (reader->count != 1)
		diagnose(diagnostics, SEVERITY_ERROR, position,
			 "a rule needs exactly one target: \"tproxy: NAME\", \"direct: true\", \"drop: true\" or "
			 "\"refuse: true\"; this has %d",
			 reader->count);
}
