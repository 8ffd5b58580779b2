/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_INSPECT_KNOWN_PROXIES_H
#define CGTPROXY_INSPECT_KNOWN_PROXIES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** A proxy server that can accept TPROXY connections. */
struct known_proxy {
	const char *name;
	/* other names of its processes and units, cut to the 15 characters that the kernel keeps; NULL-terminated */
	const char *aliases[6];
	const char *file_options[4];  /* that name its config file on its command line; NULL-terminated */
	const char *directory_option; /* that names the directory of its config.yaml, or NULL */
	const char *place;	      /* where in its config file the lines belong */
	const char *lines[2];	      /* before and after the port, each line with its newline but for the last */
};

/** The known proxies, ending with one without a name. */
extern const struct known_proxy known_proxies[];

/**
 * Looks a proxy up by the name of a process, as in /proc/PID/comm, or of a unit without its suffix.
 *
 * Returns it or NULL.
 */
const struct known_proxy *known_proxy_find(const char *name);

/** The same by the path of a cgroup: of a service with such a name, or of an instance of one ("mihomo@home.service").
 */
const struct known_proxy *known_proxy_find_by_unit(const char *cgroup);

/**
 * Finds a proxy's config file in its command line.
 *
 * @arguments: as in /proc/PID/cmdline, each with a NUL at its end, @length bytes; any bytes
 *
 * Returns the path, to be freed with free(), or NULL: if it is none or no absolute one, or out of memory.
 */
char *known_proxy_config_file(const struct known_proxy *proxy, const char *arguments, size_t length);

/** Writes the lines that make a proxy listen for TPROXY on a port, each indented by two spaces. */
void known_proxy_write_lines(const struct known_proxy *proxy, uint16_t port, FILE *out);

#endif
