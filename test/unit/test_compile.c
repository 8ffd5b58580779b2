/* SPDX-FileCopyrightText: 2026 cgtproxy contributors
 * SPDX-License-Identifier: GPL-3.0-or-later */

/* The rules generated from a config, as the text printed by "render". */

#include "rendered.h"

#define PROXY(keys) "version: 1\ntproxies: {p: {mark: 3000, port: 7893" keys "}}\n"

#define EXCEPTIONS                                                                                                     \
	"ct direction reply ct label ! 63 ct label ! 61 return\n"                                                      \
	"ct direction reply ct label ! 63 fib daddr type local return\n"
#define FLOW                                                                                                           \
	"ct direction reply ct label ! 63 return\n"                                                                    \
	"ct direction original ct label 63 return\n"
#define BYPASS "ip daddr @bypass return\nip6 daddr @bypass6 return\n"
#define LOCAL "fib daddr type local return\n"
#define GROUPS(action)                                                                                                 \
	"ip daddr 224.0.0.0/4 " action "\nip6 daddr ff00::/8 " action                                                  \
	"\nmeta nfproto ipv4 fib daddr type broadcast " action "\n"
#define OTHERS "meta l4proto != { tcp, udp } return\n"
#define MARK "counter name \"proxy-p\" ct label set 61 ct label set 127 meta mark set 0x00000bb8\n"
#define REJECTS "meta l4proto tcp reject with tcp reset\nreject\n"
#define TPROXY(port) "meta l4proto { tcp, udp } tproxy to :" port " accept\n" LOCAL REJECTS
#define PREROUTING                                                                                                     \
	"type filter hook prerouting priority filter + 11; policy accept;\n"                                           \
	"iif lo meta mark vmap @mark-vmap\n"
#define OUTPUT "type route hook output priority mangle + 5; policy accept;\n"

static void test_without_proxies(void **state)
{
	/* blank lines between the parts, and none elsewhere */
	static const char wanted[] = "table inet cgtproxy {\n"
				     "\tcounter DROP-CHAIN {\n\t}\n\n"
				     "\tcounter REFUSE-CHAIN {\n\t}\n\n"
				     "\tcounter FENCE-CHAIN {\n\t}\n\n"
				     "\tset bypass {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\tauto-merge\n\t}\n"
				     "\n\tset bypass6 {\n\t\ttype ipv6_addr\n\t\tflags interval\n\t\tauto-merge\n\t}\n"
				     "\n\tmap mark-vmap {\n\t\ttype mark : verdict\n\t}\n"
				     "\n\tmap mark-dns-vmap {\n\t\ttype mark : verdict\n\t}\n"
				     "\n\tmap cgroup-vmap {\n\t\ttype cgroupsv2 : verdict\n\t\tsize 16384\n\t}\n"
				     "\n\tset DROP-CHAIN {\n\t\ttype cgroupsv2\n\t}\n"
				     "\n\tset REFUSE-CHAIN {\n\t\ttype cgroupsv2\n\t}\n"
				     "\n\tchain DROP-CHAIN {\n"
				     "\t\tct direction reply ct label ! 63 ct label ! 61 return\n"
				     "\t\tct direction reply ct label ! 63 fib daddr type local return\n"
				     "\t\tip daddr @bypass return\n"
				     "\t\tip6 daddr @bypass6 return\n"
				     "\t\tfib daddr type local return\n"
				     "\t\tcounter name \"DROP-CHAIN\" drop\n"
				     "\t}\n"
				     "\n\tchain REFUSE-CHAIN {\n"
				     "\t\tct direction reply ct label ! 63 ct label ! 61 return\n"
				     "\t\tct direction reply ct label ! 63 fib daddr type local return\n"
				     "\t\tip daddr @bypass return\n"
				     "\t\tip6 daddr @bypass6 return\n"
				     "\t\tfib daddr type local return\n"
				     "\t\tcounter name \"REFUSE-CHAIN\"\n"
				     "\t\tmeta l4proto tcp reject with tcp reset\n"
				     "\t\treject\n"
				     "\t}\n"
				     "\n\tchain prerouting {\n"
				     "\t\ttype filter hook prerouting priority filter + 11; policy accept;\n"
				     "\t\tiif lo meta mark vmap @mark-vmap\n"
				     "\t}\n"
				     "\n\tchain postrouting-fence {\n"
				     "\t\ttype filter hook postrouting priority mangle; policy accept;\n"
				     "\t\tct status ! confirmed ct direction original iif 0 fib saddr type != local ct "
				     "label ! 61 ct label set 63\n"
				     "\t\tct direction reply ct label 63 meta l4proto tcp goto FENCE-CHAIN\n"
				     "\t}\n"
				     "\n\tchain FENCE-CHAIN {\n"
				     "\t\toif lo return\n"
				     "\t\tiif != 0 return\n"
				     "\t\tcounter name \"FENCE-CHAIN\" drop\n"
				     "\t}\n"
				     "\n\tchain STEER-CHAIN {\n"
				     "\t\tgoto DROP-CHAIN\n"
				     "\t}\n"
				     "\n\tchain output-mangle {\n"
				     "\t\ttype route hook output priority mangle + 5; policy accept;\n"
				     "\t}\n"
				     "}\n";
	struct rendered rendered = render("version: 1\n");

	(void)state;
	assert_string_equal(rendered.text, wanted);
	rendered_clear(&rendered);
}

