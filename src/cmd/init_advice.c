/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/init_advice.h"

#include "cmd/example.h"
#include "config/relay.h"
#include "inspect/naming.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/log.h"
#include "util/process.h"
#include "util/sudo.h"

#include <inttypes.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_USUAL = 7893 }; /* mihomo's documentation has it */

void advice_print_server(const struct server *server, FILE *out)
{
	char name[ESCAPED_SIZE(PROCESS_PROGRAM_SIZE)];
	size_t length = strlen(server->cgroup);
	CLEANUP(freep) char *cgroup = malloc(ESCAPED_SIZE(length));

	escape(name, sizeof(name), server->process, strlen(server->process));
	fputs(server->known != NULL ? server->known->name : *name != '\0' ? name : _("a server"), out);
	if (server->port != 0)
		fprintf(out, _(" on port %u"), server->port);
	if (cgroup != NULL)
		escape_but_backslash(cgroup, ESCAPED_SIZE(length), server->cgroup, length);
	if (server->pid != 0)
		fprintf(out, _(" (process %" PRIu32 " in %s)"), server->pid, cgroup != NULL ? cgroup : "?");
	else
		fprintf(out, _(" (%s)"), cgroup != NULL ? cgroup : "?");
}

/* With the command, if the cgroup is that of a service. */
static void print_restart(const char *cgroup, FILE *out)
{
	static const char system[] = "unit: ";
	static const char user[] = "user-unit: ";
	static const char suffix[] = ".service";
	bool temporary = false;
	CLEANUP(freep) char *selector = naming_selector(cgroup, &temporary);
	size_t length = selector != NULL ? strlen(selector) : 0;
	bool is_service = length > strlen(suffix) && strcmp(selector + length - strlen(suffix), suffix) == 0;

	if (is_service && strncmp(selector, system, strlen(system)) == 0)
		fprintf(out, _("\nThen restart it:\n\n  %ssystemctl restart %s\n"), sudo_prefix(),
			selector + strlen(system));
	else if (is_service && strncmp(selector, user, strlen(user)) == 0)
		fprintf(out, _("\nThen restart it:\n\n  systemctl --user restart %s\n"), selector + strlen(user));
	else
		fputs(_("\nThen restart it.\n"), out);
}

/* Returns the path of a server's config, to be freed with free(), or NULL. */
static char *config_file_of(const struct server *server)
{
	char arguments[PROCESS_ARGUMENTS_SIZE];
	size_t length = process_arguments(server->pid, arguments);
	CLEANUP(freep) char *file = known_proxy_config_file(server->known, arguments, length);
	char *shown = file != NULL ? malloc(ESCAPED_SIZE(strlen(file))) : NULL;

	if (shown != NULL)
		escape(shown, ESCAPED_SIZE(strlen(file)), file, strlen(file));
	return shown;
}

static void print_missing_lines(const struct server *server, uint16_t port, FILE *out)
{
	CLEANUP(freep) char *file = config_file_of(server);

	advice_print_server(server, out);
	/* this follows the server's name; where in the config is "at the top level of", for example */
	if (file != NULL)
		fprintf(out, _(" runs without it. Add this %s %s:\n\n"), _(server->known->place), file);
	else
		fprintf(out, _(" runs without it. Add this %s its config:\n\n"), _(server->known->place));
	known_proxy_write_lines(server->known, port, out);
	print_restart(server->cgroup, out);
}

static void print_running(const struct servers *servers, FILE *out)
{
	uint16_t port = PORT_USUAL;

	fputs(_("nothing here accepts TPROXY connections.\n\n"), out);
	for (size_t i = 0; i < servers->count; i++) {
		fputs(i > 0 ? "\n" : "", out);
		port = servers_free_port(servers, port);
		print_missing_lines(&servers->items[i], port++, out);
	}
	fprintf(out,
		_("\nAfter that, run \"%scgtproxy init\" again. To listen for TPROXY, a proxy needs the capability "
		  "CAP_NET_ADMIN; without it, it\nwrites an error to its log."),
		sudo_prefix());
}

