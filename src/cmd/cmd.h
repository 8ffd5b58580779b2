/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#ifndef CGTPROXY_CMD_CMD_H
#define CGTPROXY_CMD_CMD_H

#include <stdbool.h>

/* The subcommands. Each prints its own errors and returns the exit code of the program. */

enum {
	EXIT_OK = 0,
	EXIT_ERROR = 1,
	EXIT_USAGE = 2,
	EXIT_DIFFERS = 3, /* the kernel's state differs from the config */
	EXIT_CONFIG =
		78, /* EX_CONFIG of sysexits.h: the daemon can't start with this config; cgtproxy.service names it */
};

/** How to print JSON, if at all. */
enum json_format {
	JSON_FORMAT_OFF,
	JSON_FORMAT_PRETTY,
	JSON_FORMAT_SHORT, /* in one line */
};

/** The command line, as every command gets it. */
struct arguments {
	const char *config; /* -c FILE, or NULL */
	const char *pid;    /* --pid PID as given, or NULL */
	const char *to;	    /* --to ADDRESS as given, or NULL */
	enum json_format json;
	bool watch;
	bool openmetrics;
	bool list;
	const char *forget; /* --forget NAME, or NULL */
	bool all;	    /* list everything */
	bool no_legend;	    /* no headings of tables */
	bool no_pager;
	bool yes;     /* no questions */
	char **words; /* the words after the command's name, without options; NULL-terminated */
	int count;
};

/** Runs in the foreground until SIGTERM or SIGINT. */
int cmd_daemon(const struct arguments *arguments);

/** Lists what runs, where its traffic goes, and how much of it. */
int cmd_apps(const struct arguments *arguments);

/** Checks the config, the permission, the system, or all of them. */
int cmd_check(const struct arguments *arguments);

/** Removes what a kept or killed run left in the kernel. */
int cmd_clear(const struct arguments *arguments);

/** Prints where a cgroup's traffic goes and why. */
int cmd_explain(const struct arguments *arguments);

/** Runs a program in a slice whose traffic goes to a given target; returns only on failure. */
int cmd_exec(const struct arguments *arguments);

/** Writes a first config for the proxy that runs on this host. */
int cmd_init(const struct arguments *arguments);

/** Prints what is running and in force, according to the kernel. */
int cmd_status(const struct arguments *arguments);

/** Runs the relay of a proxy in the foreground; returns only on failure. */
int cmd_relay(const struct arguments *arguments);

/** Prints the ruleset as nft text and applies nothing. */
int cmd_render(const struct arguments *arguments);

/** Writes a rule for what a word names, lists those written so, or removes one. */
int cmd_route(const struct arguments *arguments);

/** Prints the names of the targets a rule can have, one per line. */
int cmd_targets(const struct arguments *arguments);

/** Shows on the whole screen what runs, where its traffic goes, and how fast; returns only on failure. */
int cmd_top(const struct arguments *arguments);

#endif
