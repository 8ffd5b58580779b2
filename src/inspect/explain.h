/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_EXPLAIN_H
#define CGTPROXY_INSPECT_EXPLAIN_H

#include "cgroup/tree.h"
#include "engine/instance.h"
#include "inspect/kernel.h"
#include "inspect/trace.h"
#include "nft/ruleset.h"
#include "util/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a cgroup's traffic goes where it goes, according to the config and to the kernel's state. */

/** What explanations are made from. */
struct explainer {
	struct instance *instance; /* of the config */
	bool is_broken; /* the config can't be read, and the instance is the built-in one's: only the kernel counts */
	const char *mount; /* path of the cgroup2 mount, or NULL if there is none */
	struct kernel kernel;
	struct ruleset *ruleset; /* the config's, with the kernel's bypass sets and containers where
				    they are known */
};

enum {
	/* TCP, UDP and other protocols, and the first two to port 53 */
	TRACES_MAX = 5,
};

struct explanation {
	char *path;
	int32_t rule;	    /* in force, or NO_RULE */
	bool *matched;	    /* for each rule, whether it matches the deciding part of the path */
	size_t decides;	    /* the length of that part: less than the path's if an ancestor's target is inherited */
	const char *target; /* "direct", "drop", "refuse" or the proxy's name; belongs to the config */

	enum kernel_view view;
	char kernel[NFT_NAME_SIZE]; /* with KERNEL_STEERS: the target in the kernel */
	struct error reason;	    /* with KERNEL_UNKNOWN: why */
	bool differs;		    /* the cgroup exists, and its target in the kernel is not the config's */

	struct trace traces[TRACES_MAX]; /* by explain_packets() */
	size_t trace_count;
};

/**
 * Prepares for explanations.
 *
 * @config:    the explainer takes ownership, also on failure; NULL if it can't be read
 * @mount:     must outlive the explainer
 * @explainer: release with explainer_clear(), also on failure
 *
 * Returns 0 or -ENOMEM.
 */
int explainer_open(struct config *config, const char *mount, struct explainer *explainer);

/**
 * Explains a cgroup, which need not exist.
 *
 * @path:        below the mount, as from cgroup_path_parse()
 * @explanation: release with explanation_clear(), also on failure
 *
 * Returns 0 or -ENOMEM.
 */
int explain_cgroup(struct explainer *explainer, const char *path, struct explanation *explanation);

/** Returns the target in force: the kernel's if it is known, else the config's. */
const char *explanation_target(const struct explanation *explanation);

/** Returns whether the target is inherited from an ancestor. */
bool explanation_is_inherited(const struct explanation *explanation);

/** Adds what becomes of packets from the cgroup to a destination. */
void explain_packets(const struct explainer *explainer, const struct destination *destination,
		     struct explanation *explanation);

/** Returns whether a socket takes what goes to a proxy's port by a trace; also when that can't be found out. */
bool explain_is_listened_to(const struct trace *trace);

void explanation_clear(struct explanation *explanation);

void explainer_clear(struct explainer *explainer);

#endif
