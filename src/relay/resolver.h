/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_RELAY_RESOLVER_H
#define CGTPROXY_RELAY_RESOLVER_H

#include "relay/state.h"

/*
 * Finds the upstream's addresses again when none of them can be reached: a host that moved, or another network. The
 * name service may take its time, so that a process of its own waits for it.
 */

/** Begins, unless the upstream has no name, or it is being looked for, or that was a moment ago. */
void resolver_ask(struct relay *relay, uint64_t now);

/** Gives up what has begun. */
void resolver_close(struct relay *relay);

#endif