static void test_plain_proxy(void **state)
{
	struct rendered rendered = render(PROXY(""));

	(void)state;
	assert_body(&rendered, "chain proxy-p", EXCEPTIONS BYPASS LOCAL GROUPS("return") OTHERS MARK);
	assert_body(&rendered, "chain tproxy-p", TPROXY("7893"));
	assert_body(&rendered, "chain prerouting", PREROUTING "iif lo ct label 61 goto UNMARKED-CHAIN\n");
	assert_body(&rendered, "map mark-vmap", "type mark : verdict\nelements = { 0x00000bb8 : goto tproxy-p }\n");
	assert_body(&rendered, "map mark-dns-vmap", "type mark : verdict\n");
	assert_body(&rendered, "counter proxy-p", "");
	/* NAT would enable connection tracking for the whole host */
	assert_no_body(&rendered, "chain output-nat");
	assert_no_body(&rendered, "chain dns-p");
	assert_null(strstr(rendered.text, "dnat"));
	rendered_clear(&rendered);
}

#define FENCE_BEGIN                                                                                                    \
	"type filter hook postrouting priority mangle; policy accept;\n"                                               \
	"ct status ! confirmed ct direction original iif 0 fib saddr type != local ct label ! 61 ct label set 63\n"
#define FENCE_ANSWERS "ct direction reply ct label 63 meta l4proto tcp goto FENCE-CHAIN\n"

/* What is steered leaves by the loopback interface or not at all. */
static void test_fence(void **state)
{
	struct rendered rendered = render("version: 1\ntproxies:\n"
					  "  p: {mark: 0x100/0xff00, port: 1}\n"
					  "  q: {mark: 5, port: 2, dns-hijack: {ip6: 'fd00::53', port: 1053}}\n");

	(void)state;
	assert_body(&rendered, "chain postrouting-fence",
		    FENCE_BEGIN "meta mark & 0x0000ff00 == 0x00000100 goto FENCE-CHAIN\n"
				"meta mark 0x00000005 goto FENCE-CHAIN\n" FENCE_ANSWERS
				"th dport 1053 ip daddr 127.0.0.1 ct label 62 goto FENCE-CHAIN\n"
				"th dport 1053 ip6 daddr fd00::53 ct label 62 fib daddr type local goto "
				"FENCE-CHAIN\n"
				"meta mark != 0x00000000 goto OTHER-MARK-CHAIN\n");
	assert_body(&rendered, "chain OTHER-MARK-CHAIN",
		    "ct label 127 goto FENCE-CHAIN\nct label 126 goto FENCE-CHAIN\n");
	assert_body(&rendered, "chain FENCE-CHAIN",
		    "oif lo return\niif != 0 return\ncounter name \"FENCE-CHAIN\" drop\n");
	rendered_clear(&rendered);
	rendered = render("version: 1\n");
	assert_body(&rendered, "chain postrouting-fence", FENCE_BEGIN FENCE_ANSWERS);
	rendered_clear(&rendered);
}

