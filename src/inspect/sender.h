/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_SENDER_H
#define CGTPROXY_INSPECT_SENDER_H

#include "inspect/explain.h"
#include "inspect/gateway_match.h"
#include "util/error.h"

#include <stdbool.h>

/* Another host that sends through this one, and where its traffic goes. */

/**
 * Reads an IP or MAC address, or "interface:" and a name, and asks the kernel for the rest.
 *
 * Returns 1, 0 if the word is none of that, -EINVAL if it can't be another host, or another negative errno, with
 * @error.
 */
int sender_read(const char *word, struct sender *sender, struct error *error);

struct sender_explanation {
	char target[NFT_NAME_SIZE];
	bool is_container; /* whose cgroup has that target */
	int32_t rule;	   /* else that of the gateway, or NO_RULE */
	enum kernel_view view;
	bool differs; /* the kernel has other rules */
	struct trace traces[TRACES_MAX];
	size_t trace_count;
};

/** Explains where a sender's traffic goes, and with a destination, what becomes of packets to that. */
void sender_explain(const struct explainer *explainer, const struct sender *sender,
		    const struct destination *destination, struct sender_explanation *explanation);

#endif
