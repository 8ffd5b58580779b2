/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The rules generated for what is forwarded, as the text printed by "render". */

#include "rendered.h"

#include <ctype.h>

#define PROXIES "version: 1\ntproxies: {p: {mark: 3000, port: 7893}, q: {mark: 3002, port: 7894}}\n"
#define GATEWAY(rules) PROXIES "gateway:\n  rules:\n" rules
#define STRICT(rules) PROXIES "gateway:\n  strict: true\n  rules:\n" rules

#define PREROUTING                                                                                                     \
	"type filter hook prerouting priority filter + 11; policy accept;\n"                                           \
	"iif lo meta mark vmap @mark-vmap\n"                                                                           \
	"iif lo ct label 61 goto UNMARKED-CHAIN\n"                                                                     \
	"iif lo return\n"
#define PREROUTING_NAT "type nat hook prerouting priority dstnat - 5; policy accept;\niif lo return\n"
#define FALSE_BEGINNINGS "ct status ! confirmed fib saddr . iif oif missing ct label set 60\n"
#define EXCEPTIONS FALSE_BEGINNINGS DESTINATIONS
#define DESTINATIONS                                                                                                   \
	"ip daddr @bypass return\n"                                                                                    \
	"ip6 daddr @bypass6 return\n"                                                                                  \
	"fib daddr type { local, broadcast, anycast, multicast } return\n"                                             \
	"ip6 daddr fe80::/10 return\n"                                                                                 \
	"ct direction original ct status dnat ct label ! 62 return\n"                                                  \
	"ct state established ct direction original ct label ! 60 ct label ! 63 fib saddr . iif oif missing counter "  \
	"name "                                                                                                        \
	"\"GATEWAY-DROP\" drop\n"                                                                                      \
	"ct state established ct direction reply ct label ! 60 ct label ! 63 fib saddr type local counter name "       \
	"\"GATEWAY-DROP\" drop\n"                                                                                      \
	"ct direction reply ct state established ct label ! 63 ct label ! 60 return\n"                                 \
	"ct status dnat ct label ! 62 return\n"
#define ERRORS                                                                                                         \
	"ct state related meta l4proto icmp ct label 60 meta mark set 0x00000bb9 accept\n"                             \
	"ct state related meta l4proto icmp ct label 63 meta mark set 0x00000bb9 accept\n"                             \
	"ct state related meta l4proto ipv6-icmp ct label 60 meta mark set 0x00000bb9 accept\n"                        \
	"ct state related meta l4proto ipv6-icmp ct label 63 meta mark set 0x00000bb9 accept\n"
#define OPEN "ct state established ct label ! 60 ct label ! 63 return\n"
#define OTHERS "meta l4proto != { tcp, udp } return\n"
#define REJECTS                                                                                                        \
	"meta l4proto != tcp fib saddr . iif oif missing drop\n"                                                       \
	"meta l4proto tcp reject with tcp reset\nreject\n"
#define INVALID "ct state invalid goto GATEWAY-DROP\n"
#define STEER(name, port)                                                                                              \
	INVALID                                                                                                        \
	"counter name \"gateway-" name "\" ct label set 60 meta mark set 0x00000bb9\n"                                 \
	"meta l4proto { tcp, udp } tproxy ip to 127.0.0.1:" port " accept\n"                                           \
	"meta l4proto { tcp, udp } tproxy ip6 to [::1]:" port " accept\n"                                              \
	"meta l4proto { tcp, udp } tproxy to :" port " accept\n" REJECTS

/* Rules that others cover are worth a warning. */
static struct rendered render_rules(const char *text)
{
	struct parsed parsed = parse(text);

	assert_int_equal(parsed.result, 0);
	diagnostics_clear(&parsed.diagnostics);
	return render_config(parsed.config, &no_cgroups, &no_names);
}

