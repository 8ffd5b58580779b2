# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of protocols and families, and which address is whose in a World.

All are documentation addresses (RFC 5737, RFC 3849). They exist in the World's own namespaces only.
"""

import socket

TCP, UDP = "tcp", "udp"
V4, V6 = 4, 6
# The parameters of a test that applies to all traffic.
ALL_TRAFFIC = [(TCP, V4), (TCP, V6), (UDP, V4), (UDP, V6)]

ADDRESS_FAMILY = {V4: socket.AF_INET, V6: socket.AF_INET6}
ANY = {V4: "0.0.0.0", V6: "::"}
LOOPBACK = {V4: "127.0.0.1", V6: "::1"}

# The two ends of the cable between the host and the outside.
HOST = {V4: "192.0.2.2", V6: "2001:db8:1::2"}
GATEWAY = {V4: "192.0.2.1", V6: "2001:db8:1::1"}

# All addresses of these prefixes are the outside's.
OUTSIDE_PREFIXES = {V4: ("203.0.113.0/24", "198.51.100.0/24"), V6: ("2001:db8::/64", "2001:db8:b::/64")}
OUTSIDE = {V4: "203.0.113.10", V6: "2001:db8::10"}
RESOLVER = {V4: "203.0.113.53", V6: "2001:db8::53"}
BYPASSED = {V4: "198.51.100.10", V6: "2001:db8:b::10"}

SERVICE_PORT = 7000
DNS_PORT = 53
# Here a server listens, but never answers.
DISCARD_PORT = 9


def family_of(address):
    """V4 or V6, depending on the address."""
    return V6 if ":" in address else V4
