# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cell's expected outcome: whether its packets leave the host, and what the program is told."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..addresses import DNS_PORT, SERVICE_PORT, TCP, UDP, V4, V6
from .cells import DIRECT, DROPPED, PROXIED, REFUSED
from .programs import LET_PASS, LOCAL, OF_DIRECT, OTHER, SERVING, STEERED, UNSEEN
from .recorder import described
from .talking import REFUSED as TOLD_REFUSED
from .task import DISTURBED

PROXY, DNS, HOST_SERVICE, CONTAINER_SERVICE, SUBJECT = "proxy main", "dns hijack", "host", "container", "subject"


def by(*names):
    """Outcomes of a program that one of these answered."""
    return frozenset(f"answered by {name}" for name in names)


OUTSIDE_ANSWERS = by("outside")
LOCAL_ANSWERS = by(HOST_SERVICE, CONTAINER_SERVICE, SUBJECT)
PROXY_ANSWERS = by(PROXY)
VISITOR_SERVED = "visitor answered by subject"
RESET = frozenset((TOLD_REFUSED,))
# How a refusal may be reported on a datagram socket.
TOLD = frozenset((TOLD_REFUSED, "EPERM", "EACCES", "EHOSTUNREACH", "ENETUNREACH"))


@dataclass(frozen=True)
class Expected:
    """`out`: whether packets come out (None: either). `told`: the outcomes that are right (None: whatever is not in
    `never`). `bare`: TCP without data may come out, which the kernel sends for a socket that is gone."""

    out: bool | None
    told: frozenset | None = None
    never: frozenset = frozenset()
    bare: bool = False

    @property
    def awaited(self):
        """Whether the program is to be told something, and so waits for it."""
        return self.told is not None

    def faults(self, told, packets, asked_locally):
        """What is wrong, in words; `asked_locally`: whether a local service got the question."""
        faults = []
        if asked_locally and told not in LOCAL_ANSWERS and LOCAL_ANSWERS & self.never:
            faults.append("reached a local service")
        if self.out is False:
            faults += [f"got out: {packet}" for packet in described(p for p in packets if not (self.bare and p.is_bare))]
        if self.out is True and not packets:
            faults.append("nothing came out")
        if self.told is not None and told not in self.told:
            faults.append(f"{told}, not {' or '.join(sorted(self.told))}")
        if told in self.never or "Traceback" in str(told):
            faults.append(told)
        return faults


WHATEVER = Expected(out=None)
GETS_OUT = Expected(out=True)
NOTHING = Expected(out=False, never=OUTSIDE_ANSWERS | LOCAL_ANSWERS)
NOTHING_AT_ALL = Expected(out=False, never=OUTSIDE_ANSWERS | LOCAL_ANSWERS | PROXY_ANSWERS | by(DNS))


def _passes(cell):
    return GETS_OUT if cell.program.silent else Expected(out=True, told=OUTSIDE_ANSWERS)


def _proxied(cell):
    program = cell.program
    if program.fate == OTHER:
        return _passes(cell)
    if program.fate != STEERED or program.silent:
        return NOTHING
    return Expected(out=False, told=PROXY_ANSWERS if program.asks_port != DNS_PORT else by(DNS))


def refused(cell):
    """What is expected where all is refused, and said so at once."""
    program = cell.program
    if program.fate != STEERED or program.silent:
        return NOTHING_AT_ALL
    return Expected(out=False, told=RESET if program.protocol == TCP else TOLD, never=NOTHING_AT_ALL.never)


def usual(cell):
    """What is expected of a cell without a disturbance."""
    program = cell.program
    if program.fate == LOCAL:
        return Expected(out=False, told=LOCAL_ANSWERS)
    if program.fate == SERVING:
        return Expected(out=program.asks_too if cell.target == DIRECT else False, told=frozenset((VISITOR_SERVED,)))
    if program.fate in (LET_PASS, OF_DIRECT, UNSEEN):
        return _passes(cell)
    if cell.target == DIRECT:
        return WHATEVER if program.direct_either else _passes(cell)
    return {PROXIED: _proxied, DROPPED: lambda _: NOTHING_AT_ALL, REFUSED: refused}[cell.target](cell)


@dataclass(frozen=True)
class But:
    """Cells in which something else is to be expected under a disturbance than usually, and why."""

    why: str
    applies: Callable    # a function of a Cell
    change: Callable     # a function of what is usual, and of the Cell


def unanswered(expected, _cell=None):
    """Where packets may go stays as it is; no answer is to be had."""
    return replace(expected, told=None)


def anything_out(expected, _cell=None):
    """It does not matter whether packets come out, where they may."""
    return replace(expected, out=None if expected.out else expected.out, told=None)


def is_steered(cell):
    """Whether a proxy is to answer."""
    return cell.target == PROXIED and cell.program.fate == STEERED


def no_answers(why, *families):
    """Proxied programs get no answers over these families (none: over both)."""
    return But(why, lambda cell: is_steered(cell) and cell.family in (families or (V4, V6)), unanswered)


def no_resets(why, *families):
    """Refused programs are not told that their TCP connections are, over these families (none: over both)."""
    return But(why, lambda cell: cell.target == REFUSED and cell.program.fate == STEERED and cell.program.protocol == TCP
               and cell.family in (families or (V4, V6)), unanswered)


def by_proxy(expected, _cell=None):
    """The proxy is to answer."""
    return replace(expected, told=PROXY_ANSWERS)


def bare_out(expected, _cell=None):
    """TCP without data may come out."""
    return replace(expected, bare=True)


def any_out(expected, _cell=None):
    """Packets may come out, where else they may not, too."""
    return replace(expected, out=None)


def dead_proxy(*dead):
    """For these pairs of protocol and family nobody listens: refused at once, where that can be told."""
    def is_dead(cell):
        return is_steered(cell) and cell.program.asks_port == SERVICE_PORT and (cell.program.protocol, cell.family) in dead

    def is_silent(cell):
        return is_dead(cell) and (cell.program.protocol, cell.family) == (UDP, V4)

    def is_flow(cell):
        return is_dead(cell) and cell.program.protocol == TCP and cell.program.begins != DISTURBED

    def refused_at_once(expected, cell):
        return replace(expected, told=RESET if cell.program.protocol == TCP else TOLD,
                       never=expected.never | PROXY_ANSWERS | LOCAL_ANSWERS)

    return (But("nobody listens at the proxy's port", is_dead, refused_at_once),
            But("no ICMP error can be sent from a foreign IPv4 address", is_silent, unanswered),
            But("a connection that stood ends by a reset", is_flow, unanswered))