/* Replaces the hashes in the names of maps by asterisks. */
static struct rendered render_plain(const char *text)
{
	struct rendered rendered = render_rules(text);
	char *to = rendered.text;

	for (const char *from = rendered.text; *from != '\0'; from++) {
		size_t digits = 0;

		*to++ = *from;
		if (*from != '-' || !isdigit((unsigned char)from[-1]))
			continue;
		while (isxdigit((unsigned char)from[1 + digits]))
			digits++;
		if (digits != 8)
			continue;
		*to++ = '*';
		from += digits;
	}
	*to = '\0';
	return rendered;
}

static void test_targets(void **state)
{
	struct rendered rendered = render_plain(GATEWAY("    - {interface: lan0, tproxy: p}\n"));

	(void)state;
	assert_body(&rendered, "chain gateway-p", EXCEPTIONS ERRORS OPEN OTHERS STEER("p", "7893"));
	assert_body(&rendered, "chain gateway-q", EXCEPTIONS ERRORS OPEN OTHERS STEER("q", "7894"));
	assert_body(&rendered, "chain GATEWAY-DROP", EXCEPTIONS "counter name \"GATEWAY-DROP\" drop\n");
	assert_body(&rendered, "chain GATEWAY-REFUSE", EXCEPTIONS INVALID "counter name \"GATEWAY-REFUSE\"\n" REJECTS);
	assert_body(&rendered, "counter gateway-p", "");
	assert_body(&rendered, "counter GATEWAY-REFUSE", "");
	assert_no_body(&rendered, "chain prerouting-nat");
	assert_body(&rendered, "chain prerouting", PREROUTING "iifname vmap @gateway-interface-1-*\n");
	assert_body(&rendered, "map gateway-interface-1-*",
		    "type ifname : verdict\nflags constant, interval\nelements = { \"lan0\" : goto gateway-p }\n");
	assert_non_null(strstr(rendered.text, "\t\tmeta mark 0x00000bb9 iif != 0 counter name \"FENCE-CHAIN\" drop\n"));
	rendered_clear(&rendered);
}

static void test_without_a_gateway(void **state)
{
	struct rendered rendered = render(PROXIES);

	(void)state;
	assert_null(strstr(rendered.text, "iif lo return"));
	assert_null(strstr(rendered.text, "gateway"));
	assert_null(strstr(rendered.text, "GATEWAY"));
	assert_null(strstr(rendered.text, "label 60"));
	assert_null(strstr(rendered.text, "constant"));
	rendered_clear(&rendered);
}

static void test_strict(void **state)
{
	struct rendered rendered = render_plain(STRICT("    - {interface: lan0, tproxy: p}\n"
						       "    - {source: 10.0.0.1, direct: true}\n"));

	(void)state;
	assert_body(&rendered, "chain gateway-p", EXCEPTIONS ERRORS OTHERS STEER("p", "7893"));
	/* a last rule that leaves alone makes a difference */
	assert_body(&rendered, "chain prerouting",
		    PREROUTING "iifname vmap @gateway-interface-1-*\nip saddr vmap @gateway-source-2-*\n"
			       "goto GATEWAY-REFUSE\n");
	rendered_clear(&rendered);
}

