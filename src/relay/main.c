/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * cgtproxy-relay: takes the connections that TPROXY diverts, and passes them on to a proxy that does not know TPROXY.
 */

#include "config/relay.h"
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
	OPTION_DNS,
	OPTION_FAKE_NETWORKS,
	OPTION_STATE_DIRECTORY,
	OPTION_UDP_CLIENTS,
	OPTION_UDP_IDLE,
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
	{"dns", required_argument, NULL, OPTION_DNS},
	{"fake-networks", required_argument, NULL, OPTION_FAKE_NETWORKS},
	{"state-directory", required_argument, NULL, OPTION_STATE_DIRECTORY},
	{"max-udp-clients", required_argument, NULL, OPTION_UDP_CLIENTS},
	{"udp-idle-timeout", required_argument, NULL, OPTION_UDP_IDLE},
	{0},
};

struct command_line {
	const char *name; /* of the proxy in the config that it is for, or NULL */
	const char *config;
	const char *upstream;
	const char *password_file;
	const char *dns;
	const char *fake_networks;
	struct relay_options options;
	bool help;
	bool version;
};

static void print_help(void)
{
	puts(_("Usage: cgtproxy-relay [-c FILE] NAME [OPTION...]\n"
	       "       cgtproxy-relay [--listen PORT] --upstream URL [OPTION...]\n"
	       "\n"
	       "Take the connections and the datagrams that TPROXY sends to a port, and pass them on to a SOCKS5 or "
	       "HTTP\n"
	       "proxy (datagrams only to SOCKS5): what the config of cgtproxy says of the proxy NAME, or what the "
	       "options\n"
	       "say. If systemd passes on sockets, these are listened on.\n"
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
	       "  --dns WHO               who answers what is sent to port 53: off, whoever was asked, through the\n"
	       "                          upstream; fake-ip, the relay, with addresses that stand for names, which "
	       "the\n"
	       "                          upstream then resolves; or tcp://ADDRESS[:PORT], that name server, through "
	       "the\n"
	       "                          upstream [off]\n"
	       "  --fake-networks IPV4,IPV6\n"
	       "                          the networks of these addresses, or one of them [198.18.0.0/15,fc00::/18]\n"
	       "  --state-directory DIRECTORY\n"
	       "                          keep their names there, for this relay alone [$STATE_DIRECTORY of systemd, "
	       "or\n"
	       "                          else they are lost when the relay ends]\n"
	       "  --max-udp-clients N     pass on UDP for so many addresses with ports at the same time, at most\n"
	       "                          [as many as files may be open, up to 4096]\n"
	       "  --udp-idle-timeout SECONDS\n"
	       "                          forget those that send nothing for so long [120]\n"
	       "  -h, --help              show this help\n"
	       "  -V, --version           show the version\n"
	       "\n"
	       "Environment:\n"
	       "  LOG_LEVEL               debug, info, warn or error [info]\n"
	       "\n"
	       "--listen, and UDP, need the capability CAP_NET_ADMIN or CAP_NET_RAW. What the relay itself sends must\n"
	       "not be sent to it: its cgroup has to be direct."));
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
		{OPTION_UDP_CLIENTS, "--max-udp-clients", INT32_MAX},
		{OPTION_UDP_IDLE, "--udp-idle-timeout", INT32_MAX},
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
	else if (option == OPTION_UDP_CLIENTS)
		options->udp_clients = number;
	else if (option == OPTION_UDP_IDLE)
		options->udp_idle = number * USEC_PER_SEC;
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
	case OPTION_DNS:
		line->dns = optarg;
		return true;
	case OPTION_FAKE_NETWORKS:
		line->fake_networks = optarg;
		return true;
	case OPTION_STATE_DIRECTORY:
		line->options.dns.state_directory = optarg;
		return true;
	case '?':
		fputs(_("Try \"cgtproxy-relay --help\".\n"), stderr);
		return false;
	default:
		return read_number_option(&line->options, option);
	}
}

static bool read_fake_networks(struct command_line *line)
{
	char shown[256];

	if (line->fake_networks == NULL || fake_networks_parse(line->fake_networks, &line->options.dns))
		return true;
	log_error(
		"--fake-networks: expected an IPv4 and an IPv6 network, or one of them, in which nothing else is, like "
		"198.18.0.0/15,fc00::/18, got \"%s\"",
		escape(shown, sizeof(shown), line->fake_networks, strlen(line->fake_networks)));
	return false;
}

/* Returns whether the words fit together. */
static bool check_line(const struct command_line *line)
{
	if (line->name == NULL && line->upstream == NULL)
		log_error("say the name of a proxy in the config that has a relay, or --upstream; see cgtproxy-relay "
			  "--help");
	else if (line->name == NULL && line->config != NULL)
		log_error("--config is for the name of a proxy, which is missing; see cgtproxy-relay --help");
	else if (line->name != NULL && (line->upstream != NULL || line->options.port != 0 || line->dns != NULL))
		log_error("what to listen on, the upstream and who answers DNS are those that the config has for the "
			  "name; leave out --listen, --upstream and --dns");
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
	return check_line(line) && read_fake_networks(line);
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

/* Returns whether the options for DNS make sense with the upstream. */
static bool read_dns(const struct command_line *line, const struct upstream *upstream, struct relay_dns *dns)
{
	char shown[256];

	if (line->dns != NULL && !relay_dns_parse(line->dns, dns)) {
		log_error(
			"--dns: expected off, fake-ip, or a name server like tcp://9.9.9.9 or tcp://[2620:fe::fe]:53, "
			"got \"%s\"",
			escape(shown, sizeof(shown), line->dns, strlen(line->dns)));
		return false;
	}
	if (dns->kind == RELAY_DNS_FAKE_IP && upstream->kind == UPSTREAM_DIRECT) {
		log_error(
			"--dns fake-ip leaves names to the upstream to resolve, and with --upstream direct:// there is "
			"none");
		return false;
	}
	if (dns->kind != RELAY_DNS_FAKE_IP && line->fake_networks != NULL) {
		log_error("--fake-networks is for --dns fake-ip");
		return false;
	}
	return true;
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
	else if (read_dns(line, &upstream, &line->options.dns.dns))
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
	line->options.dns.dns = proxy->relay.dns;
	if (line->fake_networks == NULL && !relay_has_fake_ip6(config, proxy))
		line->options.dns.ip6 = (struct network){.family = AF_INET6};
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

/* That of the unit, of which there may be several, with colons between them; this program's has the first. */
static const char *inherited_state_directory(void)
{
	char *directories = getenv("STATE_DIRECTORY");

	if (directories == NULL)
		return NULL;
	directories[strcspn(directories, ":")] = '\0';
	return *directories != '\0' ? directories : NULL;
}

int main(int argc, char **argv)
{
	/* a request may take as long as Linux, and Tor, try to connect */
	struct command_line line = {
		.options = {.upstream_time = 10 * USEC_PER_SEC,
			    .answer_time = 120 * USEC_PER_SEC,
			    .dns = {.ip = FAKE_NETWORK_IP, .ip6 = FAKE_NETWORK_IP6},
			    .udp_idle = 120 * USEC_PER_SEC},
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
	if (line.options.dns.state_directory == NULL)
		line.options.dns.state_directory = inherited_state_directory();
	return line.name != NULL ? run_by_name(&line) : run_by_options(&line);
}
