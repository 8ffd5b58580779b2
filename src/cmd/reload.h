/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_RELOAD_H
#define CGTPROXY_CMD_RELOAD_H

#include "config/config.h"

enum reload {
	RELOAD_DONE,	      /* the daemon has the new config in force */
	RELOAD_NOT_RUNNING,   /* there is none */
	RELOAD_OTHER_CONFIG,  /* it runs with another file */
	RELOAD_NOT_PERMITTED, /* neither to find nor to signal it */
	RELOAD_TIMED_OUT,     /* it has not got it in force, at least not yet */
};

/**
 * Has the daemon of this network namespace read its config again, and waits until that is in force.
 *
 * @config: the new one; its file is compared with the daemon's
 */
enum reload reload_daemon(const struct config *config);

/** Returns what a person should know of a reload, and do; NULL for RELOAD_DONE. */
const char *reload_text(enum reload reload);

#endif
