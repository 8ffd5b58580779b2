# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the table: the programs, and the fate of what they send."""

from dataclasses import dataclass
from functools import partial

from .. import addresses as names
from ..addresses import DNS_PORT, SERVICE_PORT, V4, V6
from ..wire import IPPROTO_UDPLITE
from . import sockets
from .acts import (BIG_DATAGRAM, BIG_WRITE, TCP, UDP, ask, by_another, closed_early, fast_open, flow, passed_from_direct,
                   passed_to_direct, segmented, send, stream)
from .acts_raw import packet_socket, ping, raw
from .acts_served import (ask_from_there, connect_from_there, late_answer, local_answer, pretended_answer, serve)
from .assistant import BORN, INHERITED, MOVED, OUTLIVED
from .task import DISTURBED, EARLY, RUNNING

# What is to become of a program's packets. Where its cgroup is direct they go outside, whatever the fate is called.
STEERED = "steered"          # to the proxy, which answers
SHUT_IN = "shut in"          # nowhere past the proxy; whether they reach it is not promised
OTHER = "other"              # no proxy can take them: out of a proxied cgroup, unless the config refuses
SERVING = "serving"          # answers to visitors get out of any cgroup; all else as STEERED
LET_PASS = "let pass"        # to a destination that the config lets pass, whatever the cgroup
LOCAL = "local"              # within this host, whatever the cgroup
OF_DIRECT = "of direct"      # a direct cgroup's socket, whoever uses it
UNSEEN = "unseen"            # no cgroup rule sees them: out of any cgroup


@dataclass(frozen=True, eq=False)
class Program:
    """A row. `begins` is the first stage at which it does something; `silent`: it has no answer to await."""

    name: str
    act: object
    fate: str
    families: tuple = (V4, V6)
    begins: int = DISTURBED
    silent: bool = False
    asks_port: int = SERVICE_PORT
    asks_too: bool = False           # a server that is a client besides
    direct_either: bool = False      # where direct programs have no claim that it gets out

    @property
    def protocol(self):
        """TCP, or UDP for all that it is not."""
        return names.TCP if self.name.startswith(("tcp", "mptcp")) else names.UDP

    @property
    def serves(self):
        """Whether it answers visitors."""
        return self.fate == SERVING


def _both(name, fate, tweak, **options):
    """The same over TCP and UDP."""
    return [Program(f"{protocol}, {name}", ask(kind, tweak), fate, **options)
            for protocol, kind in (("tcp", TCP), ("udp", UDP))]


_lite = partial(send, UDP, protocol=IPPROTO_UDPLITE)

# These run with each disturbance whenever the tests do.
EVERYDAY = [
    Program("tcp", ask(TCP), STEERED),
    Program("udp", ask(UDP, times=3), STEERED),
    Program("tcp, bound to an interface", ask(TCP, sockets.bound_to_device), SHUT_IN),
    Program("udp, bound to an interface", ask(UDP, sockets.bound_to_device), SHUT_IN),
    Program("tcp, flow that goes on", flow(TCP), STEERED, begins=RUNNING),
    Program("udp, flow that goes on", flow(UDP), STEERED, begins=RUNNING),
    Program("udp, all the time", stream(), SHUT_IN, begins=RUNNING, silent=True),
    Program("udp, late answer", late_answer, SHUT_IN, begins=RUNNING, silent=True),
    Program("tcp server", serve(TCP), SERVING, begins=RUNNING, silent=True),
    Program("udp server", serve(UDP), SERVING, begins=RUNNING, silent=True),
]

