/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The table of subcommands, and the options of the command line. */

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/pager.h"
#include "inspect/similar.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	TAKES_JSON = 1,
	TAKES_PID = 2,
	TAKES_WATCH = 4,
	TAKES_LEGEND = 8,
	TAKES_PROGRAM = 16, /* what follows its first word is another program's command line */
	TAKES_ALL = 256,
	TAKES_LIST = 512,
	TAKES_FORGET = 1024,
	TAKES_OPENMETRICS = 2048,
	TAKES_YES = 4096,
	TAKES_TO = 8192,
};

static int cmd_help(const struct arguments *arguments);

static const struct command {
	const char *name;
	int (*run)(const struct arguments *arguments);
	const char *synopsis;
	const char *summary; /* one sentence, without a full stop */
	const char *help;    /* the rest, or NULL */
	unsigned takes;
} commands[] = {
	{"apps", cmd_apps, "apps [--all] [--json]",
	 N_("List what is running, where its traffic goes, and how much of it"),
	 N_("Applications have the names of their .desktop files, services those of their units; RULE and LINE are "
	    "the\n"
	    "rule's number and its line in the file. DOWN and UP are the data that the TCP connections open now have\n"
	    "transferred, within this host as well.\n"
	    "  --all        also list what has no sockets\n"
	    "  --json       print JSON\n"
	    "  --no-legend  print neither headings nor notes\n"
	    "With CAP_NET_ADMIN, the targets are those that the kernel holds, otherwise those of the config."),
	 TAKES_ALL | TAKES_JSON | TAKES_LEGEND},
	{"check", cmd_check, "check [config|permission|system] [--json]",
	 N_("Check the config, the permission and the system, or one of them"),
	 N_("Changes nothing.\n"
	    "  config      errors in the file; needs no permission\n"
	    "  permission  whether the kernel would accept the rules of this config\n"
	    "  system      what on this host may interfere with them\n"
	    "  --json      print a JSON object\n"
	    "The exit code is 1 if there is an error."),
	 TAKES_JSON},
	{"clear", cmd_clear, "clear", N_("Remove what a killed run, or one with on-stop: keep, left behind"),
	 N_("All traffic then goes direct.\n"
	    "Refuses while the daemon runs, which removes its rules when it is stopped.")},
	{"explain", cmd_explain, "explain NAME|CGROUP|SENDER|--pid PID [--to DESTINATION] [--json]",
	 N_("Show where the traffic of a program or another host goes and which rule sends it there"),
	 N_("  NAME              an application, unit, slice or user: telegram, mihomo.service, alice\n"
	    "  CGROUP            a cgroup's path, with or without /sys/fs/cgroup; it need not exist\n"
	    "  SENDER            a host that sends through this one: its IP or MAC address, or interface:NAME\n"
	    "  --pid PID         this process, and its sockets that belong to another cgroup\n"
	    "  --to DESTINATION  what happens to packets to [tcp/|udp/]ADDRESS[:PORT]\n"
	    "  --json            print JSON\n"
	    "With CAP_NET_ADMIN, also show what the kernel holds for it; the exit code is 3 if that differs from\n"
	    "the config, 2 if the name is unknown or ambiguous, and 1 if the config has errors."),
	 TAKES_JSON | TAKES_PID | TAKES_TO | TAKES_LEGEND},
	{"exec", cmd_exec, "exec TARGET [[--] COMMAND...]",
	 N_("Run a program with its traffic going to TARGET: direct, drop, refuse, or a proxy of the config"),
	 N_("Without COMMAND it is your shell. Everything after TARGET is the program's own command line. It keeps\n"
	    "the terminal, the directory, the environment and the exit code; CGTPROXY_TARGET is set to TARGET.\n"
	    "\n"
	    "systemd-run starts it in the slice cgtproxy-TARGET.slice of your user manager, or, as root, of the\n"
	    "system manager. If the config sends that slice elsewhere, nothing is started and the rule to add is\n"
	    "shown; nor is it if the daemon is not running or has not loaded the config. The exit code is then 1, as\n"
	    "when the config can't be read; it is 2 for an unknown target, 127 if the program is not found, and 126\n"
	    "if it can't be executed."),
	 TAKES_PROGRAM},
	{"help", cmd_help, "help [COMMAND]", N_("Show this help, or that of a command"), NULL},
	{"init", cmd_init, "init [--yes]", N_("Write a first config, for the proxy that runs on this host"),
	 N_("It must accept TPROXY connections; if a known proxy does not, the lines that its own config lacks are\n"
	    "shown. On a terminal, init asks about what it has found, with the defaults in brackets.\n"
	    "  -y, --yes  ask nothing and take the defaults\n"
	    "No existing file is changed. The exit code is 1 if nothing was written."),
	 TAKES_YES},
	{"relay", cmd_relay, "relay NAME", N_("Run the relay of a proxy in the foreground"),
	 N_("NAME is a proxy of the config with a \"relay\". The service cgtproxy-relay@NAME does the same, with "
	    "fewer\n"
	    "permissions. The program's own cgroup must be direct, as that of the service is. cgtproxy-relay(8) has\n"
	    "options for what the config doesn't say.")},
	{"render", cmd_render, "render", N_("Print the ruleset as text for \"nft -f\""),
	 N_("It covers the cgroups that exist now. Changes nothing.")},
	{"route", cmd_route, "route [NAME TARGET|--forget NAME]",
	 N_("Send an application, unit, slice or user to a target: direct, drop, refuse, or a proxy"),
	 N_("The rule is written to config.d/50-route.yaml beside the config, and the daemon reloads it. Without\n"
	    "arguments, list these rules.\n"
	    "  NAME           a name (telegram, \"Telegram Desktop\", docker.service, alice), or a selector with its\n"
	    "                 value (app:org.telegram.desktop)\n"
	    "  --forget NAME  remove its rule\n"
	    "  --list         list these rules; with --json, as JSON"),
	 TAKES_JSON | TAKES_LIST | TAKES_FORGET},
	{"status", cmd_status, "status [OPTION...]", N_("Show what runs and what is in force"),
	 N_("It queries the kernel, so it is right even if the daemon hangs or has died. Needs the capability\n"
	    "CAP_NET_ADMIN. Direct traffic is not counted, so it costs nothing.\n"
	    "  --json         print a JSON object\n"
	    "  --watch        refresh every second, with rates, until q or Ctrl-C; arrow keys scroll. With\n"
	    "                 --json, one object per line\n"
	    "  --openmetrics  print metrics for Prometheus; the exit code is then 0 if they could be read\n"
	    "The exit code is 0 if it runs and nothing is missing, 1 if something is missing, 3 if it does not\n"
	    "run, and 4 without permission to query the kernel."),
	 TAKES_JSON | TAKES_WATCH | TAKES_OPENMETRICS | TAKES_LEGEND},
	{"targets", cmd_targets, "targets",
	 N_("List the targets a rule can have, one per line: direct, drop, refuse, and the proxies of the config"),
	 NULL},
	{"top", cmd_top, "top", N_("Show what is running, where its traffic goes, and how fast, on the whole screen"),
	 N_("It is \"cgtproxy apps\" with rates: the TCP data of the last second. A route can be changed there, as "
	    "with\n"
	    "\"cgtproxy route\". Keys: arrows choose a row, Enter the target for it, u undoes the last change, / "
	    "filters,\n"
	    "N, D, U and T sort, ? shows all keys, and q quits.")},
};

