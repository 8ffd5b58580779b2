/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config/keys.h"
#include "config/relay.h"
#include "config/section.h"
#include "config/value.h"
#include "util/array.h"
#include "util/language.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Of RFC 3927: 169.254.0.0/16. */
#define IPV4_LINK_LOCAL 0xa9fe0000U

/* Two keys for the same thing: "no-KEY: true" is the older form of "KEY: direct". */
struct traffic_reader {
	enum traffic traffic;
	const char *name; /* the key that was read, or NULL */
};

struct proxy_reader {
	struct proxy proxy;
	bool has_mark;
	bool has_port;
	struct traffic_reader udp;
	struct traffic_reader ipv6;
};

static bool read_mark(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct proxy_reader *reader = out;

	reader->has_mark = true;
	return value_mark(node, key, &reader->proxy.mark, diagnostics);
}

static bool read_port(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct proxy_reader *reader = out;

	reader->has_port = true;
	return value_port(node, key, &reader->proxy.port, diagnostics);
}

static void note_traffic_key(struct traffic_reader *reader, const struct key *key, struct fy_node *node,
			     struct diagnostics *diagnostics)
{
	if (reader->name != NULL)
		diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
			 "%s: \"%s\" already sets this; keep one of the two", key->name, reader->name);
	reader->name = key->name;
}

static bool read_traffic(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct traffic_reader *reader = out;

	note_traffic_key(reader, key, node, diagnostics);
	return value_word(node, key, &reader->traffic, diagnostics);
}

static bool read_no_traffic(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct traffic_reader *reader = out;
	bool none = false;

	note_traffic_key(reader, key, node, diagnostics);
	if (!value_bool(node, key, &none, diagnostics))
		return false;
	if (none)
		reader->traffic = TRAFFIC_DIRECT;
	return true;
}

static bool is_in(in_addr_t address, in_addr_t network, unsigned prefix)
{
	return ((ntohl(address) ^ network) >> (32 - prefix)) == 0;
}

/* Why no name server can be asked at an address, or NULL. */
static const char *fault_of_ip(const struct in_addr *ip)
{
	if (is_in(ip->s_addr, INADDR_ANY, 8))
		return _("means any address, which is one to listen on but not one to send to");
	if (is_in(ip->s_addr, INADDR_UNSPEC_GROUP, 4))
		return _("is multicast");
	return ip->s_addr == htonl(INADDR_BROADCAST) ? _("is the broadcast address") : NULL;
}

static const char *fault_of_ip6(const struct in6_addr *ip6)
{
	if (IN6_IS_ADDR_UNSPECIFIED(ip6))
		return _("means any address, which is one to listen on but not one to send to");
	if (IN6_IS_ADDR_MULTICAST(ip6))
		return _("is multicast");
	if (IN6_IS_ADDR_LINKLOCAL(ip6))
		return _("is link-local, and there is no way to say on which link");
	return IN6_IS_ADDR_V4MAPPED(ip6) ? _("is an IPv4 address, which a question over IPv6 can't be sent to") : NULL;
}

static bool refuse_server(struct fy_node *node, const struct key *key, const char *fault,
			  struct diagnostics *diagnostics)
{
	char shown[YAML_SHOWN_SIZE];

	diagnose(diagnostics, SEVERITY_ERROR, yaml_position(node),
		 "%s: %s %s; expected the address of a name server, like %s", key_label(key), yaml_show(node, shown),
		 fault, key->form == FORM_IP4 ? "127.0.0.1" : "::1");
	return false;
}

/* Clouds and clusters do have their name servers at link-local addresses of IPv4, and routes to them. */
static bool read_hijack_ip(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct in_addr ip = {0};
	char shown[YAML_SHOWN_SIZE];

	if (!value_ip4(node, key, &ip, diagnostics))
		return false;
	if (fault_of_ip(&ip) != NULL)
		return refuse_server(node, key, fault_of_ip(&ip), diagnostics);
	if (is_in(ip.s_addr, IPV4_LINK_LOCAL, 16))
		diagnose(
			diagnostics, SEVERITY_WARNING, yaml_position(node),
			"%s: %s is link-local, which works only where this host has a route to a name server there, as "
			"in some clouds",
			key_label(key), yaml_show(node, shown));
	*(struct in_addr *)out = ip;
	return true;
}

static bool read_hijack_ip6(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct dns_hijack *hijack = out;
	struct in6_addr ip6;

	if (!value_ip6(node, key, &ip6, diagnostics))
		return false;
	if (fault_of_ip6(&ip6) != NULL)
		return refuse_server(node, key, fault_of_ip6(&ip6), diagnostics);
	hijack->has_ip6 = true;
	hijack->ip6 = ip6;
	return true;
}

