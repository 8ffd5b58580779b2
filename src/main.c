/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The table of subcommands, and the options that all of them share. */

#include "cmd/cmd.h"
#include "util/escape.h"
#include "util/log.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(const struct arguments *arguments);
	const char *synopsis;
	const char *help;
} commands[] = {
	{"check", cmd_check, "check [config|permission|system]",
	 "Check the config, the permission and the system, or one of them. Changes nothing.\n"
	 "  config      what is wrong with the file; needs no permission\n"
	 "  permission  whether the kernel would let the rules of this config into force\n"
	 "  system      what on this host may keep them from working"},
	{"clear", cmd_clear, "clear",
	 "Remove what a killed run, or one with on-stop: keep, has left. All traffic goes direct then. Refuses while "
	 "the\n"
	 "daemon runs, which removes its rules when it is stopped."},
	{"render", cmd_render, "render",
	 "Print the ruleset as text for \"nft -f\". It is what the config makes of the cgroups that exist now. Changes "
	 "nothing."},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

enum option_code {
	OPTION_CONFIG = 'c',
	OPTION_HELP = 'h',
	OPTION_VERSION = 'V',
	OPTION_IGNORED = 256,
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	/* of the Go daemon; they mean nothing here */
	{"reuse-netlink-socket", optional_argument, NULL, OPTION_IGNORED},
	{"cpu-profile", required_argument, NULL, OPTION_IGNORED},
	{"block-profile", required_argument, NULL, OPTION_IGNORED},
	{0},
};

static void print_help(void)
{
	puts("Usage: cgtproxy [OPTION...] [COMMAND]\n"
	     "\n"
	     "Send the traffic of programs through a transparent proxy, straight out, or nowhere, by the cgroup that "
	     "each\n"
	     "runs in. Without a command, run in the foreground and keep the rules in force until SIGTERM or SIGINT.\n"
	     "\n"
	     "Commands:");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-33s%.*s\n", commands[i].synopsis, (int)strcspn(commands[i].help, "."), commands[i].help);
	puts("\n"
	     "Options:\n"
	     "  -c, --config FILE                the config file [/etc/cgtproxy/config.yaml]\n"
	     "  -h, --help                       show this help, or that of a command\n"
	     "  -V, --version                    show the version\n"
	     "\n"
	     "Environment:\n"
	     "  LOG_LEVEL                        debug, info, warn or error [info]\n"
	     "  CONFIGURATION_DIRECTORY          where config.yaml is looked for without -c\n"
	     "\n"
	     "Running it, and \"check permission\", take the capability CAP_NET_ADMIN.");
}

static void print_command_help(const struct command *command)
{
	printf("Usage: cgtproxy [-c FILE] %s\n\n%s\n", command->synopsis, command->help);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int complain(const char *what, const char *word)
{
	char shown[256];

	escape(shown, sizeof(shown), word, strlen(word));
	log_error("%s \"%s\"; see cgtproxy --help", what, shown);
	return EXIT_USAGE;
}

/* Options are taken wherever they stand, as the Go daemon does; getopt_long() moves all other words to the end. */
int main(int argc, char **argv)
{
	struct arguments arguments = {0};
	const struct command *command = NULL;
	bool help = false;
	int option = 0;

	log_open();
	while ((option = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_CONFIG:
			arguments.config = optarg;
			break;
		case OPTION_HELP:
			help = true;
			break;
		case OPTION_VERSION:
			puts("cgtproxy " CGTPROXY_VERSION);
			return EXIT_OK;
		case OPTION_IGNORED:
			log_debug("an option of the Go daemon's that means nothing here is ignored");
			break;
		default:
			fputs("Try \"cgtproxy --help\".\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		command = find_command(argv[optind]);
		if (command == NULL)
			return complain("unknown command", argv[optind]);
		arguments.words = argv + optind + 1;
		arguments.count = argc - optind - 1;
	}
	if (help && command != NULL)
		print_command_help(command);
	else if (help)
		print_help();
	else
		return command != NULL ? command->run(&arguments) : cmd_daemon(&arguments);
	return EXIT_OK;
}