enum {
	COMMANDS = sizeof(commands) / sizeof(commands[0]),
	HELP_COLUMN = 33, /* behind which --help says what each is for */
};

enum option_code {
	OPTION_CONFIG = 'c',
	OPTION_HELP = 'h',
	OPTION_VERSION = 'V',
	OPTION_YES = 'y',
	OPTION_IGNORED = 256,
	OPTION_ALL,
	OPTION_JSON,
	OPTION_NO_LEGEND,
	OPTION_NO_PAGER,
	OPTION_PID,
	OPTION_TO,
	OPTION_WATCH,
	OPTION_OPENMETRICS,
	OPTION_LIST,
	OPTION_FORGET,
};

/* Options that only some commands take. */
static const struct {
	unsigned takes;
	const char *name;
} own_options[] = {
	{TAKES_JSON, "--json"},	    {TAKES_PID, "--pid"},
	{TAKES_WATCH, "--watch"},   {TAKES_LEGEND, "--no-legend"},
	{TAKES_ALL, "--all"},	    {TAKES_LIST, "--list"},
	{TAKES_FORGET, "--forget"}, {TAKES_OPENMETRICS, "--openmetrics"},
	{TAKES_YES, "--yes"},	    {TAKES_TO, "--to"},
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"all", no_argument, NULL, OPTION_ALL},
	{"json", optional_argument, NULL, OPTION_JSON},
	{"no-legend", no_argument, NULL, OPTION_NO_LEGEND},
	{"no-pager", no_argument, NULL, OPTION_NO_PAGER},
	{"pid", required_argument, NULL, OPTION_PID},
	{"to", required_argument, NULL, OPTION_TO},
	{"watch", no_argument, NULL, OPTION_WATCH},
	{"openmetrics", no_argument, NULL, OPTION_OPENMETRICS},
	{"yes", no_argument, NULL, OPTION_YES},
	{"list", no_argument, NULL, OPTION_LIST},
	{"forget", required_argument, NULL, OPTION_FORGET},
	/* options of the Go daemon, without effect here */
	{"reuse-netlink-socket", optional_argument, NULL, OPTION_IGNORED},
	{"cpu-profile", required_argument, NULL, OPTION_IGNORED},
	{"block-profile", required_argument, NULL, OPTION_IGNORED},
	{"with-logger", optional_argument, NULL, OPTION_IGNORED},
	{0},
};