static const struct key hijack_keys[] = {
	{"ip", read_hijack_ip, offsetof(struct dns_hijack, ip), .label = "dns-hijack.ip", .form = FORM_IP4,
	 .about = "The name server's IPv4 address"},
	{"ip6", read_hijack_ip6, .label = "dns-hijack.ip6", .form = FORM_IP6,
	 .about = "The name server's IPv6 address; without it, questions over IPv6 are not redirected"},
	{"port", value_port, offsetof(struct dns_hijack, port), .label = "dns-hijack.port", .form = FORM_PORT,
	 .about = "The name server's port"},
	{"tcp", value_bool, offsetof(struct dns_hijack, tcp), .label = "dns-hijack.tcp", .form = FORM_BOOL,
	 .about = "Redirect questions over TCP as well as over UDP"},
	{0},
};

static bool read_hijack(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct dns_hijack hijack = {.enabled = true,
				    .position = yaml_position(node),
				    .ip.s_addr = htonl(INADDR_LOOPBACK),
				    .port = DNS_PORT};

	if (!keys_read(node, key->name, hijack_keys, &hijack, diagnostics))
		return false;
	*(struct dns_hijack *)out = hijack;
	return true;
}

static const struct key_word traffic_words[] = {
	{"proxy", TRAFFIC_PROXY}, {"direct", TRAFFIC_DIRECT}, {"refuse", TRAFFIC_REFUSE}, {0}};

static const struct key_word other_words[] = {{"direct", TRAFFIC_DIRECT}, {"refuse", TRAFFIC_REFUSE}, {0}};

const struct key proxy_keys[] = {
	{"mark", read_mark, .needs_value = true, .form = FORM_MARK,
	 .about = "The fwmark that leads a packet to this proxy, VALUE or VALUE/MASK; nothing else may use it"},
	{"port", read_port, .needs_value = true, .form = FORM_PORT, .about = "The port that the proxy listens on"},
	{"udp", read_traffic, offsetof(struct proxy_reader, udp), .words = traffic_words, .form = FORM_WORD,
	 .about = "Where UDP goes: to the proxy, past it, or nowhere"},
	{"no-udp", read_no_traffic, offsetof(struct proxy_reader, udp), .form = FORM_BOOL,
	 .about = "The older form of udp: direct"},
	{"ipv6", read_traffic, offsetof(struct proxy_reader, ipv6), .words = traffic_words, .form = FORM_WORD,
	 .about = "Where IPv6 goes: to the proxy, past it, or nowhere"},
	{"no-ipv6", read_no_traffic, offsetof(struct proxy_reader, ipv6), .form = FORM_BOOL,
	 .about = "The older form of ipv6: direct"},
	{"other", value_word, offsetof(struct proxy_reader, proxy.other), .words = other_words, .form = FORM_WORD,
	 .about = "Where traffic goes that TPROXY can't take: ping, multicast, broadcast, other protocols"},
	{"dns-hijack", read_hijack, offsetof(struct proxy_reader, proxy.dns_hijack), .form = FORM_MAP,
	 .keys = hijack_keys, .about = "Send DNS questions of this proxy's cgroups to this name server"},
	{"relay", read_relay, offsetof(struct proxy_reader, proxy.relay), .form = FORM_MAP, .keys = relay_keys,
	 .about = "A proxy that does not know TPROXY, which cgtproxy-relay passes this proxy's connections on to"},
	{0},
};

/* Returns why a name can't be used in chain names, or NULL. */
static const char *fault_of_name(const char *name, size_t length)
{
	if (length == 0 || length > PROXY_NAME_MAX)
		return _("must have 1 to 64 characters");
	for (size_t i = 0; i < length; i++) {
		if (!isascii(name[i]) || (!isalnum(name[i]) && strchr("_.-", name[i]) == NULL))
			return _("may contain only letters, digits, '_', '.' and '-'");
	}
	return NULL;
}

/* @shown: the proxy's name for messages */
static void read_proxy_keys(struct fy_node *node, const char *shown, struct proxy *proxy,
			    struct diagnostics *diagnostics)
{
	struct proxy_reader reader = {.proxy = *proxy};

	if (!keys_read(node, proxy->name, proxy_keys, &reader, diagnostics))
		return;
	if (!reader.has_mark)
		diagnose(diagnostics, SEVERITY_ERROR, proxy->position, "the proxy %s has no mark", shown);
	if (!reader.has_port)
		diagnose(diagnostics, SEVERITY_ERROR, proxy->position, "the proxy %s has no port", shown);
	*proxy = reader.proxy;
	proxy->udp = reader.udp.traffic;
	proxy->ipv6 = reader.ipv6.traffic;
	check_relay(proxy, reader.udp.name != NULL, diagnostics);
}

struct proxies_reader {
	struct config *config;
	size_t capacity;
};

static struct proxy *add_proxy(struct proxies_reader *reader, const char *name, size_t length, struct position position)
{
	struct config *config = reader->config;
	struct proxy *proxies =
		array_reserve(config->proxies, &reader->capacity, config->proxy_count + 1, sizeof(*proxies));
	struct proxy *proxy = NULL;

