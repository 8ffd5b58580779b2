/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/system.h"

#include "cmd/finding.h"
#include "cmd/obstacles.h"
#include "cmd/relays.h"
#include "engine/requirements.h"
#include "inspect/host.h"
#include "inspect/listening.h"
#include "inspect/loaded.h"
#include "util/cleanup.h"
#include "util/escape.h"
#include "util/language.h"
#include "util/sudo.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int check_kernel(const struct config *config)
{
	struct error error;
	int result = requirements_try(config, &error);

	if (result == -EPERM) {
		finding_print(FINDING_SKIPPED, N_("kernel"), "%s", error.text);
		return EXIT_OK;
	}
	if (result < 0) {
		finding_print(FINDING_ERROR, N_("kernel"), "%s", error.text);
		return EXIT_ERROR;
	}
	finding_print(FINDING_OK, N_("kernel"), "nftables accepts the ruleset of this config; nothing was applied");
	return EXIT_OK;
}

/* Our rules have the protocol "kernel", which networkd never touches; a proxy's own rules may have another. */
static void check_networkd(void)
{
	if (!host_networkd_removes_rules())
		finding_print(FINDING_OK, "systemd-networkd", "it leaves other programs' policy rules alone");
	else
		finding_print(FINDING_OK, "systemd-networkd",
			      "if used, it removes other programs' policy rules when it starts, but not cgtproxy's, "
			      "which have the protocol kernel. To keep a proxy's own rules, set "
			      "ManageForeignRoutingPolicyRules=no in /etc/systemd/networkd.conf");
}

static bool has_hijack(const struct config *config)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		if (config->proxies[i].dns_hijack.enabled)
			return true;
	}
	return false;
}

static void check_name_service(const struct config *config)
{
	if (!has_hijack(config))
		return;
	if (host_asks_resolved_before_dns())
		finding_print(
			FINDING_WARNING, N_("name service"),
			"\"resolve\" comes before \"dns\" in the hosts line of /etc/nsswitch.conf, so programs query "
			"systemd-resolved, bypassing dns-hijack: DNS is that service's traffic. Put \"dns\" first "
			"and a server outside of \"bypass\" into /etc/resolv.conf, or add a rule for "
			"systemd-resolved");
	else
		finding_print(FINDING_OK, N_("name service"),
			      "programs query name servers themselves, where dns-hijack applies");
}

/* Most such servers do reply from where they were asked, so this is no warning. */
static void check_name_servers(const struct config *config)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		const struct proxy *proxy = &config->proxies[i];

		if (hijack_server_is_wildcard(&proxy->dns_hijack))
			finding_print(
				FINDING_NOTICE, N_("name service"),
				"the name server of the proxy %s, on UDP port %u, listens on all addresses. Unless it "
				"replies from the address where it was asked (by IP_PKTINFO), programs don't get its "
				"replies; if they wait in vain, make it listen on the address of dns-hijack only",
				proxy->name, proxy->dns_hijack.port);
	}
}

static void mention_other_file(const char *file)
{
	const char *other = *file != '\0' ? file : _("the built-in config");
	CLEANUP(freep) char *shown = malloc(ESCAPED_SIZE(strlen(other)));

	if (shown != NULL)
		finding_print(FINDING_NOTICE, N_("daemon"), "it has loaded %s, not this config",
			      escape(shown, ESCAPED_SIZE(strlen(other)), other, strlen(other)));
}

/* Whether this config is in force. A config may well be checked before that. */
static void check_daemon(const struct config *config)
{
	const char *sudo = sudo_prefix();
	struct loaded_config loaded;

	loaded_find(config, "/", &loaded);
	switch (loaded.state) {
	case LOADED_CURRENT:
		finding_print(FINDING_OK, N_("daemon"), "it has loaded this config");
		break;
	case LOADED_EARLIER:
		finding_print(FINDING_WARNING, N_("daemon"),
			      "it has not loaded this config as it is now: %ssystemctl reload cgtproxy", sudo);
		break;
	case LOADED_OTHER:
		mention_other_file(loaded.file);
		break;
	case LOADED_LEFT:
		finding_print(FINDING_WARNING, N_("daemon"),
			      "it is not running, but the rules of an earlier run are still in force: %ssystemctl "
			      "start cgtproxy, or, to have all traffic go direct, %scgtproxy clear",
			      sudo, sudo);
		break;
	case LOADED_NOTHING:
		if (loaded.is_certain)
			finding_print(FINDING_NOTICE, N_("daemon"),
				      "it is not running, so this config is not in force: %ssystemctl start cgtproxy",
				      sudo);
		else
			finding_print(FINDING_NOTICE, N_("daemon"),
				      "it does not seem to be running, so this config is not in force: %ssystemctl "
				      "start cgtproxy",
				      sudo);
		break;
	case LOADED_UNKNOWN:
		if (loaded.is_certain)
			finding_print(FINDING_SKIPPED, N_("daemon"),
				      "which config it has loaded can't be told from its table");
		else
			finding_print(FINDING_SKIPPED, N_("daemon"),
				      "which config it has loaded can't be seen without CAP_NET_ADMIN");
		break;
	}
}

int check_system(const struct config *config)
{
	const int code = check_kernel(config);
	int problems_code = EXIT_OK;

	check_networkd();
	check_name_service(config);
	check_name_servers(config);
	check_daemon(config);
	problems_code = check_problems(config);
	check_relays(config);
	return code != EXIT_OK ? code : problems_code;
}
