/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/status_sources.h"

#include "config/load.h"
#include "inspect/in_force.h"
#include "inspect/loaded.h"
#include "nft/owner.h"
#include "util/clock.h"

#include <errno.h>
#include <string.h>

int status_no_memory(struct error *error)
{
	return error_set(error, -ENOMEM, "no memory to collect the status");
}

static int read_table(struct status_sources *sources, struct status *status, struct error *error)
{
	int result = nft_open(&sources->nft, error);

	if (result == 0)
		result = held_table_read(&sources->nft, &sources->table, error);
	if (result == -EPERM)
		return error_set(
			error, result,
			"no permission to query nftables: this needs the capability CAP_NET_ADMIN. Run it as root");
	if (result < 0)
		return result;
	status->moment = clock_now();
	status->table = sources->table.dump.state;
	status->elements = sources->table.elements.count;
	status->stamp = sources->table.stamp;
	return nft_find_owner(&sources->nft, &status->table, &status->pid, error);
}

/* A process's first netlink socket, like the daemon's, has the process id as its port. */
static void look_at_owner(struct status *status)
{
	status->is_running = status->pid != 0;
	if (!status->is_running)
		return;
	process_of_port(status->pid, status->process);
	if (process_started(status->pid, &status->since) < 0)
		status->since = 0;
}

/* Returns whether it can be loaded. */
static bool load_file(const char *file, struct config **config, struct refusal *refusal)
{
	struct diagnostics diagnostics = {0};
	const bool is_valid = config_load(*file != '\0' ? file : NULL, config, &diagnostics) == 0;

	refusal_note(refusal, file, &diagnostics);
	diagnostics_clear(&diagnostics);
	return is_valid;
}

/* What the table was made from. */
static void load_own_config(struct status_sources *sources, struct status *status)
{
	const bool is_valid = load_file(status->stamp.file, &sources->file, &sources->refusal);

	if (status->config == STATUS_CONFIG_BUILT_IN) {
		/* a default file that there is by now is only judged */
		config_free(sources->file);
		sources->file = NULL;
	} else if (!is_valid) {
		status->config = STATUS_CONFIG_UNREADABLE;
	} else if (config_has_changed(status->stamp.file, status->stamp.loaded, status->stamp.version)) {
		status->config = STATUS_CONFIG_CHANGED;
	}
}

static void load_config(const char *file, struct status_sources *sources, struct status *status)
{
	if (status->stamp.loaded != 0)
		status->config = *status->stamp.file != '\0' ? STATUS_CONFIG_CURRENT : STATUS_CONFIG_BUILT_IN;
	if (file != NULL && (*status->stamp.file == '\0' || !loaded_is_same_file(status->stamp.file, file))) {
		if (status->stamp.loaded != 0)
			sources->given = file;
		if (load_file(file, &sources->file, &sources->given_refusal)) {
			status->config = STATUS_CONFIG_OTHER;
			return;
		}
	}
	if (status->config != STATUS_CONFIG_UNKNOWN)
		load_own_config(sources, status);
	else if (file == NULL && !status->table.exists)
		load_file("", &sources->file, &sources->refusal); /* which a start would read */
}

static bool goes_by_file(const struct status *status)
{
	return status->config == STATUS_CONFIG_CURRENT || status->config == STATUS_CONFIG_OTHER;
}

/* The file says more than the kernel shows, the rules for cgroups first of all; but only while it is what is in force.
 */
static int choose_config(struct status_sources *sources, const struct status *status, struct error *error)
{
	int result = 0;

	if (status->table.exists)
		result = in_force_read(&sources->nft, &sources->table.dump, &sources->held, error);
	sources->config = goes_by_file(status) ? sources->file : sources->held;
	return result;
}

int status_sources_read(const char *file, struct status_sources *sources, struct status *status, struct error *error)
{
	int result = read_table(sources, status, error);

	if (result < 0)
		return result;
	look_at_owner(status);
	load_config(file, sources, status);
	return choose_config(sources, status, error);
}

bool status_sources_are_in_force(const struct status_sources *sources, const struct status *status)
{
	return goes_by_file(status) || sources->config->route_table != 0;
}

void status_sources_take_over_ports(struct status_sources *sources)
{
	for (size_t i = 0; i < sources->held->proxy_count; i++) {
		struct proxy *proxy = config_find_proxy(sources->config, sources->held->proxies[i].name);

		if (proxy != NULL && sources->held->proxies[i].port != 0)
			proxy->port = sources->held->proxies[i].port;
	}
}

void status_sources_clear(struct status_sources *sources)
{
	config_free(sources->held);
	config_free(sources->file);
	refusal_clear(&sources->refusal);
	refusal_clear(&sources->given_refusal);
	held_table_clear(&sources->table);
	nft_close(&sources->nft);
}
