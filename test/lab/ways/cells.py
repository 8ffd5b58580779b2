# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses and ports unique to each cell, which identify its packets."""

from dataclasses import dataclass

from ..addresses import V4, V6

DIRECT, PROXIED, DROPPED, REFUSED = "direct", "proxied", "dropped", "refused"

# The outside has all of these (RFC 2544 and RFC 3849): to be asked, bypassed by the config, and to pretend to be.
ADDRESSED, BYPASSED, FOREIGN = "addressed", "bypassed", "foreign"
_V4_PREFIXES = {ADDRESSED: "198.18.{}.{}", BYPASSED: "198.18.{}.{}", FOREIGN: "198.19.{}.{}"}
_V4_OFFSETS = {ADDRESSED: 0, BYPASSED: 128, FOREIGN: 0}
_V6_PREFIXES = {ADDRESSED: "2001:db8:c::{:x}", BYPASSED: "2001:db8:d::{:x}", FOREIGN: "2001:db8:f::{:x}"}
PREFIXES = {V4: ("198.18.0.0/15",), V6: ("2001:db8:c::/64", "2001:db8:d::/64", "2001:db8:f::/64")}
BYPASSED_PREFIXES = {V4: "198.18.128.0/17", V6: "2001:db8:d::/64"}

# The first cell's port; cells count from 1.
_FIRST_PORT = 20000
# Numbers that no cell has: for the packets that say "all before me has been seen", and for a look whether all is well.
MARKER_NUMBER, PROBE_NUMBER = 9001, 9002


def address(role, family, number):
    """The address that a cell with this number has in one of the roles."""
    if family == V4:
        return _V4_PREFIXES[role].format(_V4_OFFSETS[role] + number // 250, number % 250 + 1)
    return _V6_PREFIXES[role].format(number)


def group(family, number):
    """The multicast group that only this cell sends to."""
    return f"239.18.{number // 250}.{number % 250 + 1}" if family == V4 else f"ff0e::18:{number:x}"


def port(number):
    """The port that only this cell has, as its own or to ask at, where the address is not the cell's alone."""
    return _FIRST_PORT + number


@dataclass(frozen=True)
class Cell:
    """One program over one family in one kind of cgroup."""

    number: int
    target: str
    program: object
    family: int

    def __str__(self):
        return f"{self.target}, {self.program.name}, IPv{self.family}"

    @property
    def addresses(self):
        """All addresses to which nobody else sends."""
        roles = (address(role, self.family, self.number) for role in (ADDRESSED, BYPASSED, FOREIGN))
        return [*roles, group(self.family, self.number)]