static char *known_names(void)
{
	char *names = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&names, &size);

	if (out == NULL)
		return NULL;
	for (const struct known_proxy *known = known_proxies; known->name != NULL; known++)
		fprintf(out, "%s%s", known > known_proxies ? _(", ") : "", known->name);
	if (fclose(out) == 0)
		return names;
	free(names);
	return NULL;
}

static void print_known(FILE *out)
{
	CLEANUP(freep) char *names = known_names();

	fprintf(out,
		_("no proxy runs here that accepts TPROXY connections, and none of those that init knows: %s.\n"
		  "Start your proxy, and run \"%scgtproxy init\" again. Any other server will do if it accepts TPROXY\n"
		  "connections. One in a virtual machine or in a container with a network of its own can't be used."),
		names != NULL ? names : "?", sudo_prefix());
}

void advice_without_tproxy(const struct servers *servers)
{
	CLEANUP(freep) char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out != NULL && servers->count > 0)
		print_running(servers, out);
	else if (out != NULL)
		print_known(out);
	if (out == NULL || fclose(out) != 0)
		log_error("no memory");
	else
		log_error("%s", text);
}

/* Whether a path means itself to a shell. */
static bool is_simple(const char *path)
{
	return *path != '-' && path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
						 "0123456789/._-+")] == '\0';
}

static void print_check(const char *path, bool is_default)
{
	const char *sudo = sudo_prefix();

	if (is_default) {
		printf("  %scgtproxy check\n", sudo);
		return;
	}
	printf("  %scgtproxy -c %s check\n", sudo, path);
	printf("  %sinstall -m 644 %s /etc/cgtproxy/config.yaml\n", sudo, path);
}

/* Enabling a unit also has systemd read the relay's port from the config. */
static void print_relay(const struct advice *advice)
{
	if (advice->has_relay)
		printf("  %ssystemctl enable --now " RELAY_UNIT_PREFIX "%s\n", sudo_prefix(), advice->name);
}

static void print_route(const char *application, const char *name)
{
	printf("  %scgtproxy route %s %s\n", sudo_prefix(), application, name);
}

static void print_exec(const char *name)
{
	printf("  cgtproxy exec %s curl https://example.org\n", name);
}

/* "route" reloads the daemon. */
static void print_next_with_daemon(const struct advice *advice, const char *path, const char *application)
{
	printf(_("\nNext, check it, and put it in force by sending an application through %s (\"cgtproxy apps\" lists "
		 "what runs):\n\n"),
	       advice->name);
	print_check(path, advice->is_default);
	print_relay(advice);
	print_route(application, advice->name);
	puts(_("\nOr put it in force as it is, to send a single command through it:\n"));
	printf("  %ssystemctl reload cgtproxy\n", sudo_prefix());
	print_exec(advice->name);
}

static void print_next_without_daemon(const struct advice *advice, const char *path, const char *application)
{
	puts(_("\nNext, check it and put it in force:\n"));
	print_check(path, advice->is_default);
	print_relay(advice);
	printf("  %ssystemctl enable --now cgtproxy\n", sudo_prefix());
	printf(_("\nThen send an application through %s (\"cgtproxy apps\" lists what runs), or a single command:\n\n"),
	       advice->name);
	print_route(application, advice->name);
	print_exec(advice->name);
}

void advice_print_next(const struct advice *advice)
{
	const char *path = is_simple(advice->path) ? advice->path : _("FILE");
	CLEANUP(freep) char *found = example_application(advice->cgroup);
	const char *application = found != NULL ? found : "NAME";

	if (process_is_connected("cgtproxy", NETLINK_NETFILTER))
		print_next_with_daemon(advice, path, application);
	else
		print_next_without_daemon(advice, path, application);
}
