/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/dns_service.h"

#include "relay/dns_client.h"
#include "relay/dns_listener.h"
#include "relay/dns_server.h"
#include "relay/state_directory.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/language.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

uint64_t dns_service_next(const struct relay *relay)
{
	return relay->dns != NULL && relay->dns->tcp != NULL ? dns_tcp_next(relay->dns->tcp) : UINT64_MAX;
}

void dns_service_run(struct relay *relay, uint64_t now)
{
	if (dns_service_next(relay) <= now)
		dns_tcp_run(relay->dns->tcp, now);
}

enum dns_verdict dns_service_take(struct dns_service *service, const uint8_t *query, size_t query_length,
				  uint8_t *answer, size_t *length)
{
	const uint64_t now = clock_now();
	const enum dns_verdict verdict = dns_take(&service->dns, query, query_length, now, answer, length);
	char text[512];

	if (verdict == DNS_ANSWER_BUSY) {
		snprintf(text, sizeof(text),
			 _("there is no fake address for another name: all %zu were used within the last ten minutes"),
			 fake_ip_count(service->dns.fake_ip));
		failures_log(&service->relay->failures, FAILURE_NAMES, 0, now, NULL, text);
	}
	return verdict;
}

bool dns_service_ask(struct dns_service *service, const uint8_t *query, size_t length, struct dns_asker *asker)
{
	const uint64_t now = clock_now();
	const int result = dns_tcp_ask(service->tcp, query, length, asker, now);

	if (result == -ENOBUFS)
		failures_log(&service->relay->failures, FAILURE_DNS, ENOBUFS, now, &service->server.destination,
			     _("too many questions wait for the name server's answers"));
	return result == 0;
}

void dns_service_forget(struct dns_service *service, struct dns_asker *asker)
{
	if (service->tcp != NULL)
		dns_tcp_forget(service->tcp, asker);
}
