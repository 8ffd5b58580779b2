/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_LOADED_H
#define CGTPROXY_INSPECT_LOADED_H

#include "config/config.h"
#include "nft/ruleset.h"

#include <stdbool.h>

/* Whether the daemon of this network namespace has loaded a config. */

enum loaded {
	LOADED_UNKNOWN, /* a daemon runs, but what it has loaded can't be found out */
	LOADED_CURRENT, /* it has loaded the file as it is now */
	LOADED_EARLIER, /* it has loaded the file as it was before, or the built-in config before there was a file */
	LOADED_OTHER,	/* it has loaded another file */
	LOADED_LEFT,	/* no daemon runs, but the table of an earlier run still steers */
	LOADED_NOTHING, /* no daemon runs, and there is no table, as far as can be seen */
};

struct loaded_config {
	enum loaded state;
	bool is_certain;	    /* read from the kernel's table; otherwise only from /proc and systemd */
	char file[COMMENT_SIZE];    /* that the daemon has loaded; "" for the built-in config, or if unknown */
	char target[NFT_NAME_SIZE]; /* with LOADED_LEFT: of a new cgroup; "" if unknown */
};

/**
 * Finds out whether a config is in force. With CAP_NET_ADMIN, the table tells. Without it, the daemon's command line
 * and the times at which it was started and reloaded do, as far as systemd knows them.
 *
 * @config: as it was just read
 * @path:   of a cgroup to be created, for the target in a table without a daemon
 * @loaded: set
 */
void loaded_find(const struct config *config, const char *path, struct loaded_config *loaded);

/** Returns whether two paths name the same file. The first may be cut at its beginning, as stamp_read() has it. */
bool loaded_is_same_file(const char *stamped, const char *file);

#endif