static void print_general_help(void)
{
	puts(_("Usage: cgtproxy [OPTION...] [COMMAND]\n"
	       "\n"
	       "Send the traffic of programs through a transparent proxy, direct, or nowhere, by the cgroup that\n"
	       "each runs in. Without a command, run in the foreground and keep the rules in force until SIGTERM or\n"
	       "SIGINT.\n"
	       "\n"
	       "Commands:"));
	for (size_t i = 0; i < COMMANDS; i++) {
		bool is_long = strlen(commands[i].synopsis) >= HELP_COLUMN;

		printf("  %-*s%s%*s%s\n", HELP_COLUMN, commands[i].synopsis, is_long ? "\n" : "",
		       is_long ? HELP_COLUMN + 2 : 0, "", _(commands[i].summary));
	}
	puts(_("\n"
	       "Options:\n"
	       "  -c, --config FILE                the config file [/etc/cgtproxy/config.yaml]\n"
	       "      --json[=FORMAT]              print JSON: pretty, short or off [pretty]\n"
	       "      --no-legend                  print no headings\n"
	       "      --no-pager                   don't show long output in a pager\n"
	       "  -h, --help                       show this help, or that of a command\n"
	       "  -V, --version                    show the version\n"
	       "\n"
	       "Environment:\n"
	       "  LOG_LEVEL                        debug, info, warn or error [info]\n"
	       "  CONFIGURATION_DIRECTORY          directory of config.yaml without -c\n"
	       "  SYSTEMD_PAGER, PAGER             the pager; empty or \"cat\" for none\n"
	       "  SYSTEMD_COLORS, NO_COLOR         whether to use colours\n"
	       "\n"
	       "Running it, and \"check permission\", need the capability CAP_NET_ADMIN."));
}

/* @command: or NULL, for all of it */
static void print_help(const struct command *command, const struct arguments *arguments)
{
	pager_open(arguments);
	if (command == NULL) {
		print_general_help();
		return;
	}
	printf(_("Usage: cgtproxy [-c FILE] %s\n\n%s.\n"), command->synopsis, _(command->summary));
	if (command->help != NULL)
		puts(_(command->help));
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* Returns the command whose name is most similar to a word, or NULL. */
static const char *nearest_command(const char *word)
{
	CLEANUP(freep) char *folded = similar_fold(word);
	const char *nearest = NULL;
	size_t least = SIMILAR_NOT;

	for (size_t i = 0; i < COMMANDS && folded != NULL && *folded != '\0'; i++) {
		const size_t distance = similar_distance(commands[i].name, folded);

		if (distance < least) {
			least = distance;
			nearest = commands[i].name;
		}
	}
	return nearest;
}

static int refuse_command(const char *word)
{
	const char *nearest = nearest_command(word);
	char shown[256];

	escape(shown, sizeof(shown), word, strlen(word));
	if (nearest == NULL)
		log_error("unknown command \"%s\"; see cgtproxy --help", shown);
	else
		log_error("unknown command \"%s\"; did you mean \"%s\"? See cgtproxy --help", shown, nearest);
	return EXIT_USAGE;
}

static int cmd_help(const struct arguments *arguments)
{
	const struct command *command = arguments->count > 0 ? find_command(arguments->words[0]) : NULL;

	if (arguments->count > 1) {
		log_error("help takes one command at most. Usage: cgtproxy help [COMMAND]");
		return EXIT_USAGE;
	}
	if (arguments->count > 0 && command == NULL)
		return refuse_command(arguments->words[0]);
	print_help(command, arguments);
	return EXIT_OK;
}

struct command_line {
	struct arguments arguments;
	unsigned given; /* TAKES_* of the options given */
	bool help;
	bool version;
};

/* As systemctl(1) has them, but that the word may be left out. */
static bool read_json_format(const char *word, enum json_format *format)
{
	static const struct {
		const char *word;
		enum json_format format;
	} formats[] = {{"pretty", JSON_FORMAT_PRETTY}, {"short", JSON_FORMAT_SHORT}, {"off", JSON_FORMAT_OFF}};
	char shown[256];

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (word == NULL || strcmp(word, formats[i].word) == 0) {
			*format = formats[i].format;
			return true;
		}
	}
	escape(shown, sizeof(shown), word, strlen(word));
	log_error("--json: expected pretty, short or off, got \"%s\"; see cgtproxy --help", shown);
	return false;
}

