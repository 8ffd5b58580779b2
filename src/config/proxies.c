/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/section.h"
#include "config/value.h"
#include "util/array.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Two keys say the same thing: "no-KEY: true" is an older way to write "KEY: direct". */
struct traffic_reader {
	const char *key;
	const char *old_key;
	const char *name; /* of the key that was read, or NULL */
};

struct proxy_reader {
	struct config *config;
	size_t capacity;
	struct proxy *proxy; /* the one that is read */
	bool has_mark;
	bool has_port;
	struct traffic_reader udp;
	struct traffic_reader ipv6;
};

static void read_hijack_ip(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct dns_hijack *hijack = userdata;

	if (!yaml_is_null(node))
		value_address(node, "dns-hijack.ip", AF_INET, &hijack->ip, diagnostics);
}

static void read_hijack_ip6(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct dns_hijack *hijack = userdata;

	if (!yaml_is_null(node))
		hijack->has_ip6 = value_address(node, "dns-hijack.ip6", AF_INET6, &hijack->ip6, diagnostics);
}

static void read_hijack_port(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct dns_hijack *hijack = userdata;

	if (!yaml_is_null(node))
		value_port(node, "dns-hijack.port", &hijack->port, diagnostics);
}

static void read_hijack_tcp(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct dns_hijack *hijack = userdata;

	if (!yaml_is_null(node))
		value_bool(node, "dns-hijack.tcp", &hijack->tcp, diagnostics);
}

static void read_dns_hijack(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	static const struct yaml_key keys[] = {
		{"ip", read_hijack_ip},
		{"ip6", read_hijack_ip6},
		{"port", read_hijack_port},
		{"tcp", read_hijack_tcp},
		{0},
	};
	struct proxy_reader *reader = userdata;
	struct dns_hijack *hijack = &reader->proxy->dns_hijack;

	if (yaml_is_null(node))
		return;
	hijack->ip.s_addr = htonl(INADDR_LOOPBACK);
	hijack->port = DNS_PORT;
	hijack->enabled = yaml_read_map(node, "dns-hijack", keys, diagnostics, hijack);
}

static void read_mark(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct proxy_reader *reader = userdata;

	reader->has_mark = true;
	value_mark(node, "mark", &reader->proxy->mark, &reader->proxy->mask, diagnostics);
}

static void read_port(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct proxy_reader *reader = userdata;

	reader->has_port = true;
	value_port(node, "port", &reader->proxy->port, diagnostics);
}

static void note_traffic_key(struct traffic_reader *traffic, const char *key, struct fy_node *node,
			     struct diagnostics *diagnostics)
{
	if (traffic->name != NULL)
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
			 "%s: \"%s\" is there already and says the same thing; keep one of the two", key,
			 traffic->name);
	traffic->name = key;
}

static void read_traffic(struct fy_node *node, struct traffic_reader *reader, enum traffic *traffic,
			 struct diagnostics *diagnostics)
{
	static const struct value_word words[] = {
		{"proxy", TRAFFIC_PROXY}, {"direct", TRAFFIC_DIRECT}, {"refuse", TRAFFIC_REFUSE}, {0}};
	int chosen = TRAFFIC_PROXY;

	if (yaml_is_null(node))
		return;
	note_traffic_key(reader, reader->key, node, diagnostics);
	if (value_word(node, reader->key, words, &chosen, diagnostics))
		*traffic = (enum traffic)chosen;
}

static void read_no_traffic(struct fy_node *node, struct traffic_reader *reader, enum traffic *traffic,
			    struct diagnostics *diagnostics)
{
	bool none = false;

	if (yaml_is_null(node))
		return;
	note_traffic_key(reader, reader->old_key, node, diagnostics);
	if (value_bool(node, reader->old_key, &none, diagnostics) && none)
		*traffic = TRAFFIC_DIRECT;
}

static void read_udp(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct proxy_reader *reader = userdata;

	read_traffic(node, &reader->udp, &reader->proxy->udp, diagnostics);
}

static void read_no_udp(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct proxy_reader *reader = userdata;

	read_no_traffic(node, &reader->udp, &reader->proxy->udp, diagnostics);
}

static void read_ipv6(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct proxy_reader *reader = userdata;

	read_traffic(node, &reader->ipv6, &reader->proxy->ipv6, diagnostics);
}

static void read_no_ipv6(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	struct proxy_reader *reader = userdata;

	read_no_traffic(node, &reader->ipv6, &reader->proxy->ipv6, diagnostics);
}