# One for each way that a packet can be made or a socket can be changed.
_SOCKET_OPTIONS = [
    Program("udp, connected", ask(UDP, connected=True, times=3), STEERED),
    Program("mptcp", ask(TCP, protocol=sockets.IPPROTO_MPTCP), STEERED),
    Program("tcp, fast open", fast_open, STEERED),
    Program("mptcp, bound to an interface", ask(TCP, sockets.bound_to_device, protocol=sockets.IPPROTO_MPTCP), SHUT_IN),
    Program("udp, connected and bound to an interface", ask(UDP, sockets.bound_to_device, connected=True), SHUT_IN),
    *_both("bound to an interface by its index", SHUT_IN, sockets.bound_to_index),
    *_both("unicast interface", SHUT_IN, sockets.unicast_interface),
    *_both("bound to the own address", STEERED, sockets.from_own_address),
    *_both("bound to a foreign address", SHUT_IN, sockets.from_foreign_address, families=(V6,), silent=True),
    *_both("bound to a foreign address as a proxy is", SHUT_IN, sockets.from_foreign_address_as_proxy, silent=True),
    *_both("another mark", STEERED, sockets.other_mark),
    *_both("the proxy's mark", SHUT_IN, sockets.proxy_mark, direct_either=True),
    Program("udp, packet info", ask(UDP, sockets.packet_info), STEERED),
    Program("udp, packet info and interface", ask(UDP, sockets.packet_info_and_interface), SHUT_IN),
    Program("udp, source route", ask(UDP, sockets.source_route, to=sockets.foreign), SHUT_IN, families=(V4,), silent=True),
    Program("udp, destination options", ask(UDP, sockets.destination_options), STEERED, families=(V6,)),
    Program("tcp, IPv4-mapped", ask(TCP, to=sockets.outside_mapped, family=V6), STEERED, families=(V4,)),
    Program("udp, IPv4-mapped", ask(UDP, to=sockets.outside_mapped, family=V6), STEERED, families=(V4,)),
]

_SIZES = [
    Program("tcp, big write", ask(TCP, padding=BIG_WRITE), STEERED),
    Program("udp, segments", segmented(), STEERED),
    Program("udp, segments, bound to an interface", segmented(sockets.bound_to_device), SHUT_IN),
    Program("udp, fragments", ask(UDP, padding=BIG_DATAGRAM), STEERED),
    Program("udp, fragments, bound to an interface", ask(UDP, sockets.bound_to_device, padding=BIG_DATAGRAM), SHUT_IN),
]

_DESTINATIONS = [
    Program("udp, a neighbour", ask(UDP, to=sockets.neighbour), SHUT_IN, silent=True),
    Program("tcp, a neighbour", ask(TCP, to=sockets.neighbour), SHUT_IN, silent=True),
    Program("tcp, a neighbour, without a router", ask(TCP, sockets.no_route, to=sockets.neighbour), SHUT_IN, silent=True),
    Program("udp, a neighbour, without a router", ask(UDP, sockets.no_route, to=sockets.neighbour), SHUT_IN, silent=True),
    Program("udp, link-local", ask(UDP, to=sockets.link_local), SHUT_IN, silent=True),
    Program("tcp, link-local", ask(TCP, to=sockets.link_local), SHUT_IN, silent=True),
    Program("udp, multicast", send(UDP, to=sockets.multicast), OTHER, silent=True),
    Program("udp, multicast, bound to an interface", send(UDP, sockets.bound_to_device, to=sockets.multicast), OTHER,
            silent=True),
    Program("udp, broadcast", send(UDP, sockets.broadcasting, to=sockets.broadcast), OTHER, families=(V4,), silent=True),
    Program("udp, all ones", send(UDP, sockets.broadcasting, sockets.bound_to_device, to=sockets.all_ones), OTHER,
            families=(V4,), silent=True),
    Program("tcp, bypassed", ask(TCP, to=sockets.bypassed), LET_PASS),
    Program("udp, bypassed", ask(UDP, to=sockets.bypassed), LET_PASS),
    Program("udp, bypassed, bound to an interface", ask(UDP, sockets.bound_to_device, to=sockets.bypassed), LET_PASS),
    Program("tcp, the own address", ask(TCP, to=sockets.own_address), LOCAL),
    Program("udp, the own address", ask(UDP, to=sockets.own_address), LOCAL),
    Program("tcp, loopback", ask(TCP, to=sockets.loopback), LOCAL),
    Program("udp, loopback", ask(UDP, to=sockets.loopback), LOCAL),
    Program("tcp, a published port", ask(TCP, to=sockets.published), LOCAL),
    Program("udp, a published port", ask(UDP, to=sockets.published, times=3), LOCAL),
    Program("udp, itself", local_answer, LOCAL),
    Program("udp, a name server", ask(UDP, to=sockets.resolver, times=3), STEERED, asks_port=DNS_PORT),
    Program("tcp, a name server", ask(TCP, to=sockets.resolver), STEERED, asks_port=DNS_PORT),
    Program("udp, a name server, bound to an interface", ask(UDP, sockets.bound_to_device, to=sockets.resolver), SHUT_IN,
            asks_port=DNS_PORT),
    Program("tcp, a name server, bound to an interface", ask(TCP, sockets.bound_to_device, to=sockets.resolver), SHUT_IN,
            asks_port=DNS_PORT),
]