/*
 * Reads options up to the first word, or all options, moving them in front of the words.
 *
 * Returns the index of the first word, or -1 after printing an error.
 */
static int read_options(struct command_line *line, int argc, char **argv, bool all)
{
	int option = 0;

	optind = 0; /* resets glibc's getopt */
	while ((option = getopt_long(argc, argv, all ? "c:hVy" : "+c:hVy", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_CONFIG:
			line->arguments.config = optarg;
			break;
		case OPTION_HELP:
			line->help = true;
			break;
		case OPTION_VERSION:
			line->version = true;
			break;
		case OPTION_IGNORED:
			log_debug("ignoring an option of the Go daemon that has no effect here");
			break;
		case OPTION_ALL:
			line->arguments.all = true;
			line->given |= TAKES_ALL;
			break;
		case OPTION_JSON:
			if (!read_json_format(optarg, &line->arguments.json))
				return -1;
			line->given |= TAKES_JSON;
			break;
		case OPTION_NO_LEGEND:
			line->arguments.no_legend = true;
			line->given |= TAKES_LEGEND;
			break;
		case OPTION_NO_PAGER:
			line->arguments.no_pager = true;
			break;
		case OPTION_PID:
			line->arguments.pid = optarg;
			line->given |= TAKES_PID;
			break;
		case OPTION_TO:
			line->arguments.to = optarg;
			line->given |= TAKES_TO;
			break;
		case OPTION_WATCH:
			line->arguments.watch = true;
			line->given |= TAKES_WATCH;
			break;
		case OPTION_OPENMETRICS:
			line->arguments.openmetrics = true;
			line->given |= TAKES_OPENMETRICS;
			break;
		case OPTION_YES:
			line->arguments.yes = true;
			line->given |= TAKES_YES;
			break;
		case OPTION_LIST:
			line->arguments.list = true;
			line->given |= TAKES_LIST;
			break;
		case OPTION_FORGET:
			line->arguments.forget = optarg;
			line->given |= TAKES_FORGET;
			break;
		default:
			fputs(_("Try \"cgtproxy --help\".\n"), stderr);
			return -1;
		}
	}
	return optind;
}

static int refuse_foreign_options(const struct command *command, unsigned given)
{
	unsigned foreign = command != NULL ? given & ~command->takes : given;

	for (size_t i = 0; i < sizeof(own_options) / sizeof(own_options[0]); i++) {
		if (!(foreign & own_options[i].takes))
			continue;
		if (command == NULL)
			log_error("%s needs a command; see cgtproxy --help", own_options[i].name);
		else
			log_error("%s takes no %s; see cgtproxy %s --help", command->name, own_options[i].name,
				  command->name);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static int run(const struct command *command, const struct command_line *line)
{
	if (line->version) {
		puts("cgtproxy " CGTPROXY_VERSION);
		return EXIT_OK;
	}
	if (line->help) {
		print_help(command, &line->arguments);
		return EXIT_OK;
	}
	if (refuse_foreign_options(command, line->given) != EXIT_OK)
		return EXIT_USAGE;
	if (line->arguments.json != JSON_FORMAT_OFF || line->arguments.openmetrics)
		language_use_english();
	return command != NULL ? command->run(&line->arguments) : cmd_daemon(&line->arguments);
}

/* Options may precede the command or stand anywhere after it, but another program's command line is left alone. */
static int run_command_line(int argc, char **argv)
{
	struct command_line line = {0};
	const struct command *command = NULL;
	int first = 0;

	first = read_options(&line, argc, argv, false);
	if (first < 0)
		return EXIT_USAGE;
	if (first == argc)
		return run(NULL, &line);
	command = find_command(argv[first]);
	if (command == NULL)
		return refuse_command(argv[first]);
	argc -= first;
	argv[first] = argv[0]; /* getopt's messages start with it */
	argv += first;
	first = read_options(&line, argc, argv, !(command->takes & TAKES_PROGRAM));
	if (first < 0)
		return EXIT_USAGE;
	line.arguments.words = argv + first;
	line.arguments.count = argc - first;
	return run(command, &line);
}

int main(int argc, char **argv)
{
	int code = EXIT_OK;

	output_open();
	language_open();
	log_open();
	code = run_command_line(argc, argv);
	pager_close();
	return output_close(code);
}
