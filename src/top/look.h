/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_TOP_LOOK_H
#define CGTPROXY_TOP_LOOK_H

#include "cmd/cmd.h"
#include "config/config.h"
#include "desktop/entries.h"
#include "inspect/applications.h"
#include "inspect/rates.h"
#include "inspect/traffic.h"
#include "util/error.h"

#include <stdint.h>

/** What runs at one moment, and how fast. */
struct look {
	struct config *config; /* as it is on disk; NULL if it has errors */
	struct applications applications;
	struct traffic_list traffic;
	struct traffic_rate *rates; /* of each application, since the look before */
	uint64_t moment;	    /* usec, of clock_now() */
};

/**
 * Finds out what runs now. Errors in the config are logged.
 *
 * @entries: kept from look to look
 * @before:  an earlier look, or NULL
 * @look:    zeroed; release with look_clear(), also on failure
 *
 * Returns 0 or a negative errno with @error.
 */
int look_take(const struct arguments *arguments, struct desktop_entries *entries, const struct look *before,
	      struct look *look, struct error *error);

void look_clear(struct look *look);

#endif
