/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* Writes a first config, for the proxy that runs on this host. Nothing is changed before all questions are answered. */

#include "cmd/ask.h"
#include "cmd/cmd.h"
#include "cmd/init_advice.h"
#include "config/draft.h"
#include "config/load.h"
#include "inspect/name_server.h"
#include "inspect/naming.h"
#include "inspect/servers.h"
#include "inspect/unused.h"
#include "util/cleanup.h"
#include "util/create.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"
#include "util/sudo.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum {
	MARK_USUAL = 3000,
	RELAY_PORT_USUAL = 7900,
	CONFIG_MODE = 0644,
	DIRECTORY_MODE = 0755,
	SHOWN_SIZE = ESCAPED_SIZE(PROCESS_PROGRAM_SIZE),
};

/* What is to be written, as far as it is decided. */
struct setup {
	const char *path;	/* of the config */
	const char *path_shown; /* escaped */
	bool is_default;	/* it is where the daemon looks */
	bool asks;		/* there is someone to ask */
	const struct server *server;
	char name[PROXY_NAME_MAX + 1];
	char shown[SHOWN_SIZE]; /* the server's name for people */
	char *selector;
	bool temporary; /* the selector is */
	struct draft draft;
	char *text;
};

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* @advice: a sentence, or NULL */
static bool refuse(const struct setup *setup, const char *reason, const char *advice)
{
	if (advice != NULL)
		log_error("can't write %s: %s. %s", setup->path_shown, reason, advice);
	else
		log_error("can't write %s: %s", setup->path_shown, reason);
	return false;
}

/* Checks, before any question, whether the file could be created. The directory of the default file may be missing. */
static bool may_create(const struct setup *setup)
{
	CLEANUP(freep) char *directory = directory_of(setup->path);
	CLEANUP(freep) char *parent = directory != NULL ? directory_of(directory) : NULL;
	bool is_missing = setup->is_default && directory != NULL && access(directory, F_OK) < 0 && errno == ENOENT;
	struct stat status;
	int result = 0;

	if (parent == NULL)
		return refuse(setup, _("no memory"), NULL);
	if (lstat(setup->path, &status) == 0)
		return refuse(setup, _("it exists, and init changes no file"),
			      _("Check it with \"cgtproxy check config\", or have another one written: "
				"cgtproxy -c FILE init"));
	result = faccessat(AT_FDCWD, is_missing ? parent : directory, W_OK | X_OK, AT_EACCESS);
	if (result == 0)
		return true;
	if (errno == EACCES && geteuid() != 0)
		return refuse(setup, strerror(errno),
			      setup->is_default ? _("Run \"sudo cgtproxy init\", or have a file of your own written: "
						    "cgtproxy -c FILE init")
						: NULL);
	return refuse(setup, errno == ENOENT ? _("there is no such directory") : strerror(errno), NULL);
}

static size_t count_with_port(const struct servers *servers)
{
	size_t count = 0;

	while (count < servers->count && servers->items[count].port != 0)
		count++;
	return count;
}

static void print_families(const struct server *server)
{
	if (server->upstream != NULL)
		printf(", %s", server->upstream);
	if (!server->takes_ipv6)
		fputs(_(", IPv4 only"), stdout);
	else if (!server->takes_ipv4)
		fputs(_(", IPv6 only"), stdout);
	puts(server->takes_udp ? "" : _(", TCP only"));
}

static void print_heading(const struct server *first, size_t count)
{
	if (first->upstream != NULL)
		puts(count == 1
			     ? _("A proxy can be used with a relay (no proxy here accepts TPROXY connections):")
			     : _("Several proxies can be used with a relay (none here accepts TPROXY connections):"));
	else
		puts(count == 1 ? _("A proxy accepts TPROXY connections:")
				: _("Several proxies accept TPROXY connections:"));
}

/* Returns false when the input ends. */
static bool choose_server(struct setup *setup, const struct servers *servers)
{
	size_t count = count_with_port(servers);
	size_t choice = 1;

	print_heading(&servers->items[0], count);
	for (size_t i = 0; i < count; i++) {
		fputs("  ", stdout);
		if (count > 1)
			printf("%zu. ", i + 1);
		advice_print_server(&servers->items[i], stdout);
		print_families(&servers->items[i]);
	}
	if (count > 1 && setup->asks)
		choice = ask_number(_("Which one is to be used?"), count);
	if (choice == 0)
		return false;
	setup->server = &servers->items[choice - 1];
	return true;
}

/* Why a word can't be the proxy's name, or NULL. The slice cgtproxy-NAME.slice has to be a name, too
 * (systemd.slice(5)). */
