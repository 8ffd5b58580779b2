/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/named.h"

#include "config/load.h"
#include "config/relay.h"
#include "util/escape.h"
#include "util/log.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

/* Of a credential of the unit: the path of that copy helps nobody. NULL: it is none. */
static const char *name_of_credential(const char *file)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	const size_t length = directory != NULL ? strlen(directory) : 0;

	return length > 0 && file != NULL && strncmp(file, directory, length) == 0 && file[length] == '/'
		       ? file + length + 1
		       : NULL;
}

static void log_all(struct diagnostics *diagnostics, const char *file)
{
	const char *name = name_of_credential(file);
	char *copy = name != NULL && diagnostics->file_count == 1 ? strdup(name) : NULL;

	if (copy != NULL) {
		free(diagnostics->files[0]);
		diagnostics->files[0] = copy;
	}
	diagnostics_log(diagnostics);
}

struct config *named_relay_load(const char *file, const char *name, struct proxy **proxy)
{
	char shown[ESCAPED_SIZE(PROXY_NAME_MAX)];
	struct diagnostics diagnostics = {0};
	struct config *config = NULL;

	/* an error in a rule is the daemon's affair */
	config_load_proxies(file, &config, &diagnostics);
	log_all(&diagnostics, file);
	diagnostics_clear(&diagnostics);
	if (config == NULL)
		return NULL;
	*proxy = config_find_proxy(config, name);
	if (*proxy != NULL && (*proxy)->relay.enabled)
		return config;
	escape(shown, sizeof(shown), name, strlen(name));
	if (*proxy == NULL)
		log_error("there is no proxy \"%s\" under \"tproxies\" of the config", shown);
	else
		log_error("the proxy %s has no relay: write \"relay: {upstream: URL}\" below its name in the config",
			  shown);
	config_free(config);
	return NULL;
}

/* Of a socket that listens; 0 if it is none of IP. */
static uint16_t port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in ip;
		struct sockaddr_in6 ip6;
	} address = {0};
	socklen_t length = sizeof(address);

	if (getsockname(fd, &address.any, &length) < 0)
		return 0;
	if (address.any.sa_family == AF_INET)
		return ntohs(address.ip.sin_port);
	return address.any.sa_family == AF_INET6 ? ntohs(address.ip6.sin6_port) : 0;
}

bool named_relay_check_sockets(const struct proxy *proxy, const char *file)
{
	const int count = sd_listen_fds(0);

	if (count == 0 && name_of_credential(file) != NULL) {
		log_error("systemd passes on no socket, since it does not know yet that %s has a relay: type "
			  "\"systemctl daemon-reload\", and start it again",
			  proxy->name);
		return false;
	}
	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; fd++) {
		const uint16_t port = port_of(fd);

		if (port == 0 || port == proxy->port)
			continue;
		log_warning("systemd listens on port %u, and in the config it is %u: type \"systemctl daemon-reload "
			    "&& systemctl restart cgtproxy-relay@%s.socket\"",
			    port, proxy->port, proxy->name);
		break;
	}
	return true;
}
