# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every packet that left the host by any cable, and the cell that it belongs to."""

import os
import socket
from collections import Counter, defaultdict

from ..addresses import ADDRESS_FAMILY, GATEWAY, V4
from ..waiting import wait_until
from ..wire import Wire
from . import cells

# A packet may wait for the answer to an ARP request or a neighbour solicitation, each of which takes a turn of the
# receiving CPU; what was sent before the first marker has arrived with the last.
_ROUNDS = 4
# The kernel's own: neighbour discovery, multicast listeners, IGMP; and errors, which are for what came from outside.
_NOISE_PROTOCOLS = ("igmp",)
_NOISE_ICMP = {"icmp": (3, 4, 5, 11, 12), "icmp6": (1, 2, 3, 4, 130, 131, 132, 133, 134, 135, 136, 137, 143)}


class Recorder:
    """Records at the far ends of cables. When it counts, nothing that was sent is still in flight."""

    def __init__(self, host, outside, cables):
        """The cables are names of interfaces, the same on both ends."""
        self._host = host
        self._wires = {cable: Wire(outside, cable) for cable in cables}
        self._markers = 0

    def close(self):
        """Stop recording."""
        for wire in self._wires.values():
            wire.close()

    def forget(self):
        """Discard everything sent before the call."""
        self._await_markers()
        for wire in self._wires.values():
            wire.forget()

    def packets(self):
        """All packets that were sent before the call, but for the kernel's own."""
        self._await_markers()
        return [packet for wire in self._wires.values() for packet in wire.packets if not _is_noise(packet)]

    def _await_markers(self):
        """Send direct packets behind all others and await them.

        One for each CPU: what a veth device takes over waits in a queue of the sender's CPU.
        """
        for cable, wire in self._wires.items():
            _ = wire.packets  # makes room for the markers
            assert wire.lost() == 0, f"the recorder on the cable {cable} could not keep up"
        for _ in range(_ROUNDS):
            for cable in self._wires:
                for cpu in os.sched_getaffinity(0):
                    self._markers += 1
                    self._host.call(_send_marker, cable, cpu, self._markers)
                    wait_until(lambda: self._has_marker(cable, self._markers),  # noqa: B023
                               f"a marker sent directly to the cable {cable} arrives")  # noqa: B023

    def _has_marker(self, cable, number):
        return any(_marker(packet) == number for packet in self._wires[cable].packets)


def _send_marker(cable, cpu, number):
    """In a thread of its own: move to a CPU, and send over one cable, whatever the routes say."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        with socket.socket(ADDRESS_FAMILY[V4], socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, cable.encode())
            sock.sendto(b"marker", (cells.address(cells.ADDRESSED, V4, cells.MARKER_NUMBER), number))
    finally:
        os.sched_setaffinity(0, before)


def _marker(packet):
    if packet.destination[0] == cells.address(cells.ADDRESSED, V4, cells.MARKER_NUMBER):
        return packet.destination[1]
    return None


def _is_noise(packet):
    return (packet.protocol in _NOISE_PROTOCOLS or packet.icmp_type in _NOISE_ICMP.get(packet.protocol, ())
            or _marker(packet) is not None)


class Attribution:
    """The cell of each packet. A packet without a cell is a stray: a way out that no cell covers."""

    def __init__(self, all_cells):
        self._by_address = {address: cell for cell in all_cells for address in cell.addresses}
        self._by_port = {cells.port(cell.number): cell for cell in all_cells}

    def assign(self, packets):
        """Cells and their packets, and the strays."""
        owned, strays = defaultdict(list), []
        for packet in packets:
            if self._is_in_the_name_of_the_outside(packet):
                continue
            cell = self._owner(packet)
            if cell is None:
                strays.append(packet)
            elif not (cell.program.serves and packet.destination[0] == GATEWAY[packet.family]):
                owned[cell].append(packet)
        return owned, strays

    def _owner(self, packet):
        source, destination = packet.source, packet.destination
        return (self._by_address.get(destination[0]) or self._by_port.get(destination[1]) or self._by_port.get(source[1]))

    def _is_in_the_name_of_the_outside(self, packet):
        """A proxy's answers to a client with a foreign address; the client's own have its address or port."""
        cell = self._by_address.get(packet.source[0])
        return cell is not None and packet.source[0] == cell.addresses[0]


def described(packets):
    """Packets in readable form: equal ones once, with their number."""
    counted = Counter((p.protocol, p.family, p.source, p.destination, p.length) for p in packets)
    return [f"{protocol} over IPv{family}, {_end(source)} -> {_end(destination)}, {length} bytes"
            + (f", {count} times" if count > 1 else "")
            for (protocol, family, source, destination, length), count in counted.items()]


def _end(end):
    address, port = end
    if port is None:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