static void test_kinds_of_traffic(void **state)
{
	static const struct {
		const char *keys;
		const char *wanted;
	} examples[] = {
		{"udp: direct", "meta l4proto != tcp return\n"},
		{"ipv6: direct", "meta nfproto ipv6 return\nmeta l4proto != { tcp, udp } return\n"},
		{"udp: refuse, ipv6: refuse, other: refuse",
		 "meta nfproto ipv6 goto GATEWAY-REFUSE\nmeta l4proto != { tcp, udp } goto GATEWAY-REFUSE\n"
		 "meta l4proto udp goto GATEWAY-REFUSE\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		char config[512];
		char wanted[2048];
		struct rendered rendered;

		snprintf(config, sizeof(config),
			 "version: 1\ntproxies: {p: {mark: 3000, port: 7893, %s}}\n"
			 "gateway: {rules: [{interface: lan0, tproxy: p}]}\n",
			 examples[i].keys);
		snprintf(wanted, sizeof(wanted), "%s%s%s%s%s", EXCEPTIONS, ERRORS, OPEN, examples[i].wanted,
			 STEER("p", "7893"));
		rendered = render_plain(config);
		assert_body(&rendered, "chain gateway-p", wanted);
		rendered_clear(&rendered);
	}
}

/* One map for consecutive rules of a kind, and the order of the rules otherwise. */
static void test_order(void **state)
{
	struct rendered rendered =
		render_plain(GATEWAY("    - {source: [192.168.50.7, 'fd00::7'], direct: true}\n"
				     "    - {source: 192.168.50.0/24, drop: true}\n"
				     "    - {mac: '52:54:00:aa:bb:cc', refuse: true}\n"
				     "    - {interface: br0, tproxy: q}\n"
				     "    - {interface: [lan1, br0], drop: true}\n"
				     "    - {mac: ['52:54:00:AA:BB:CC', '52:54:00:aa:bb:00'], tproxy: p}\n"
				     "    - {interface: br1, direct: true}\n"
				     "    - {source: 10.0.0.0/8, direct: true}\n"));

	(void)state;
	assert_body(&rendered, "chain prerouting",
		    PREROUTING "ip saddr vmap @gateway-source-1-*\n"
			       "ip6 saddr vmap @gateway-source6-2-*\n"
			       "ether saddr vmap @gateway-mac-3-*\n"
			       "iifname vmap @gateway-interface-4-*\n"
			       "ether saddr vmap @gateway-mac-5-*\n");
	assert_body(&rendered, "map gateway-source-1-*",
		    "type ipv4_addr : verdict\nflags constant, interval\n"
		    "elements = { 192.168.50.0-192.168.50.6 : goto GATEWAY-DROP,\n"
		    "192.168.50.7 : return,\n"
		    "192.168.50.8-192.168.50.255 : goto GATEWAY-DROP }\n");
	assert_body(&rendered, "map gateway-source6-2-*",
		    "type ipv6_addr : verdict\nflags constant, interval\nelements = { fd00::7 : return }\n");
	assert_body(&rendered, "map gateway-mac-3-*",
		    "type ether_addr : verdict\nflags constant, interval\n"
		    "elements = { 52:54:00:aa:bb:cc : goto GATEWAY-REFUSE }\n");
	assert_body(&rendered, "map gateway-interface-4-*",
		    "type ifname : verdict\nflags constant, interval\n"
		    "elements = { \"br0\" : goto gateway-q,\n\"lan1\" : goto GATEWAY-DROP }\n");
	assert_body(&rendered, "map gateway-mac-5-*",
		    "type ether_addr : verdict\nflags constant, interval\n"
		    "elements = { 52:54:00:aa:bb:00 : goto gateway-p,\n52:54:00:aa:bb:cc : goto gateway-p }\n");
	rendered_clear(&rendered);
}

static void test_prefixes_of_names(void **state)
{
	struct rendered rendered =
		render_plain(GATEWAY("    - {interface: [lan1, br1], direct: true}\n"
				     "    - {interface: ['lan*', 'br*', abcdefghijklmno], tproxy: p}\n"
				     "    - {interface: lan2, drop: true}\n"));

	(void)state;
	assert_body(&rendered, "chain prerouting",
		    PREROUTING "iifname vmap @gateway-interface-1-*\niifname vmap @gateway-interface-2-*\n");
	assert_body(&rendered, "map gateway-interface-1-*",
		    "type ifname : verdict\nflags constant, interval\n"
		    "elements = { \"abcdefghijklmno\" : goto gateway-p,\n\"br1\" : return,\n\"lan1\" : return }\n");
	assert_body(&rendered, "map gateway-interface-2-*",
		    "type ifname : verdict\nflags constant, interval\n"
		    "elements = { \"br*\" : goto gateway-p,\n\"lan*\" : goto gateway-p }\n");
	rendered_clear(&rendered);
}

/* What nft can't read is a comment. */
static void test_strange_names(void **state)
{
	struct rendered rendered = render_plain(GATEWAY("    - {interface: ['a\"b', 'c\\*', good], tproxy: p}\n"));

	(void)state;
	assert_body(&rendered, "map gateway-interface-1-*",
		    "type ifname : verdict\nflags constant, interval\n# a\"b : goto gateway-p\n"
		    "# c\\x5c* : goto gateway-p\nelements = { \"good\" : goto gateway-p }\n");
	rendered_clear(&rendered);
}

/* All interfaces need no map, and nothing comes after that. */
static void test_every_interface(void **state)
{
	struct rendered rendered = render_plain(STRICT("    - {interface: lan1, drop: true}\n"
						       "    - {interface: '*', tproxy: p}\n"));

	(void)state;
	assert_body(&rendered, "chain prerouting", PREROUTING "iifname vmap @gateway-interface-1-*\ngoto gateway-p\n");
	rendered_clear(&rendered);
	rendered = render_plain(GATEWAY("    - {interface: '*', direct: true}\n"));
	assert_body(&rendered, "chain prerouting", PREROUTING);
	rendered_clear(&rendered);
}

#define HIJACKING(keys)                                                                                                \
	"version: 1\ntproxies: {p: {mark: 3000, port: 7893, dns-hijack: {" keys "}}, q: {mark: 3002, port: 7894}}\n"
#define REDIRECTED(family, protocol) "meta nfproto " family " meta l4proto " protocol " th dport 53 ct label set 62 "
#define BYPASS "ip daddr @bypass return\nip6 daddr @bypass6 return\n"

static void test_dns_hijack(void **state)
{
	static const char rules[] =
		"gateway: {rules: [{interface: lan1, drop: true}, {interface: [lan0, lan1], tproxy: p}, "
		"{source: 10.0.0.1, tproxy: q}]}\n";
	char config[1024];
	struct rendered rendered;

	(void)state;
	snprintf(config, sizeof(config), "%s%s", HIJACKING("ip6: 'fd00::53', port: 1053, tcp: true"), rules);
	rendered = render_plain(config);
	assert_body(&rendered, "chain gateway-p",
		    FALSE_BEGINNINGS
		    "ct direction original ct label 62 return\n" DESTINATIONS ERRORS OPEN OTHERS STEER("p", "7893"));
	assert_body(&rendered, "chain gateway-q", EXCEPTIONS ERRORS OPEN OTHERS STEER("q", "7894"));
	assert_body(
		&rendered, "chain redirect-p",
		BYPASS REDIRECTED("ipv4", "udp") "redirect to :1053\n" REDIRECTED(
			"ipv4", "tcp") "redirect to :1053\n" REDIRECTED("ipv6", "udp") "dnat ip6 to "
										       "[fd00::53]:1053\n" REDIRECTED(
											       "ipv6", "tcp") "d"
													      "n"
													      "a"
													      "t"
													      " "
													      "i"
													      "p"
													      "6"
													      " "
													      "t"
													      "o"
													      " "
													      "["
													      "f"
													      "d"
													      "0"
													      "0"
													      ":"
													      ":"
													      "5"
													      "3"
													      "]"
													      ":"
													      "1"
													      "0"
													      "5"
													      "3"
													      "\n");
	assert_no_body(&rendered, "chain redirect-q");
	/* what comes later can't be redirected */
	assert_body(&rendered, "chain prerouting-nat", PREROUTING_NAT "iifname vmap @redirect-interface-1-*\n");
	assert_body(&rendered, "map redirect-interface-1-*",
		    "type ifname : verdict\nflags constant, interval\n"
		    "elements = { \"lan0\" : goto redirect-p,\n\"lan1\" : return }\n");
	rendered_clear(&rendered);
	snprintf(config, sizeof(config), "%s%s", HIJACKING("ip: 192.0.2.53, ip6: '::1'"), rules);
	rendered = render_plain(config);
	assert_body(&rendered, "chain redirect-p",
		    BYPASS REDIRECTED("ipv4", "udp") "dnat ip to 192.0.2.53:53\n" REDIRECTED(
			    "ipv6", "udp") "redirect to :53\n");
	rendered_clear(&rendered);
}

/* No rule leads to the proxy that hijacks, so nothing is redirected. */
static void test_no_dns_hijack(void **state)
{
	struct rendered rendered = render(HIJACKING("port: 1053") "gateway: {rules: [{interface: lan0, tproxy: q}]}\n");

	(void)state;
	assert_no_body(&rendered, "chain prerouting-nat");
	assert_no_body(&rendered, "chain redirect-p");
	rendered_clear(&rendered);
}

/* The name of the only map of a config. */
static void find_map(const char *config, char name[NFT_NAME_SIZE])
{
	struct rendered rendered = render_rules(config);
	const char *found = strstr(rendered.text, "\tmap gateway-");

	assert_non_null(found);
	found += strlen("\tmap ");
	memset(name, 0, NFT_NAME_SIZE);
	memcpy(name, found, strcspn(found, " "));
	rendered_clear(&rendered);
}

/* A map can't be changed, so one with other elements has another name, and one with the same keeps its own. */
static void test_names_of_maps(void **state)
{
	static const char *const configs[] = {
		GATEWAY("    - {interface: lan0, tproxy: p}\n"),
		GATEWAY("    - {interface: lan0, tproxy: q}\n"),
		GATEWAY("    - {interface: lan1, tproxy: p}\n"),
		GATEWAY("    - {interface: 'lan0*', tproxy: p}\n"),
		GATEWAY("    - {interface: [lan0, lan1], tproxy: p}\n"),
		GATEWAY("    - {interface: lan0, drop: true}\n"),
	};
	char names[COUNT(configs)][NFT_NAME_SIZE];
	char again[NFT_NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(configs); i++) {
		find_map(configs[i], names[i]);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(names[i], names[j]);
	}
	find_map(GATEWAY("    - {interface: [lan1, lan0], tproxy: p}\n    - {interface: lan1, drop: true}\n"), again);
	assert_string_equal(again, names[4]);
}

/* The longest names fit. */
static void test_long_names(void **state)
{
	static const char longest[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl";
	char config[1024];
	char wanted[128];
	struct rendered rendered;

	(void)state;
	assert_int_equal(strlen(longest), PROXY_NAME_MAX);
	snprintf(config, sizeof(config),
		 "version: 1\ntproxies: {%s: {mark: 3000, port: 1, dns-hijack: {port: 53}}}\n"
		 "gateway: {rules: [{source: 10.0.0.1, tproxy: %s}]}\n",
		 longest, longest);
	rendered = render(config);
	snprintf(wanted, sizeof(wanted), "10.0.0.1 : goto gateway-%s }\n", longest);
	assert_non_null(strstr(rendered.text, wanted));
	snprintf(wanted, sizeof(wanted), "10.0.0.1 : goto redirect-%s }\n", longest);
	assert_non_null(strstr(rendered.text, wanted));
	rendered_clear(&rendered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),	      cmocka_unit_test(test_without_a_gateway),
		cmocka_unit_test(test_strict),	      cmocka_unit_test(test_kinds_of_traffic),
		cmocka_unit_test(test_order),	      cmocka_unit_test(test_prefixes_of_names),
		cmocka_unit_test(test_strange_names), cmocka_unit_test(test_every_interface),
		cmocka_unit_test(test_dns_hijack),    cmocka_unit_test(test_no_dns_hijack),
		cmocka_unit_test(test_names_of_maps), cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