static void test_without_bypass_local(void **state)
{
	struct rendered rendered = render(PROXY("") "bypass-local: false\n");

	(void)state;
	assert_body(&rendered, "chain proxy-p", EXCEPTIONS BYPASS GROUPS("return") OTHERS MARK);
	assert_body(&rendered, "chain DROP-CHAIN", EXCEPTIONS BYPASS "counter name \"DROP-CHAIN\" drop\n");
	rendered_clear(&rendered);
}

static void test_traffic_that_goes_direct(void **state)
{
	struct rendered rendered = render(PROXY(", udp: direct"));

	(void)state;
	assert_body(&rendered, "chain proxy-p",
		    EXCEPTIONS BYPASS LOCAL GROUPS("return") "meta l4proto != tcp return\n" MARK);
	rendered_clear(&rendered);
	rendered = render(PROXY(", no-ipv6: true"));
	assert_body(&rendered, "chain proxy-p",
		    EXCEPTIONS BYPASS LOCAL GROUPS("return") "meta nfproto ipv6 return\n" OTHERS MARK);
	rendered_clear(&rendered);
	rendered = render(PROXY(", ipv6: direct, no-udp: true"));
	assert_body(
		&rendered, "chain proxy-p",
		EXCEPTIONS BYPASS LOCAL GROUPS("return") "meta nfproto ipv6 return\nmeta l4proto != tcp return\n" MARK);
	rendered_clear(&rendered);
}

/* Traffic that matches both a refusal and a bypass is refused, so refusals come first. */
static void test_traffic_that_is_refused(void **state)
{
	struct rendered rendered = render(PROXY(", udp: refuse, ipv6: refuse, other: refuse"));

	(void)state;
	assert_body(&rendered, "chain proxy-p",
		    EXCEPTIONS BYPASS LOCAL "meta nfproto ipv6 goto REFUSE-CHAIN\n" GROUPS(
			    "goto REFUSE-CHAIN") "meta l4proto != { tcp, udp } goto REFUSE-CHAIN\nmeta l4proto udp "
						 "goto REFUSE-CHAIN\n" MARK);
	rendered_clear(&rendered);
	rendered = render(PROXY(", udp: direct, ipv6: direct, other: refuse"));
	assert_body(&rendered, "chain proxy-p",
		    EXCEPTIONS BYPASS LOCAL GROUPS(
			    "goto REFUSE-CHAIN") "meta l4proto != { tcp, udp } goto REFUSE-CHAIN\n"
						 "meta nfproto ipv6 return\nmeta l4proto != tcp return\n" MARK);
	rendered_clear(&rendered);
	/* TPROXY can't handle multicast UDP */
	rendered = render(PROXY(", udp: refuse"));
	assert_body(&rendered, "chain proxy-p",
		    EXCEPTIONS BYPASS LOCAL GROUPS("return") "meta l4proto udp goto REFUSE-CHAIN\n" OTHERS MARK);
	rendered_clear(&rendered);
}

#define HIJACKED "ct label 62 return\n"
#define HIJACK(family, protocol)                                                                                       \
	"meta nfproto " family " meta l4proto " protocol " th dport 53 counter name \"proxy-p\" "                      \
	"meta mark set 0x00000bb8 return\n"
#define REDIRECT(family, protocol, to)                                                                                 \
	"meta nfproto " family " meta l4proto " protocol                                                               \
	" th dport 53 meta mark set 0x00000000 ct label set 62 dnat " to "\n"