_PROTOCOLS = [
    Program("ping", ping(), OTHER),
    Program("ping, bound to an interface", ping(sockets.bound_to_device), OTHER),
    Program("udp-lite", _lite(to=sockets.outside), OTHER, silent=True),
    Program("udp-lite, bound to an interface", _lite(sockets.bound_to_device, to=sockets.outside), OTHER, silent=True),
    Program("raw", raw(), STEERED),
    Program("raw, bound to an interface", raw(sockets.bound_to_device), SHUT_IN),
    Program("packet socket", packet_socket, UNSEEN, silent=True),
]

_HANDS = [
    Program("tcp, older than the rule", flow(TCP, begins=EARLY), SHUT_IN, begins=EARLY),
    Program("udp, older than the rule", flow(UDP, begins=EARLY), STEERED, begins=EARLY),
    Program("udp, older and bound to an interface", flow(UDP, sockets.bound_to_device, begins=EARLY), SHUT_IN,
            begins=EARLY),
    Program("tcp, closed early", closed_early, STEERED),
    *(Program(f"{name}, {how}", by_another(how, kind), STEERED)
      for how in (BORN, MOVED, INHERITED, OUTLIVED) for name, kind in (("tcp", TCP), ("udp", UDP))),
    Program("udp, passed to a direct program", passed_to_direct, STEERED),
    Program("tcp, passed by a direct program", passed_from_direct(TCP), OF_DIRECT),
    Program("udp, passed by a direct program", passed_from_direct(UDP), OF_DIRECT),
]

_ANSWERS = [
    Program("udp server and client", serve(UDP, ask_from_there), SERVING, begins=RUNNING, silent=True, asks_too=True),
    Program("tcp server and client", serve(TCP, connect_from_there), SERVING, begins=RUNNING, silent=True, asks_too=True),
    Program("udp, answer to a transparent socket", pretended_answer(sockets.transparent), SHUT_IN, silent=True),
    Program("udp, answer to a free binder", pretended_answer(sockets.free_bind), SHUT_IN, families=(V6,), silent=True),
    Program("tcp, answer to a transparent socket", pretended_answer(sockets.transparent, kind=TCP), SHUT_IN, silent=True,
            direct_either=True),
    Program("tcp, answer to a free binder", pretended_answer(sockets.free_bind, kind=TCP), SHUT_IN, families=(V6,),
            silent=True, direct_either=True),
]

PROGRAMS = [*EVERYDAY, *_SOCKET_OPTIONS, *_SIZES, *_DESTINATIONS, *_PROTOCOLS, *_HANDS, *_ANSWERS]
PROGRAMS_BY_NAME = {program.name: program for program in PROGRAMS}
assert len(PROGRAMS_BY_NAME) == len(PROGRAMS)
