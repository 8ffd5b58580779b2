/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "relay/dns_service.h"

#include "util/clock.h"
#include "util/language.h"

#include <errno.h>
#include <stdio.h>

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