static void test_dns_hijack(void **state)
{
	struct rendered rendered = render(PROXY(", dns-hijack: {}"));

	(void)state;
	/* a redirected flow is left alone, which is checked before the bypass */
	assert_body(&rendered, "chain proxy-p",
		    EXCEPTIONS HIJACKED BYPASS HIJACK("ipv4", "udp") LOCAL GROUPS("return") OTHERS MARK);
	assert_body(&rendered, "chain dns-p", REDIRECT("ipv4", "udp", "ip to 127.0.0.1:53"));
	assert_body(&rendered, "chain output-nat",
		    "type nat hook output priority -100; policy accept;\nmeta mark vmap @mark-dns-vmap\n");
	assert_body(&rendered, "map mark-dns-vmap", "type mark : verdict\nelements = { 0x00000bb8 : goto dns-p }\n");
	/* what is dropped is never redirected, so its chain has no need to ask */
	assert_body(&rendered, "chain DROP-CHAIN", EXCEPTIONS BYPASS LOCAL "counter name \"DROP-CHAIN\" drop\n");
	rendered_clear(&rendered);
}

static void test_dns_hijack_of_all_kinds(void **state)
{
	struct rendered rendered =
		render(PROXY(", dns-hijack: {ip: 10.0.0.53, ip6: 'fd00::53', port: 1053, tcp: true}"));

	(void)state;
	assert_body(&rendered, "chain dns-p",
		    REDIRECT("ipv4", "udp", "ip to 10.0.0.53:1053") REDIRECT("ipv4", "tcp", "ip to 10.0.0.53:1053")
			    REDIRECT("ipv6", "udp", "ip6 to [fd00::53]:1053")
				    REDIRECT("ipv6", "tcp", "ip6 to [fd00::53]:1053"));
	rendered_clear(&rendered);
}

/* DNS is hijacked even where its like goes direct or is refused. */
static void test_dns_hijack_with_exclusions(void **state)
{
	struct rendered rendered = render(PROXY(", udp: refuse, dns-hijack: {tcp: true}"));

	(void)state;
	assert_body(&rendered, "chain proxy-p",
		    EXCEPTIONS HIJACKED BYPASS HIJACK("ipv4", "udp") HIJACK("ipv4", "tcp")
			    LOCAL GROUPS("return") "meta l4proto udp goto REFUSE-CHAIN\n" OTHERS MARK);
	rendered_clear(&rendered);
	rendered = render(PROXY(", no-ipv6: true, dns-hijack: {ip6: '::1'}"));
	assert_body(&rendered, "chain proxy-p",
		    EXCEPTIONS HIJACKED BYPASS HIJACK("ipv4", "udp") HIJACK("ipv6", "udp")
			    LOCAL GROUPS("return") "meta nfproto ipv6 return\n" OTHERS MARK);
	rendered_clear(&rendered);
}

/* A mark of some bits changes and asks for those bits only. */
static void test_masked_mark(void **state)
{
	struct rendered rendered = render("version: 1\ntproxies:\n"
					  "  p: {mark: 0x100/0xff00, port: 1, dns-hijack: {}}\n"
					  "  q: {mark: 5, port: 2}\n");

	(void)state;
	assert_body(&rendered, "chain proxy-p",
		    EXCEPTIONS HIJACKED BYPASS
		    "meta nfproto ipv4 meta l4proto udp th dport 53 counter name \"proxy-p\" "
		    "meta mark set meta mark & 0xffff00ff | 0x00000100 return\n" LOCAL GROUPS("return") OTHERS
		    "counter name \"proxy-p\" ct label set 61 ct label set 127 meta mark set meta mark & 0xffff00ff | "
		    "0x00000100\n");
	assert_body(&rendered, "chain dns-p",
		    "meta nfproto ipv4 meta l4proto udp th dport 53 meta mark set meta mark & 0xffff00ff | 0x00000000 "
		    "ct label set 62 dnat ip to 127.0.0.1:53\n");
	assert_body(&rendered, "chain prerouting",
		    PREROUTING "iif lo meta mark & 0x0000ff00 == 0x00000100 goto tproxy-p\n"
			       "iif lo ct label 61 goto UNMARKED-CHAIN\n");
	assert_body(&rendered, "chain UNMARKED-CHAIN",
		    FLOW "ct label 127 meta mark set meta mark & 0xffff00ff | 0x00000100 goto tproxy-p\n"
			 "ct label 126 meta mark set 0x00000005 goto tproxy-q\n");
	assert_body(&rendered, "chain output-nat",
		    "type nat hook output priority -100; policy accept;\n"
		    "meta mark vmap @mark-dns-vmap\n"
		    "meta mark & 0x0000ff00 == 0x00000100 goto dns-p\n");
	assert_body(&rendered, "map mark-vmap", "type mark : verdict\nelements = { 0x00000005 : goto tproxy-q }\n");
	rendered_clear(&rendered);
}

