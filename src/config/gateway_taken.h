/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CONFIG_GATEWAY_TAKEN_H
#define CGTPROXY_CONFIG_GATEWAY_TAKEN_H

#include "config/config.h"

/*
 * What the gateway's rules have taken so far. Since the first match counts, a value that is, or lies in, one that was
 * taken earlier can never match.
 */

/** A rule that takes something. */
struct gateway_taker {
	size_t rule; /* in the gateway's order */
	int line;
};

/** Zeroed at first; gateway_taken_clear() it. */
struct gateway_taken {
	void *values;		  /* tsearch(3); none of them lies in another one that was taken earlier */
	bool has_all;		  /* every interface is taken, and with it every packet */
	struct gateway_taker all; /* the rule that does */
};

/**
 * Takes a value for a rule, unless it is taken already.
 *
 * Returns the rule that has it, owned by @taken, or NULL if it was free, or out of memory.
 */
const struct gateway_taker *gateway_take(struct gateway_taken *taken, enum gateway_selector selector,
					 const struct gateway_value *value, const struct gateway_taker *taker);

void gateway_taken_clear(struct gateway_taken *taken);

#endif
