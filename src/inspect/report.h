/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_REPORT_H
#define CGTPROXY_INSPECT_REPORT_H

#include "inspect/container_list.h"
#include "inspect/explain.h"
#include "inspect/members.h"
#include "inspect/strays.h"
#include "inspect/subject.h"

/** All that "explain" says about a subject. */
struct report {
	struct subject subject;
	struct explanation *items; /* its cgroups, and those below of something named with another target */
	size_t count;
	size_t capacity;
	struct members members; /* its processes */
	struct strays strays;	/* their sockets that belong elsewhere */
};

/** What to report on. */
struct question {
	struct explainer *explainer;
	const struct cgroup_index *index;	 /* or NULL if it could not be read */
	const struct container_list *containers; /* or NULL if they are not covered */
	const struct destination *destination;	 /* or NULL */
	uint32_t pid;				 /* the only process of interest, or 0 */
};

/**
 * Makes a report.
 *
 * @report: its subject is given; release with report_clear(), also on failure
 *
 * Returns 0 or a negative errno with @error.
 */
int report_make(const struct question *question, struct report *report, struct error *error);

/** Returns whether the kernel and the config disagree about a cgroup. */
bool report_differs(const struct report *report);

void report_clear(struct report *report);

#endif