static const char *fault_of_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > PROXY_NAME_MAX)
		return _("A name has 1 to 64 characters.");
	for (size_t i = 0; i < length; i++) {
		if (!isascii((unsigned char)name[i]) ||
		    (!isalnum((unsigned char)name[i]) && strchr("_.-", name[i]) == NULL))
			return _("A name has letters, digits, \"_\", \".\" and \"-\" only.");
	}
	if (name[0] == '-' || name[length - 1] == '-' || strstr(name, "--") != NULL)
		return _("A name has no \"-\" at its ends, and no two in a row.");
	if (strcmp(name, "direct") == 0 || strcmp(name, "drop") == 0 || strcmp(name, "refuse") == 0)
		return _("This is a target of its own.");
	return NULL;
}

static bool choose_name(struct setup *setup)
{
	const struct server *server = setup->server;
	const char *name = server->known != NULL ? server->known->name : server->process;

	escape(setup->shown, sizeof(setup->shown), name, strlen(name));
	if (fault_of_name(name) != NULL)
		name = "proxy";
	snprintf(setup->name, sizeof(setup->name), "%s", name);
	return !setup->asks ||
	       ask_word(_("Name of the proxy in rules"), setup->name, sizeof(setup->name), fault_of_name);
}

static bool choose_name_server(struct setup *setup, const struct servers *servers)
{
	char address[INET_ADDRSTRLEN] = "";
	struct sockaddr_in name_server = {0};
	bool hijack = true;

	/* a relay answers by itself */
	if (setup->server->upstream != NULL ||
	    !name_server_find(&servers->listeners, setup->server->sockets_cgroup, &name_server))
		return true;
	inet_ntop(AF_INET, &name_server.sin_addr, address, sizeof(address));
	printf(_("Its name server is at %s, port %u. With fake-ip, DNS queries have to go there.\n"), address,
	       ntohs(name_server.sin_port));
	if (setup->asks && !ask_yes_or_no(_("Redirect the DNS queries of proxied programs there?"), &hijack))
		return false;
	if (hijack)
		setup->draft.name_server = name_server;
	return true;
}

/* The numbers, and how the proxy's own cgroup is called. */
static bool complete(struct setup *setup, const struct servers *servers, struct error *error)
{
	struct in_use in_use = {0};
	int result = in_use_read(&in_use, error);

	if (result == 0) {
		setup->draft.mark = unused_mark(&in_use, MARK_USUAL);
		setup->draft.route_table = unused_table(&in_use, ROUTE_TABLE_DEFAULT);
		setup->selector = naming_selector(setup->server->cgroup, &setup->temporary);
		if (setup->selector == NULL)
			result = error_set(error, -ENOMEM, "no memory for the config");
	}
	in_use_clear(&in_use);
	if (result < 0)
		return false;
	setup->draft.proxy = setup->shown;
	setup->draft.name = setup->name;
	setup->draft.selector = setup->selector;
	setup->draft.port =
		setup->server->upstream != NULL ? servers_free_port(servers, RELAY_PORT_USUAL) : setup->server->port;
	setup->draft.upstream = setup->server->upstream;
	setup->draft.takes_udp = setup->server->takes_udp;
	setup->draft.takes_ipv6 = setup->server->takes_ipv6;
	return true;
}

/* Writes the text, and has it read as the daemon will. */
static bool write_text(struct setup *setup)
{
	struct diagnostics diagnostics = {0};
	CLEANUP(config_freep) struct config *config = NULL;

	setup->text = draft_write(&setup->draft);
	if (setup->text == NULL) {
		log_error("no memory for the config");
		return false;
	}
	if (config_parse(setup->text, strlen(setup->text), &config, &diagnostics) < 0)
		log_error("nothing was written, since the config would have errors:");
	diagnostics_log(&diagnostics);
	diagnostics_clear(&diagnostics);
	return config != NULL;
}

static void print_summary(const struct setup *setup)
{
	char more[128] = "";

	if (setup->draft.upstream != NULL)
		snprintf(more, sizeof(more), _(", relay to %s"), setup->draft.upstream);
	else if (setup->draft.name_server.sin_port != 0)
		snprintf(more, sizeof(more), "%s", _(", dns-hijack"));
	printf(_("\n%s will have:\n"
		 "  the proxy %s: port %u, mark %" PRIu32 ", routing table %" PRIu32 "%s\n"
		 "  going direct, as the proxy itself: %s\n"
		 "  going through %s: slice: cgtproxy-%s.slice\n"),
	       setup->path_shown, setup->name, setup->draft.port, setup->draft.mark, setup->draft.route_table, more,
	       setup->selector, setup->name, setup->name);
	if (setup->temporary)
		printf(_("The cgroup of %s gets another name when it is started again, and then needs another rule. "
			 "Run it as a service.\n"),
		       setup->name);
	if (geteuid() != 0)
		puts(_("Only root can see the marks of sockets: make sure that the proxy itself does not use this "
		       "one."));
}