static void test_many_proxies(void **state)
{
	struct rendered rendered = render("version: 1\ntproxies:\n"
					  "  a: {mark: 1, port: 1}\n"
					  "  b: {mark: 2, port: 2, dns-hijack: {}}\n"
					  "  c: {mark: 3, port: 3, dns-hijack: {port: 1053}}\n");

	(void)state;
	assert_body(
		&rendered, "map mark-vmap",
		"type mark : verdict\n"
		"elements = { 0x00000001 : goto tproxy-a, 0x00000002 : goto tproxy-b, 0x00000003 : goto tproxy-c }\n");
	assert_body(&rendered, "map mark-dns-vmap",
		    "type mark : verdict\nelements = { 0x00000002 : goto dns-b, 0x00000003 : goto dns-c }\n");
	assert_no_body(&rendered, "chain dns-a");
	assert_body(&rendered, "chain tproxy-c", TPROXY("3"));
	rendered_clear(&rendered);
}

static void test_levels(void **state)
{
	struct contents contents = {.element_count = 0};
	struct rendered rendered;

	(void)state;
	contents.levels.has[1] = contents.levels.has[4] = contents.levels.has[255] = true;
	rendered = render_with(PROXY(""), &contents, &(struct cgroup_names){0});
	/* the deepest first, and none that has no element */
	assert_body(&rendered, "chain STEER-CHAIN",
		    "socket cgroupv2 level 255 @DROP-CHAIN goto DROP-CHAIN\n"
		    "socket cgroupv2 level 255 @REFUSE-CHAIN goto REFUSE-CHAIN\n"
		    "socket cgroupv2 level 255 @proxy-p goto proxy-p\n"
		    "socket cgroupv2 level 4 @DROP-CHAIN goto DROP-CHAIN\n"
		    "socket cgroupv2 level 4 @REFUSE-CHAIN goto REFUSE-CHAIN\n"
		    "socket cgroupv2 level 4 @proxy-p goto proxy-p\n"
		    "socket cgroupv2 level 1 @DROP-CHAIN goto DROP-CHAIN\n"
		    "socket cgroupv2 level 1 @REFUSE-CHAIN goto REFUSE-CHAIN\n"
		    "socket cgroupv2 level 1 @proxy-p goto proxy-p\n"
		    "goto DROP-CHAIN\n");
	assert_body(&rendered, "chain output-mangle",
		    OUTPUT "socket cgroupv2 level 255 vmap @cgroup-vmap goto STEER-CHAIN\n"
			   "socket cgroupv2 level 4 vmap @cgroup-vmap goto STEER-CHAIN\n"
			   "socket cgroupv2 level 1 vmap @cgroup-vmap goto STEER-CHAIN\n"
			   "socket cgroupv2 level 1 != \".\" return\n"
			   "goto ORPHAN-CHAIN\n");
	rendered_clear(&rendered);
}

