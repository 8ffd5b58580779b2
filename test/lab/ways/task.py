# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program of the table gets: its addresses, its sockets, and the stages common to all programs."""

import socket
import threading

from ..addresses import ADDRESS_FAMILY, ANY
from . import cells
from .talking import begin, finish, report_errors

# Before the daemon runs; when its rules are in force; after the disturbance; when all have done what they do.
EARLY, RUNNING, DISTURBED, ENDING = range(4)


class Stages:
    """A barrier that opens stage by stage, and knows when all tasks wait for the next one or are over."""

    def __init__(self):
        self._changed = threading.Condition()
        self._stage = None
        self._waiting_for = {}

    def open(self, stage):
        """Let a stage begin; await that every task is through with it."""
        with self._changed:
            self._stage = stage
            self._changed.notify_all()
            self._changed.wait_for(lambda: all(awaited > stage for awaited in self._waiting_for.values()))

    def reach(self, task, stage):
        """Await a stage, for a task."""
        with self._changed:
            self.be_in(task, stage)
            self._changed.wait_for(lambda: self._stage is not None and self._stage >= stage)

    def be_in(self, task, stage):
        """A task says that it is through with all before this stage, whatever it goes on to do."""
        with self._changed:
            self._waiting_for[task] = stage
            self._changed.notify_all()

    def reached(self, stage, within=0):
        """Whether a stage has begun, or does so within some seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stage is not None and self._stage >= stage, within)


class Task:
    """One cell, as the program sees it."""

    def __init__(self, order, stages, assistant):
        self.family, self.number = order["family"], order["number"]
        self.net = order["net"]
        self.patience = order["patience"]
        self.assistant = assistant
        self.port = cells.port(self.number)
        self._stages = stages
        self._kept = []
        self._tokens = 0

    def address(self, role=cells.ADDRESSED):
        """The cell's own address in this role."""
        return cells.address(role, self.family, self.number)

    def reach(self, stage):
        """Await a stage."""
        self._stages.reach(self.number, stage)

    def in_background(self, stage):
        """Go on, but let the others' stages begin up to this one."""
        self._stages.be_in(self.number, stage)

    def reached(self, stage, within=0):
        """Whether a stage has begun, or does so within some seconds."""
        return self._stages.reached(stage, within)

    def token(self):
        """A unique token."""
        self._tokens += 1
        return f"{self.number}-{self._tokens}".encode()

    def keep(self, sock):
        """Keep a socket open until the end: what the kernel sends when it is closed is looked at by itself."""
        self._kept.append(sock)
        return sock

    def socket(self, kind, protocol=0, family=None):
        """A new socket, not bound."""
        sock = self.keep(socket.socket(ADDRESS_FAMILY[family or self.family], kind, protocol))
        if kind == socket.SOCK_DGRAM and protocol == 0:
            report_errors(sock, family or self.family)
        return sock

    def bind(self, sock, address=None, port=None):
        """Bind to the cell's port, by which the recorder knows it whatever becomes of the destination."""
        any_address = ANY[4] if sock.family == socket.AF_INET else ANY[6]
        sock.bind((address or any_address, self.port if port is None else port))

    def ask(self, sock, destination, data=None, ancillary=()):
        """Who answers a question (see finish()); destination None: on the connection that there is."""
        data = data or self.token() + b"\n"
        if destination is not None or sock.type != socket.SOCK_STREAM:
            begin(sock, destination, data, ancillary)
        return finish(sock, data, self.patience)

    def close(self):
        """Close all sockets."""
        for sock in self._kept:
            sock.close()
