/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "cmd/explain.h"

#include "cmd/columns.h"
#include "util/language.h"

#include <arpa/inet.h>
#include <stdio.h>

enum {
	LABEL_WIDTH = 8,
	PROTOCOL_WIDTH = 6,
};

void explain_print_label(const char *label)
{
	fputs(label, stdout);
	text_pad(label, LABEL_WIDTH, stdout);
}

/* A question for a name, at a relay. */
static void print_relay_dns(const struct trace *trace)
{
	char server[ENDPOINT_SIZE];

	printf(_("to the relay of %s at port %u"), trace->proxy, trace->server.port);
	if (trace->dns.kind == RELAY_DNS_FAKE_IP)
		fputs(_(", which answers the question (fake-ip)"), stdout);
	else
		printf(_(", which asks %s through the proxy"), endpoint_write(&trace->dns.server, server));
}

static void print_outcome(const struct trace *trace)
{
	char server[ENDPOINT_SIZE];

	switch (trace->outcome) {
	case TRACE_DIRECT:
		fputs(_("direct"), stdout);
		break;
	case TRACE_DROP:
		fputs(_("dropped"), stdout);
		break;
	case TRACE_REFUSE:
		fputs(_("refused"), stdout);
		break;
	case TRACE_PROXY:
		if (trace->dns.kind != RELAY_DNS_OFF)
			print_relay_dns(trace);
		else
			printf(_("to %s, on port %u"), trace->proxy, trace->server.port);
		fputs(trace->is_unheard ? _(", where no socket accepts TPROXY") : "", stdout);
		break;
	case TRACE_HIJACK:
		if (trace->server.family != 0)
			printf(_("to %s, by dns-hijack of %s"), endpoint_write(&trace->server, server), trace->proxy);
		else
			printf(_("to port %u of this host, by dns-hijack of %s"), trace->server.port, trace->proxy);
		break;
	}
}

static void print_key(const struct trace *trace, const char *key, const char *value)
{
	if (trace->reason == REASON_MULTICAST)
		printf(_(", since it is multicast, and \"%s\" of %s is \"%s\""), key, trace->proxy, value);
	else if (trace->reason == REASON_BROADCAST)
		printf(_(", since it is a broadcast, and \"%s\" of %s is \"%s\""), key, trace->proxy, value);
	else
		printf(_(", since \"%s\" of %s is \"%s\""), key, trace->proxy, value);
}

static void print_reason(const struct trace *trace)
{
	const char *value = trace->outcome == TRACE_REFUSE ? "refuse" : "direct";
	char entry[INET6_ADDRSTRLEN] = "";

	switch (trace->reason) {
	case REASON_TARGET:
	case REASON_HIJACK:
		break;
	case REASON_BYPASS:
		inet_ntop(trace->bypass.family, &trace->bypass.ip6, entry, sizeof(entry));
		if (trace->bypass.family != 0)
			printf(_(", since bypass has %s/%u"), entry, trace->bypass.prefix);
		else
			fputs(_(", since the bypass set in force has it"), stdout);
		break;
	case REASON_NOT_FORWARDED:
		fputs(_(", since it is not forwarded: the address is this host's, or not that of a single host"),
		      stdout);
		break;
	case REASON_CONTAINER:
		fputs(_(", since the address is another container's"), stdout);
		break;
	case REASON_LOCAL:
		fputs(_(", since the address is this host's (bypass-local)"), stdout);
		break;
	case REASON_IPV6:
		print_key(trace, "ipv6", value);
		break;
	case REASON_UDP:
		print_key(trace, "udp", value);
		break;
	case REASON_OTHER:
	case REASON_MULTICAST:
	case REASON_BROADCAST:
		print_key(trace, "other", value);
		break;
	}
}

static const char *name_of_traffic(uint8_t protocol, bool is_dns)
{
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return _("other");
	if (is_dns)
		return protocol == IPPROTO_TCP ? "tcp:53" : "udp:53";
	return explain_protocol(protocol);
}

void explain_print_traffic(const struct question *question, const struct explanation *answer)
{
	if (question->destination != NULL)
		explain_print_traces(question->destination, answer->traces, answer->trace_count);
}

void explain_print_traces(const struct destination *destination, const struct trace *traces, size_t count)
{
	char to[ENDPOINT_SIZE];

	explain_print_label(_("to"));
	printf("%s%s%s\n", endpoint_write(&destination->to, to),
	       destination->type == ADDRESS_UNREACHABLE ? _(", where this host has no route") : "",
	       count > 0 && traces[0].is_fake ? _(", which stands for a name, at the relay that gave it out (fake-ip)")
					      : "");
	if (count == 0) {
		explain_print_label("");
		puts(_("unknown, since it depends on the config file, which has errors"));
	}
	for (size_t i = 0; i < count; i++) {
		const struct trace *trace = &traces[i];
		const bool is_dns = destination->to.port == 0 && trace->packet.destination.to.port != 0;
		const char *name = name_of_traffic(trace->packet.destination.protocol, is_dns);

		printf("  %s", name);
		text_pad(name, PROTOCOL_WIDTH, stdout);
		putchar(' ');
		print_outcome(trace);
		print_reason(trace);
		putchar('\n');
	}
}
