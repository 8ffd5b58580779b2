/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_HOST_H
#define CGTPROXY_INSPECT_HOST_H

#include <stdbool.h>

/* How this host is set up, as far as it matters to steered traffic. */

/** Reads how many inotify watches a user may have. Returns whether that is known. */
bool host_inotify_watches(unsigned long long *watches);

/** Returns whether systemd-networkd, if it runs, removes policy rules of other programs (networkd.conf(5)). */
bool host_networkd_removes_rules(void);

/** Returns whether programs hand questions to systemd-resolved before they ask name servers (nsswitch.conf(5)). */
bool host_asks_resolved_before_dns(void);

/** Returns whether bridged packets pass nftables' chains for IP. */
bool host_filters_bridges(void);

#endif