static void read_other(struct fy_node *node, struct diagnostics *diagnostics, void *userdata)
{
	static const struct value_word words[] = {{"direct", TRAFFIC_DIRECT}, {"refuse", TRAFFIC_REFUSE}, {0}};
	struct proxy_reader *reader = userdata;
	int chosen = TRAFFIC_DIRECT;

	if (!yaml_is_null(node) && value_word(node, "other", words, &chosen, diagnostics))
		reader->proxy->other = (enum traffic)chosen;
}

/* Why a name can't be that of chains, or NULL. */
static const char *fault_of_name(const char *name, size_t length)
{
	if (length == 0 || length > PROXY_NAME_MAX)
		return "must have 1 to 64 characters";
	for (size_t i = 0; i < length; i++) {
		if (!isascii(name[i]) || (!isalnum(name[i]) && strchr("_.-", name[i]) == NULL))
			return "may have letters, digits, '_', '.' and '-' only";
	}
	return NULL;
}

static struct proxy *add_proxy(struct proxy_reader *reader, struct fy_node *key, const char *name, size_t length)
{
	struct config *config = reader->config;
	struct proxy *proxies =
		array_reserve(config->proxies, &reader->capacity, config->proxy_count + 1, sizeof(*proxies));
	struct proxy *proxy = NULL;

	if (proxies == NULL)
		return NULL;
	config->proxies = proxies;
	proxy = &proxies[config->proxy_count];
	*proxy = (struct proxy){.name = strndup(name, length), .position = yaml_position(key), .other = TRAFFIC_DIRECT};
	if (proxy->name == NULL)
		return NULL;
	config->proxy_count++;
	return proxy;
}

static void read_proxy(struct fy_node *key, struct fy_node *value, struct diagnostics *diagnostics, void *userdata)
{
	static const struct yaml_key keys[] = {
		{"mark", read_mark},
		{"port", read_port},
		{"udp", read_udp},
		{"no-udp", read_no_udp},
		{"ipv6", read_ipv6},
		{"no-ipv6", read_no_ipv6},
		{"other", read_other},
		{"dns-hijack", read_dns_hijack},
		{0},
	};
	struct proxy_reader *reader = userdata;
	struct position position = yaml_position(key);
	size_t length = 0;
	const char *name = yaml_text(key, &length);
	const char *fault = name != NULL ? fault_of_name(name, length) : "must be a text";
	char shown[YAML_SHOWN_SIZE];

	yaml_show(key, shown);
	if (fault != NULL)
		diagnose(diagnostics, SEVERITY_ERROR, position, "tproxies: the proxy's name %s %s", shown, fault);
	reader->has_mark = false;
	reader->has_port = false;
	reader->udp = (struct traffic_reader){"udp", "no-udp", NULL};
	reader->ipv6 = (struct traffic_reader){"ipv6", "no-ipv6", NULL};
	/* a name that is at fault goes into messages only */
	reader->proxy =
		fault == NULL ? add_proxy(reader, key, name, length) : add_proxy(reader, key, shown, strlen(shown));
	if (reader->proxy == NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, position, "no memory for the proxy %s", shown);
		return;
	}
	if (value == NULL || !yaml_read_map(value, reader->proxy->name, keys, diagnostics, reader))
		return;
	if (!reader->has_mark)
		diagnose(diagnostics, SEVERITY_ERROR, position, "the proxy %s has no mark", shown);
	if (!reader->has_port)
		diagnose(diagnostics, SEVERITY_ERROR, position, "the proxy %s has no port", shown);
}

void read_proxies(struct fy_node *node, struct config *config, struct diagnostics *diagnostics)
{
	struct proxy_reader reader = {.config = config};

	yaml_read_named(node, "tproxies", read_proxy, diagnostics, &reader);
	if (config->proxy_count > PROXIES_MAX)
		diagnose(diagnostics, SEVERITY_ERROR, config->proxies[PROXIES_MAX].position,
			 "tproxies: %zu proxies are more than the %d that there can be", config->proxy_count,
			 PROXIES_MAX);
}

void check_marks(const struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct proxy *one = &config->proxies[j];
			const struct proxy *other = &config->proxies[i];

			/* a mark of 0 is one that could not be read */
			if (one->mark == 0 || other->mark == 0 ||
			    ((one->mark ^ other->mark) & one->mask & other->mask) != 0)
				continue;
			diagnose(
				diagnostics, SEVERITY_ERROR, other->position,
				"the proxies %s (line %d) and %s can't be told apart: a packet with the mark 0x%" PRIx32
				" is meant for both. Give each a mark of its own",
				one->name, one->position.line, other->name, one->mark | other->mark);
		}
	}
}
