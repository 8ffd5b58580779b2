/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_HOST_H
#define CGTPROXY_INSPECT_HOST_H

#include <stdbool.h>

/* The host's settings that matter to steered traffic. */

/** Reads the inotify watch limit per user. Returns whether it is known. */
bool host_inotify_watches(unsigned long long *watches);

/** Returns whether systemd-networkd, if it runs, removes policy rules of other programs (networkd.conf(5)). */
bool host_networkd_removes_rules(void);

/** Returns whether programs ask systemd-resolved before DNS servers (nsswitch.conf(5)). */
bool host_asks_resolved_before_dns(void);

/** Returns whether bridged packets of IPv4 or IPv6 pass nftables' chains for IP. */
bool host_filters_bridges(bool is_ip6);

#endif
