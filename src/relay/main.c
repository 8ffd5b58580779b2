/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * cgtproxy-relay: takes the connections that TPROXY diverts, and passes them on to a proxy that does not know TPROXY.
 */

#include "relay/named.h"
#include "relay/password.h"
#include "relay/relay.h"
#include "util/clock.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	EXIT_USAGE = 2,
	EXIT_BAD_CONFIG = 78, /* EX_CONFIG of sysexits.h; the unit names it */
};

enum option_code {
	OPTION_HELP = 'h',
	OPTION_VERSION = 'V',
	OPTION_CONFIG = 'c',
	OPTION_LISTEN = 256,
	OPTION_UPSTREAM,
	OPTION_PASSWORD_FILE,
	OPTION_CONNECTIONS,
	OPTION_EACH,
	OPTION_UPSTREAM_TIME,
	OPTION_ANSWER_TIME,
	OPTION_IDLE,
};

static const struct option long_options[] = {
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"listen", required_argument, NULL, OPTION_LISTEN},
	{"upstream", required_argument, NULL, OPTION_UPSTREAM},
	{"password-file", required_argument, NULL, OPTION_PASSWORD_FILE},
	{"max-connections", required_argument, NULL, OPTION_CONNECTIONS},
	{"max-connections-per-client", required_argument, NULL, OPTION_EACH},
	{"upstream-timeout", required_argument, NULL, OPTION_UPSTREAM_TIME},
	{"answer-timeout", required_argument, NULL, OPTION_ANSWER_TIME},
	{"idle-timeout", required_argument, NULL, OPTION_IDLE},
	{0},
};

struct command_line {
	const char *name; /* of the proxy in the config that it is for, or NULL */
	const char *config;
	const char *upstream;
	const char *password_file;
	struct relay_options options;
	bool help;
	bool version;
};

static void print_help(void)
{
	puts(_("Usage: cgtproxy-relay [-c FILE] NAME [OPTION...]\n"
	       "       cgtproxy-relay [--listen PORT] --upstream URL [OPTION...]\n"
	       "\n"
	       "Take the connections that TPROXY sends to a port, and pass them on to a SOCKS5 or HTTP proxy: what "
	       "the\n"
	       "config of cgtproxy says of the proxy NAME, or what the options say. If systemd passes on sockets, "
	       "these\n"
	       "are listened on.\n"
	       "\n"
	       "  -c, --config FILE       the config that has NAME [/etc/cgtproxy/config.yaml]\n"
	       "  --listen PORT           the port of the proxy in the config of cgtproxy\n"
	       "  --upstream URL          socks5://[USER@]HOST:PORT, http://[USER@]HOST:PORT,\n"
	       "                          socks5+unix:/PATH, http+unix:/PATH (with a user: socks5+unix://USER@/PATH),\n"
	       "                          or direct://\n"
	       "  --password-file FILE    the password of USER; otherwise the systemd credential upstream-password\n"
	       "  --max-connections N     accept no more at the same time [as many as files may be open]\n"
	       "  --max-connections-per-client N\n"
	       "                          likewise from one address [any number]\n"
	       "  --upstream-timeout SECONDS\n"
	       "                          wait so long for the upstream to take a request [10]\n"
	       "  --answer-timeout SECONDS\n"
	       "                          and so long until it has reached the destination [120]\n"
	       "  --idle-timeout SECONDS  end connections that transfer nothing for so long [never]\n"
	       "  -h, --help              show this help\n"
	       "  -V, --version           show the version\n"
	       "\n"
	       "Environment:\n"
	       "  LOG_LEVEL               debug, info, warn or error [info]\n"
	       "\n"
	       "--listen needs the capability CAP_NET_ADMIN or CAP_NET_RAW. What the relay itself sends must not be\n"
	       "sent to it: its cgroup has to be direct."));
}

/* Returns whether the argument is a number from 1 to @most. */
static bool read_number(const char *option, const char *text, unsigned long most, unsigned long *number)
{
	char shown[256];
	char *end = NULL;

	errno = 0;
	*number = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;
	if (end != NULL && *end == '\0' && errno == 0 && *number >= 1 && *number <= most)
		return true;
	log_error("%s: expected a number from 1 to %lu, got \"%s\"", option, most,
		  escape(shown, sizeof(shown), text, strlen(text)));
	return false;
}