	if (proxies == NULL)
		return NULL;
	config->proxies = proxies;
	proxy = &proxies[config->proxy_count];
	*proxy = (struct proxy){.name = strndup(name, length), .position = position, .other = TRAFFIC_DIRECT};
	if (proxy->name == NULL)
		return NULL;
	config->proxy_count++;
	return proxy;
}

static void read_proxy(struct fy_node *key, struct fy_node *value, struct diagnostics *diagnostics, void *userdata)
{
	struct position position = yaml_position(key);
	struct proxy *proxy = NULL;
	size_t length = 0;
	const char *name = yaml_text(key, &length);
	const char *fault = name != NULL ? fault_of_name(name, length) : _("must be a string");
	char shown[YAML_SHOWN_SIZE];

	yaml_show(key, shown);
	if (name == NULL || fault != NULL) {
		diagnose(diagnostics, SEVERITY_ERROR, position, "tproxies: the proxy name %s %s", shown, fault);
		/* from here on only for messages */
		name = shown;
		length = strlen(shown);
	}
	proxy = add_proxy(userdata, name, length, position);
	if (proxy != NULL)
		read_proxy_keys(value, shown, proxy, diagnostics);
	else
		diagnose(diagnostics, SEVERITY_ERROR, position, "no memory for the proxy %s", shown);
}

bool read_proxies(struct fy_node *node, const struct key *key, void *out, struct diagnostics *diagnostics)
{
	struct config *config = out;
	struct proxies_reader reader = {.config = config};

	if (!keys_read_names(node, key->name, read_proxy, diagnostics, &reader))
		return false;
	if (config->proxy_count > PROXIES_MAX)
		diagnose(diagnostics, SEVERITY_ERROR, config->proxies[PROXIES_MAX].position,
			 "%s: %zu proxies exceed the limit of %d", key->name, config->proxy_count, PROXIES_MAX);
	return true;
}

void check_marks(const struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct proxy *one = &config->proxies[j];
			const struct proxy *other = &config->proxies[i];
			const uint32_t both = one->mark.value | other->mark.value;

			/* a mark of 0 could not be read */
			if (one->mark.value == 0 || other->mark.value == 0 ||
			    !fwmark_overlaps(&one->mark, &other->mark))
				continue;
			diagnose(diagnostics, SEVERITY_ERROR, other->position,
				 "the proxies %s (line %d) and %s have overlapping marks: a packet with the mark "
				 "%" PRIu32 " (0x%" PRIx32 ") matches both. Give each its own mark",
				 one->name, one->position.line, other->name, both, both);
		}
	}
}

/* They are two names for one server where they don't differ in what of it they use, which is what two names are for. */
static bool is_same_server(const struct proxy *one, const struct proxy *other)
{
	return one->port != 0 && one->port == other->port && one->udp == other->udp && one->ipv6 == other->ipv6 &&
	       one->other == other->other;
}

/* Other addresses than loopback ones may be those of other hosts, which have ports of their own. */
static bool leads_to_proxy(const struct dns_hijack *hijack, const struct proxy *proxy)
{
	bool is_local =
		is_in(hijack->ip.s_addr, INADDR_LOOPBACK, 8) || (hijack->has_ip6 && IN6_IS_ADDR_LOOPBACK(&hijack->ip6));

	return hijack->enabled && is_local && hijack->port == proxy->port &&
	       (proxy->udp == TRAFFIC_PROXY || hijack->tcp);
}

static void check_ports_of(const struct proxy *proxy, const struct config *config, struct diagnostics *diagnostics)
{
	for (const struct proxy *other = config->proxies; other < proxy; other++) {
		if (!is_same_server(proxy, other))
			continue;
		diagnose(diagnostics, SEVERITY_WARNING, proxy->position,
			 "the proxies %s (line %d) and %s have the same port, %u, so all their traffic arrives at the "
			 "same server. Give each the port on which it listens",
			 other->name, other->position.line, proxy->name, proxy->port);
		return;
	}
}

static void check_hijack(const struct dns_hijack *hijack, const struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		const struct proxy *proxy = &config->proxies[i];

		if (!leads_to_proxy(hijack, proxy))
			continue;
		diagnose(diagnostics, SEVERITY_ERROR, hijack->position,
			 "dns-hijack: port %u is where the proxy %s takes TPROXY connections, so nobody answers "
			 "questions for names there. Give the port of the proxy's name server, like that of "
			 "\"listen\" under \"dns\" in mihomo's config",
			 proxy->port, proxy->name);
		return;
	}
}

void check_ports(const struct config *config, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < config->proxy_count; i++) {
		check_ports_of(&config->proxies[i], config, diagnostics);
		check_hijack(&config->proxies[i].dns_hijack, config, diagnostics);
	}
}