/* As the daemon will load it, together with the drop-ins that may be there already. */
static bool is_loadable(const char *path)
{
	struct diagnostics diagnostics = {0};
	CLEANUP(config_freep) struct config *config = NULL;
	int result = config_load(path, &config, &diagnostics);

	diagnostics_log(&diagnostics);
	diagnostics_clear(&diagnostics);
	return result == 0;
}

static bool create(const struct setup *setup)
{
	CLEANUP(freep) char *directory = directory_of(setup->path);
	bool made = setup->is_default && directory != NULL && mkdir(directory, DIRECTORY_MODE) == 0;
	int result = file_create(setup->path, setup->text, strlen(setup->text), CONFIG_MODE, is_loadable);

	if (result == 0)
		return true;
	if (made)
		rmdir(directory);
	if (result == -ECANCELED)
		return refuse(setup, _("the daemon would not load it"),
			      _("Correct the files in config.d first, or move them away"));
	return refuse(setup, result == -EEXIST ? _("it has just been created by someone else") : strerror(-result),
		      NULL);
}

static int finish(const struct setup *setup, bool write)
{
	bool yes = true;

	print_summary(setup);
	if (!write) {
		fflush(stdout);
		log_error("nothing was written: there is no terminal to ask on. \"%scgtproxy init --yes\" writes this",
			  setup->is_default ? sudo_prefix() : "");
		return EXIT_ERROR;
	}
	if (setup->asks && (!ask_yes_or_no(_("\nWrite it?"), &yes) || !yes)) {
		puts(_("Nothing was written."));
		return EXIT_ERROR;
	}
	if (!create(setup))
		return EXIT_ERROR;
	printf(_("%s was written.\n"), setup->path_shown);
	advice_print_next(&(struct advice){setup->path, setup->is_default, setup->name, setup->server->cgroup,
					   setup->server->upstream != NULL});
	return EXIT_OK;
}

static int set_up(struct setup *setup, const struct servers *servers, bool yes)
{
	struct error error;

	if (!choose_server(setup, servers) || !choose_name(setup) || !choose_name_server(setup, servers)) {
		puts(_("Nothing was written."));
		return EXIT_ERROR;
	}
	if (!complete(setup, servers, &error)) {
		log_error("%s", error.text);
		return EXIT_ERROR;
	}
	return write_text(setup) ? finish(setup, yes || setup->asks) : EXIT_ERROR;
}

/* A known proxy that only lacks a port for TPROXY is better off with one. */
static int find_servers(struct servers *servers, struct error *error)
{
	int result = servers_find(servers, error);

	return result == 0 && servers->count == 0 ? servers_find_upstreams(servers, error) : result;
}

static int run(struct setup *setup, bool yes)
{
	struct servers servers = {0};
	struct error error;
	int code = EXIT_ERROR;

	if (find_servers(&servers, &error) < 0)
		log_error("%s", error.text);
	else if (count_with_port(&servers) == 0)
		advice_without_tproxy(&servers);
	else
		code = set_up(setup, &servers, yes);
	servers_clear(&servers);
	return code;
}

int cmd_init(const struct arguments *arguments)
{
	CLEANUP(freep) char *path = arguments->config != NULL ? strdup(arguments->config) : config_default_path();
	CLEANUP(freep) char *shown = path != NULL ? malloc(ESCAPED_SIZE(strlen(path))) : NULL;
	struct setup setup = {
		.path = path,
		.path_shown = shown,
		.is_default = arguments->config == NULL,
		.asks = !arguments->yes && ask_can(),
	};
	int code = EXIT_ERROR;

	if (arguments->count > 0) {
		log_error("init takes no arguments. Usage: cgtproxy [-c FILE] init [--yes]");
		return EXIT_USAGE;
	}
	if (shown == NULL) {
		log_error("no memory");
		return EXIT_ERROR;
	}
	escape(shown, ESCAPED_SIZE(strlen(path)), path, strlen(path));
	if (may_create(&setup))
		code = run(&setup, arguments->yes);
	free(setup.selector);
	free(setup.text);
	return code;
}