/* What the kernel sends for a socket that is gone follows its flow; nothing else uses conntrack. */
static void test_packets_without_a_cgroup(void **state)
{
	struct contents contents = {.element_count = 0};
	struct rendered rendered;

	(void)state;
	contents.levels.has[1] = true;
	rendered = render_with(PROXY(""), &contents, &(struct cgroup_names){0});
	assert_body(&rendered, "chain output-mangle",
		    OUTPUT "socket cgroupv2 level 1 vmap @cgroup-vmap goto STEER-CHAIN\n"
			   "socket cgroupv2 level 1 != \".\" return\n"
			   "goto ORPHAN-CHAIN\n");
	rendered_clear(&rendered);
	rendered = render_with(PROXY(", dns-hijack: {}") "strict: true\n", &contents, &(struct cgroup_names){0});
	assert_body(&rendered, "chain output-mangle",
		    OUTPUT "socket cgroupv2 level 2 != \".\" goto DROP-CHAIN\n"
			   "socket cgroupv2 level 1 vmap @cgroup-vmap goto STEER-CHAIN\n"
			   "socket cgroupv2 level 1 != \".\" goto DROP-CHAIN\n"
			   "goto ORPHAN-CHAIN\n");
	assert_body(&rendered, "chain ORPHAN-CHAIN", FLOW "ct label 127 meta mark set 0x00000bb8\n");
	rendered_clear(&rendered);
}

static void test_strict_levels(void **state)
{
	struct contents contents = {.element_count = 0};
	struct rendered rendered;

	(void)state;
	contents.levels.has[1] = contents.levels.has[2] = true;
	rendered = render_with("version: 1\nstrict: true\n", &contents, &(struct cgroup_names){.root = "unified"});
	assert_body(&rendered, "chain output-mangle",
		    OUTPUT "socket cgroupv2 level 3 != \"unified\" goto DROP-CHAIN\n"
			   "socket cgroupv2 level 2 vmap @cgroup-vmap goto STEER-CHAIN\n"
			   "socket cgroupv2 level 2 != \"unified\" goto DROP-CHAIN\n"
			   "socket cgroupv2 level 1 vmap @cgroup-vmap goto STEER-CHAIN\n"
			   "socket cgroupv2 level 1 != \"unified\" goto DROP-CHAIN\n");
	rendered_clear(&rendered);
	/* there is no level below this that could be guarded, or need be */
	memset(&contents, 0, sizeof(contents));
	contents.levels.has[255] = true;
	rendered = render_with("version: 1\nstrict: true\n", &contents, &(struct cgroup_names){.root = "."});
	assert_body(&rendered, "chain output-mangle",
		    OUTPUT "socket cgroupv2 level 255 vmap @cgroup-vmap goto STEER-CHAIN\n"
			   "socket cgroupv2 level 255 != \".\" goto DROP-CHAIN\n");
	rendered_clear(&rendered);
	/* a host without cgroups refuses the first one that comes */
	rendered = render("version: 1\nstrict: true\n");
	assert_body(&rendered, "chain output-mangle", OUTPUT "socket cgroupv2 level 1 != \".\" goto DROP-CHAIN\n");
	rendered_clear(&rendered);
}

/* What nft could not parse becomes a comment, without line breaks and control characters. */
static void test_elements(void **state)
{
	static const struct verdict direct = {.kind = VERDICT_RETURN};
	static const struct verdict drop = {.kind = VERDICT_GOTO, .chain = "DROP-CHAIN"};
	char a[] = "/a.slice";
	char quote[] = "/a\"}";
	char newline[] = "/a\nb";
	char chinese[] = "/中";
	char b[] = "/b/c";
	const struct cgroup_name names[] = {{1, a}, {2, quote}, {3, newline}, {4, chinese}, {5, b}};
	const struct element elements[] = {{1, &direct}, {2, &drop}, {3, &drop}, {4, &drop}, {5, &drop}};
	const struct contents contents = {.elements = elements, .element_count = COUNT(elements)};
	struct rendered rendered =
		render_with("version: 1\n", &contents, &(struct cgroup_names){names, COUNT(names), "."});

	(void)state;
	assert_body(&rendered, "map cgroup-vmap",
		    "type cgroupsv2 : verdict\n"
		    "size 16384\n"
		    "# /a\"} : continue\n"
		    "# /a\\x0ab : continue\n"
		    "# /中 : continue\n"
		    "elements = { \"./a.slice\" : return,\n"
		    "\"./b/c\" : continue }\n");
	assert_body(&rendered, "set DROP-CHAIN",
		    "type cgroupsv2\n"
		    "# /a\"}\n"
		    "# /a\\x0ab\n"
		    "# /中\n"
		    "elements = { \"./b/c\" }\n");
	rendered_clear(&rendered);
	rendered = render_with("version: 1\n", &contents, &(struct cgroup_names){names, 1, NULL});
	assert_body(&rendered, "map cgroup-vmap", "type cgroupsv2 : verdict\nsize 16384\n# /a.slice : return\n");
	rendered_clear(&rendered);
}

