/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/dns_lifetime.h"

#include "relay/dns_client.h"
#include "relay/dns_listener.h"
#include "relay/dns_server.h"
#include "relay/state_directory.h"
#include "util/cleanup.h"
#include "util/clock.h"

#include <errno.h>
#include <stdlib.h>

static int begin_fake_ip(struct dns_service *service, const struct dns_options *options, struct error *error)
{
	struct fake_ip_options fake_ip;
	CLEANUP(freep) char *file = NULL;

	fake_ip_defaults(&fake_ip);
	fake_ip.ip = options->ip;
	fake_ip.ip6 = options->ip6;
	if (options->state_directory != NULL) {
		service->lock = state_directory_lock(options->state_directory, error);
		if (service->lock < 0)
			return service->lock;
		file = state_directory_file(options->state_directory, STATE_FAKE_IP);
		if (file == NULL)
			return error_set(error, -ENOMEM, "out of memory");
		fake_ip.file = file;
	}
	service->dns.fake_ip = fake_ip_new(&fake_ip, clock_now(), error);
	return service->dns.fake_ip != NULL ? 0 : -EINVAL;
}

int dns_service_begin(struct relay *relay, const struct dns_options *options, struct error *error)
{
	struct dns_service *service = NULL;

	if (options->dns.kind == RELAY_DNS_OFF)
		return 0;
	service = calloc(1, sizeof(*service));
	if (service == NULL)
		return error_set(error, -ENOMEM, "out of memory");
	service->relay = relay;
	service->server.source.fd = -1;
	service->lock = -1;
	TAILQ_INIT(&service->clients);
	TAILQ_INIT(&service->over);
	TAILQ_INIT(&service->datagrams);
	raw_datagrams_init(&service->raw);
	relay->dns = service;
	if (options->dns.kind == RELAY_DNS_SERVER)
		return dns_server_begin(service, &options->dns.server, error);
	return begin_fake_ip(service, options, error);
}

void dns_service_end(struct relay *relay)
{
	struct dns_service *service = relay->dns;

	if (service == NULL)
		return;
	dns_clients_end(service);
	dns_listener_end(relay);
	raw_datagrams_close(&service->raw);
	if (service->tcp != NULL)
		dns_tcp_free(service->tcp);
	if (service->dns.fake_ip != NULL)
		fake_ip_free(service->dns.fake_ip, clock_now());
	closep(&service->lock);
	free(service);
	relay->dns = NULL;
}

void dns_service_bury(struct relay *relay)
{
	if (relay->dns != NULL)
		dns_clients_bury(relay->dns);
}