/* Those whose argument is a number. */
static bool read_number_option(struct relay_options *options, int option)
{
	static const struct {
		int option;
		const char *name;
		unsigned long most;
	} numbers[] = {
		{OPTION_LISTEN, "--listen", UINT16_MAX},
		{OPTION_CONNECTIONS, "--max-connections", INT32_MAX},
		{OPTION_EACH, "--max-connections-per-client", INT32_MAX},
		{OPTION_UPSTREAM_TIME, "--upstream-timeout", INT32_MAX},
		{OPTION_ANSWER_TIME, "--answer-timeout", INT32_MAX},
		{OPTION_IDLE, "--idle-timeout", INT32_MAX},
	};
	unsigned long number = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].option == option && !read_number(numbers[i].name, optarg, numbers[i].most, &number))
			return false;
	}
	if (option == OPTION_LISTEN)
		options->port = (uint16_t)number;
	else if (option == OPTION_CONNECTIONS)
		options->connections_max = number;
	else if (option == OPTION_EACH)
		options->connections_each = number;
	else if (option == OPTION_UPSTREAM_TIME)
		options->upstream_time = number * USEC_PER_SEC;
	else if (option == OPTION_ANSWER_TIME)
		options->answer_time = number * USEC_PER_SEC;
	else
		options->idle = number * USEC_PER_SEC;
	return true;
}

static bool read_option(struct command_line *line, int option)
{
	switch (option) {
	case OPTION_HELP:
		return line->help = true;
	case OPTION_VERSION:
		return line->version = true;
	case OPTION_CONFIG:
		line->config = optarg;
		return true;
	case OPTION_UPSTREAM:
		line->upstream = optarg;
		return true;
	case OPTION_PASSWORD_FILE:
		line->password_file = optarg;
		return true;
	case '?':
		fputs(_("Try \"cgtproxy-relay --help\".\n"), stderr);
		return false;
	default:
		return read_number_option(&line->options, option);
	}
}

/* Returns whether the words fit together. */
static bool check_line(const struct command_line *line)
{
	if (line->name == NULL && line->upstream == NULL)
		log_error("say the name of a proxy in the config that has a relay, or --upstream; see cgtproxy-relay "
			  "--help");
	else if (line->name == NULL && line->config != NULL)
		log_error("--config is for the name of a proxy, which is missing; see cgtproxy-relay --help");
	else if (line->name != NULL && (line->upstream != NULL || line->options.port != 0))
		log_error("what to listen on and the upstream are those that the config has for the name; leave out "
			  "--listen and --upstream");
	else
		return true;
	return false;
}

static bool read_options(struct command_line *line, int argc, char **argv)
{
	char shown[256];
	int option = 0;

	while ((option = getopt_long(argc, argv, "hVc:", long_options, NULL)) != -1) {
		if (!read_option(line, option))
			return false;
	}
	if (line->help || line->version)
		return true;
	if (optind < argc)
		line->name = argv[optind++];
	if (optind < argc) {
		log_error("\"%s\" is one word too many; see cgtproxy-relay --help",
			  escape(shown, sizeof(shown), argv[optind], strlen(argv[optind])));
		return false;
	}
	return check_line(line);
}

/* Every user of the host can read command lines. */
static int refuse_password(void)
{
	log_error("a password in --upstream can be read by everyone on this host: write USER@ alone, and put the "
		  "password into a file for --password-file");
	return EXIT_USAGE;
}

/* Relays for an upstream, which is given its password. Returns the exit code. */
static int relay_to(struct command_line *line, struct upstream *upstream)
{
	struct error error;
	int code = EXIT_USAGE;
	int result = password_read(upstream, line->password_file, &error);

	if (result == 0) {
		code = EXIT_FAILURE;
		line->options.upstream = upstream;
		result = relay_run(&line->options, &error);
		line->options.upstream = NULL;
	}
	if (result < 0)
		log_error("%s", error.text);
	return result < 0 ? code : EXIT_SUCCESS;
}

static int run_by_options(struct command_line *line)
{
	struct upstream upstream;
	struct error error;
	int code = EXIT_USAGE;

	line->options.is_port_certain = line->options.port != 0;
	if (upstream_parse(&upstream, line->upstream, &error) < 0)
		log_error("%s", error.text);
	else if (upstream.password != NULL)
		code = refuse_password();
	else
		code = relay_to(line, &upstream);
	upstream_clear(&upstream);
	return code;
}

static int run_by_name(struct command_line *line)
{
	struct proxy *proxy = NULL;
	struct config *config = named_relay_load(line->config, line->name, &proxy);
	int code = EXIT_BAD_CONFIG;

	if (config == NULL)
		return code;
	line->options.port = proxy->port;
	if (named_relay_check_sockets(proxy, line->config))
		code = relay_to(line, &proxy->relay.upstream);
	config_free(config);
	return code;
}

/* A file or a socket would get the number of a standard stream that is closed. */
static void open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	}
}

int main(int argc, char **argv)
{
	/* a request may take as long as Linux, and Tor, try to connect */
	struct command_line line = {
		.options = {.upstream_time = 10 * USEC_PER_SEC, .answer_time = 120 * USEC_PER_SEC},
	};

	open_standard_streams();
	language_open();
	log_open();
	if (!read_options(&line, argc, argv))
		return EXIT_USAGE;
	if (line.help) {
		print_help();
		return EXIT_SUCCESS;
	}
	if (line.version) {
		puts("cgtproxy-relay " CGTPROXY_VERSION);
		return EXIT_SUCCESS;
	}
	return line.name != NULL ? run_by_name(&line) : run_by_options(&line);
}