static void test_verdicts(void **state)
{
	struct config *config = parse_good(PROXY(""));
	struct verdict verdict = compile_verdict(config, TARGET_DIRECT);

	(void)state;
	assert_int_equal(verdict.kind, VERDICT_RETURN);
	verdict = compile_verdict(config, TARGET_DROP);
	assert_int_equal(verdict.kind, VERDICT_GOTO);
	assert_string_equal(verdict.chain, "DROP-CHAIN");
	verdict = compile_verdict(config, TARGET_FIRST_PROXY);
	assert_int_equal(verdict.kind, VERDICT_GOTO);
	assert_string_equal(verdict.chain, "proxy-p");
	config_free(config);
}

/* Names of 64 bytes are nowhere cut. */
static void test_longest_name(void **state)
{
#define NAME "0123456789012345678901234567890123456789012345678901234567890123"
	struct rendered rendered = render("version: 1\ntproxies: {" NAME ": {mark: 1, port: 1, dns-hijack: {}}}\n");

	(void)state;
	assert_body(&rendered, "chain tproxy-" NAME, TPROXY("1"));
	assert_body(&rendered, "map mark-vmap",
		    "type mark : verdict\nelements = { 0x00000001 : goto tproxy-" NAME " }\n");
	assert_body(&rendered, "map mark-dns-vmap",
		    "type mark : verdict\nelements = { 0x00000001 : goto dns-" NAME " }\n");
	assert_non_null(strstr(rendered.text, "\tchain proxy-" NAME " {\n"));
	rendered_clear(&rendered);
}

/* The kernel's state is reported in the config's names, also what another config or program put there. */
static void test_names_of_targets(void **state)
{
	static const struct {
		struct verdict verdict;
		const char *name;
	} examples[] = {
		{{VERDICT_RETURN, ""}, "direct"},     {{VERDICT_DROP, ""}, "drop"},
		{{VERDICT_GOTO, "proxy-a"}, "a"},     {{VERDICT_GOTO, "proxy-a-b"}, "a-b"},
		{{VERDICT_GOTO, "other"}, "other"},   {{VERDICT_GOTO, "REFUSE-CHAIN"}, "refuse"},
		{{VERDICT_GOTO, "proxy-"}, "proxy-"},
	};
	struct config *config = parse_good("version: 1\ntproxies: {p: {mark: 1, port: 1}}\n");
	char name[NFT_NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		compile_target_name(&examples[i].verdict, name);
		assert_string_equal(name, examples[i].name);
	}
	for (uint32_t target = TARGET_DIRECT; target <= TARGET_FIRST_PROXY; target++) {
		const struct verdict verdict = compile_verdict(config, target);

		compile_target_name(&verdict, name);
		assert_string_equal(name, config_target_name(config, target));
	}
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_proxies),
		cmocka_unit_test(test_plain_proxy),
		cmocka_unit_test(test_fence),
		cmocka_unit_test(test_without_bypass_local),
		cmocka_unit_test(test_traffic_that_goes_direct),
		cmocka_unit_test(test_traffic_that_is_refused),
		cmocka_unit_test(test_dns_hijack),
		cmocka_unit_test(test_dns_hijack_of_all_kinds),
		cmocka_unit_test(test_dns_hijack_with_exclusions),
		cmocka_unit_test(test_masked_mark),
		cmocka_unit_test(test_many_proxies),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_packets_without_a_cgroup),
		cmocka_unit_test(test_strict_levels),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_names_of_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
