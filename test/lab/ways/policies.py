# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Columns without a disturbance and with an unusual config."""

from dataclasses import replace

from ..addresses import DNS_PORT, UDP, V4, V6
from .cells import DIRECT, DROPPED, PROXIED
from .disturbances import Disturbance
from .expectations import NOTHING_AT_ALL, But, by_proxy, refused, unanswered, usual
from .programs import LOCAL, OTHER, SERVING, SHUT_IN, STEERED

def _would_be_proxied(cell):
    """What a proxy could take; what is asked of name servers is hijacked before anybody asks for the rest."""
    return (cell.target == PROXIED and cell.program.fate in (STEERED, SHUT_IN, SERVING)
            and cell.program.asks_port != DNS_PORT)


def _is_udp(cell):
    return _would_be_proxied(cell) and cell.program.protocol == UDP


def _is_ipv6(cell):
    return (_would_be_proxied(cell) or _is_other(cell)) and cell.family == V6


def _is_other(cell):
    return cell.target == PROXIED and cell.program.fate == OTHER


def _is_local(cell):
    return cell.program.fate == LOCAL


def _as_refused(expected, cell):
    return expected if cell.program.serves else refused(cell)


def _as_direct(_expected, cell):
    return usual(replace(cell, target=DIRECT))


def nothing_at_all(_expected, _cell):
    """No packet, and no answer by anybody."""
    return NOTHING_AT_ALL


UDP_REFUSED = But("udp: refuse", _is_udp, _as_refused)
IPV6_REFUSED = But("ipv6: refuse", _is_ipv6, _as_refused)
OTHER_REFUSED = But("other: refuse", _is_other, nothing_at_all)

POLICIES = [
    Disturbance("udp refused", config={"proxy_more": "    udp: refuse\n"}, answered_families=(), but=(UDP_REFUSED,)),
    Disturbance("udp direct", config={"proxy_more": "    udp: direct\n"}, answered_families=(),
                but=(But("udp: direct", _is_udp, _as_direct),)),
    Disturbance("ipv6 refused", config={"proxy_more": "    ipv6: refuse\n"}, answered_families=(V4,),
                but=(IPV6_REFUSED,)),
    Disturbance("ipv6 direct", config={"proxy_more": "    ipv6: direct\n"}, answered_families=(V4,),
                but=(But("ipv6: direct", _is_ipv6, _as_direct),)),
    Disturbance("other refused", config={"proxy_more": "    other: refuse\n"}, but=(OTHER_REFUSED,)),
    Disturbance("local addresses too", config={"more": "bypass-local: false\n"}, but=(
        But("bypass-local: false", lambda cell: _is_local(cell) and cell.target == PROXIED, by_proxy),
        But("bypass-local: false", lambda cell: _is_local(cell) and cell.target == DROPPED, nothing_at_all),
        But("a proxy can't answer in the name of a socket that is there",
            lambda cell: cell.program.name == "udp, itself" and cell.target == PROXIED, unanswered))),
]
