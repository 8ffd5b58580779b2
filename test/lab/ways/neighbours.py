# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that other programs add beside ours, rewritten from what their sources do."""

from ..addresses import GATEWAY, V4, V6

VPN = "vpn"
VPN_HOST = {V4: "10.66.0.2", V6: "2001:db8:66::2"}
VPN_GATEWAY = {V4: "10.66.0.1", V6: "2001:db8:66::1"}
CABLE_NETWORK = {V4: "192.0.2.0/24", V6: "2001:db8:1::/64"}
CONTAINER = {V4: "10.77.0.2", V6: "2001:db8:77::2"}
BRIDGE = {V4: "10.77.0.1", V6: "2001:db8:77::1"}
PUBLISHED_PORT = 7080
WG_TABLE = 51820


def add_in_front(world):
    """What wg-quick does for a default route, first part (linux.bash, add_default): two rules without a priority."""
    world.host.sysctl("ipv4/conf/all/src_valid_mark", 1)
    for family in (V4, V6):
        _batch(world, family,
               f"route add default via {VPN_GATEWAY[family]} dev {VPN} table {WG_TABLE}",
               f"rule add not fwmark {WG_TABLE} table {WG_TABLE}",
               "rule add table main suppress_prefixlength 0")


WG_MARKS = f"""
table inet wg-marks {{
  chain premangle {{ type filter hook prerouting priority mangle; meta l4proto udp meta mark set ct mark; }}
  chain postmangle {{ type filter hook postrouting priority mangle; meta l4proto udp mark {WG_TABLE} ct mark set mark; }}
}}
"""
WG_RAW = f"""
table inet wg-raw {{
  chain preraw {{
    type filter hook prerouting priority raw;
    iifname != "{VPN}" ip daddr {VPN_HOST[V4]} fib saddr type != local drop
    iifname != "{VPN}" ip6 daddr {VPN_HOST[V6]} fib saddr type != local drop
  }}
}}
"""

# mwan3 marks what is sent with one of its uplinks in the bits 0x3f00, and has rules at 2000 and up for them. (It lets
# bits be that are set already; this one does not.)
MULTIPLE_UPLINKS = """
table inet uplinks {
  chain output { type route hook output priority mangle; meta mark set meta mark & 0xffffc0ff | 0x100; }
}
"""
LATE_MARKS = """
table inet late-marks {
  chain output { type route hook output priority security; meta mark set 0x77; }
}
"""


def add_uplink_rules(world):
    """The rules that go with MULTIPLE_UPLINKS."""
    for family in (V4, V6):
        _batch(world, family, f"route add default via {GATEWAY[family]} dev cable table 1",
               "rule add pref 2001 fwmark 0x100/0x3f00 table 1")


# What Docker does for a published port, without its proxy process: DNAT in the output hook for local destinations.
CONTAINER_ENGINE = f"""
table inet containers {{
  chain output {{
    type nat hook output priority -100;
    fib daddr type local meta l4proto {{ tcp, udp }} th dport {PUBLISHED_PORT} jump published
  }}
  chain prerouting {{
    type nat hook prerouting priority dstnat;
    fib daddr type local meta l4proto {{ tcp, udp }} th dport {PUBLISHED_PORT} jump published
  }}
  chain published {{
    meta nfproto ipv4 meta l4proto {{ tcp, udp }} dnat ip to {CONTAINER[V4]}:7000
    meta nfproto ipv6 meta l4proto {{ tcp, udp }} dnat ip6 to [{CONTAINER[V6]}]:7000
  }}
  chain postrouting {{ type nat hook postrouting priority srcnat; ip saddr 10.77.0.0/24 oifname != "bridge" masquerade; }}
}}
"""


def firewall_daemon(priority):
    """firewalld: reverse path check of IPv6 (IPv6_rpfilter), at mangle + 10 or, later, filter + 10; and its input."""
    return f"""
table inet firewall-daemon {{
  chain prerouting {{
    type filter hook prerouting priority {priority};
    icmpv6 type {{ nd-router-advert, nd-neighbor-solicit }} accept
    meta nfproto ipv6 fib saddr . mark . iif oif missing drop
  }}
  chain input {{
    type filter hook input priority filter + 10;
    ct state {{ established, related }} accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    meta l4proto {{ icmp, ipv6-icmp }} accept
    meta l4proto {{ tcp, udp }} th dport >= 20000 accept
    reject with icmpx admin-prohibited
  }}
  chain output {{
    type filter hook output priority filter + 10;
    ct state {{ established, related }} accept
    oifname "lo" accept
  }}
}}
"""


# ufw: all is dropped on its way in but for loopback, known flows and what is allowed; not-local catches odd addresses.
UNCOMPLICATED = """
table inet uncomplicated {
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state { related, established } accept
    ct state invalid drop
    meta l4proto { icmp, ipv6-icmp } accept
    fib daddr type { local, multicast, broadcast } jump user
  }
  chain user { meta l4proto { tcp, udp } th dport >= 20000 accept; }
  chain output {
    type filter hook output priority filter; policy drop;
    oifname "lo" accept
    ct state { new, related, established } accept
    meta l4proto { icmp, ipv6-icmp } accept
  }
}
"""

# Tailscale's netfilter chains (linuxfw): its mark is in the bits 0xff0000.
TAILNET = f"""
table inet tailnet {{
  chain input {{
    type filter hook input priority filter;
    iifname "lo" ip saddr {VPN_HOST[V4]} accept
    iifname != "{VPN}" ip saddr 100.115.92.0/23 return
    iifname != "{VPN}" ip saddr 100.64.0.0/10 drop
    iifname "{VPN}" accept
  }}
  chain forward {{
    type filter hook forward priority filter;
    iifname "{VPN}" meta mark set meta mark & 0xff00ffff | 0x40000
    meta mark & 0xff0000 == 0x40000 accept
    oifname "{VPN}" accept
  }}
  chain postrouting {{ type nat hook postrouting priority srcnat; meta mark & 0xff0000 == 0x40000 masquerade; }}
}}
"""


def add_tailnet_rules(world):
    """Its rules, with the routes for an exit node that keep the local network reachable."""
    for family in (V4, V6):
        _batch(world, family,
               f"route add default via {VPN_GATEWAY[family]} dev {VPN} table 52",
               f"route add throw {CABLE_NETWORK[family]} table 52",
               "rule add pref 5210 fwmark 0x80000/0xff0000 table main",
               "rule add pref 5230 fwmark 0x80000/0xff0000 table default",
               "rule add pref 5250 fwmark 0x80000/0xff0000 type unreachable",
               "rule add pref 5270 table 52")


NO_TRACKING = "table inet no-tracking { chain output { type filter hook output priority raw; notrack; }; }\n"


def _batch(world, family, *lines):
    """Lines of `ip`, for one family."""
    world.host.run("ip", f"-{family}", "-batch", "-", text_in="".join(f"{line}\n" for line in lines))


def add(world, *rulesets):
    """Load rulesets."""
    world.host.run("nft", "-f", "-", text_in="\n".join(rulesets))
