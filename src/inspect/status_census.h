/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_STATUS_CENSUS_H
#define CGTPROXY_INSPECT_STATUS_CENSUS_H

#include "inspect/status_sources.h"

/**
 * Fills in the part of the status that is about cgroups: which have a target of their own, how many cgroups and sockets
 * each target has, and who listens for the proxies. The status has its targets.
 *
 * Returns 0 or a negative errno with @error.
 */
int status_take_census(const struct status_sources *sources, struct status *status, struct error *error);

#endif
