/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "inspect/sender.h"

#include "engine/names.h"
#include "route/neighbour.h"
#include "util/cleanup.h"
#include "util/escape.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BY_INTERFACE "interface:"

static bool read_mac(const char *word, uint8_t mac[ETH_ALEN])
{
	for (size_t i = 0; i < ETH_ALEN; i++) {
		if (strspn(word, "0123456789abcdefABCDEF") != 2)
			return false;
		mac[i] = (uint8_t)strtoul((const char[]){word[0], word[1], '\0'}, NULL, 16);
		word += 2;
		if (*word++ != (i + 1 < ETH_ALEN ? ':' : '\0'))
			return false;
	}
	return true;
}

static bool read_address(const char *word, struct endpoint *address)
{
	address->family = strchr(word, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(address->family, word, &address->ip6) == 1)
		return true;
	address->family = 0;
	return false;
}

static int read_interface(const char *name, struct sender *sender, struct error *error)
{
	char shown[ESCAPED_SIZE(IFNAMSIZ)];

	if (*name == '\0' || strlen(name) >= IFNAMSIZ)
		return error_set(error, -EINVAL, "\"interface:\" takes the name of an interface");
	if (strcmp(name, "lo") == 0)
		return error_set(error, -EINVAL,
				 "on the interface %s is this host's own traffic; for that of a program: cgtproxy "
				 "explain NAME",
				 escape(shown, sizeof(shown), name, strlen(name)));
	strncpy(sender->interface, name, sizeof(sender->interface) - 1);
	sender->index = if_nametoindex(sender->interface);
	return 1;
}

/* What the kernel knows of it. */
static int look_up(struct neighbour *neighbour, struct sender *sender, struct error *error)
{
	CLEANUP(rtnetlink_close) struct rtnetlink rtnetlink = {0};
	const int result = neighbour->has_mac ? neighbour_find_by_mac(&rtnetlink, neighbour)
					      : neighbour_find_by_address(&rtnetlink, neighbour);
	char address[ENDPOINT_SIZE];

	if (result < 0)
		return error_set(error, result, "can't find the sender: %s", strerror(-result));
	if (result > 0)
		return error_set(error, -EINVAL,
				 "%s is this host's own address; for the traffic of a program: cgtproxy explain NAME",
				 endpoint_write(&neighbour->address, address));
	sender->source = neighbour->address;
	sender->has_mac = neighbour->has_mac;
	memcpy(sender->mac, neighbour->mac, sizeof(sender->mac));
	sender->index = neighbour->interface;
	if (neighbour->interface != 0 && if_indextoname(neighbour->interface, sender->interface) == NULL)
		sender->interface[0] = '\0';
	return 1;
}

int sender_read(const char *word, struct sender *sender, struct error *error)
{
	struct neighbour neighbour = {0};

	*sender = (struct sender){0};
	if (strncmp(word, BY_INTERFACE, strlen(BY_INTERFACE)) == 0)
		return read_interface(word + strlen(BY_INTERFACE), sender, error);
	neighbour.has_mac = read_mac(word, neighbour.mac);
	if (!neighbour.has_mac && !read_address(word, &neighbour.address))
		return 0;
	return look_up(&neighbour, sender, error);
}

/* The first rule that matches and has the target that the compiled rules lead to. */
static int32_t find_rule(const struct config *config, const struct sender *sender, const char *target)
{
	for (size_t i = 0; i < config->gateway.rule_count; i++) {
		const struct gateway_rule *rule = &config->gateway.rules[i];

		if (gateway_rule_matches(rule, sender) && strcmp(config_target_name(config, rule->target), target) == 0)
			return (int32_t)i;
	}
	return NO_RULE;
}

static bool is_of_gateway(const struct set *set)
{
	return strncmp(set->name, CHAIN_GATEWAY_PREFIX, strlen(CHAIN_GATEWAY_PREFIX)) == 0;
}

/* A map's name tells its elements, so the names are enough. */
static bool has_other_maps(const struct ruleset *ruleset, const struct dump *dump)
{
	size_t wanted = 0;
	size_t there = 0;

	for (size_t i = 0; i < ruleset->set_count; i++) {
		if (!is_of_gateway(&ruleset->sets[i]))
			continue;
		wanted++;
		if (dump_find_set(dump, ruleset->sets[i].name) == NULL)
			return true;
	}
	for (size_t i = 0; i < dump->set_count; i++)
		there += is_of_gateway(&dump->sets[i]);
	return there != wanted || (ruleset_find_chain(ruleset, CHAIN_GATEWAY_DROP) != NULL) !=
					  (dump_find_chain(dump, CHAIN_GATEWAY_DROP) != NULL);
}

static void add_trace(const struct explainer *explainer, const struct packet *packet,
		      struct sender_explanation *explanation)
{
	struct trace *trace = &explanation->traces[explanation->trace_count++];

	trace->packet = *packet;
	trace_forwarded(explainer->ruleset, explainer->instance->config, trace);
	trace->is_unheard = trace->outcome == TRACE_PROXY && trace->server.port != 0 && !explain_is_listened_to(trace);
}

static void add_traces(const struct explainer *explainer, struct packet packet, struct sender_explanation *explanation)
{
	const uint16_t port = packet.destination.to.port;

	add_trace(explainer, &packet, explanation);
	if (port != 0)
		return;
	packet.destination.to.port = DNS_PORT;
	add_trace(explainer, &packet, explanation);
	if (explanation->traces[explanation->trace_count - 1].outcome != TRACE_HIJACK)
		explanation->trace_count--;
}

static void explain_packets_to(const struct explainer *explainer, const struct sender *sender,
			       const struct destination *destination, struct sender_explanation *explanation)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
	struct packet packet = {*destination, sender};

	for (size_t i = 0; i < sizeof(protocols); i++) {
		packet.destination.protocol = protocols[i];
		if (destination->protocol == 0 || destination->protocol == protocols[i])
			add_traces(explainer, packet, explanation);
	}
	packet.destination.protocol = destination->to.family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	if (destination->protocol == 0 && destination->to.port == 0)
		add_trace(explainer, &packet, explanation);
}

void sender_explain(const struct explainer *explainer, const struct sender *sender,
		    const struct destination *destination, struct sender_explanation *explanation)
{
	*explanation = (struct sender_explanation){.view = explainer->kernel.view};
	explanation->is_container = trace_sender(explainer->ruleset, sender, explanation->target);
	explanation->rule = explanation->is_container
				    ? NO_RULE
				    : find_rule(explainer->instance->config, sender, explanation->target);
	explanation->differs =
		explanation->view == KERNEL_STEERS && has_other_maps(explainer->ruleset, &explainer->kernel.table.dump);
	if (destination != NULL)
		explain_packets_to(explainer, sender, destination, explanation);
}
