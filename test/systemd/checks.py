# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks shared by several tests: where a program's packets go, also while something else happens."""

from contextlib import contextmanager

from lab.addresses import ALL_TRAFFIC, DISCARD_PORT, OUTSIDE as SERVER, TCP, UDP, V4
from lab.netfilter import flush_conntrack
from lab.waiting import wait_until

OUTSIDE, DROPPED, PROXIED = "outside", "dropped", "proxy mihomo"
DROP_SLICE, PROXY_SLICE = "cgtproxy-drop.slice", "cgtproxy-proxy.slice"
# Under the usual config.
WHERE = {None: OUTSIDE, "app.slice": OUTSIDE, DROP_SLICE: DROPPED, PROXY_SLICE: PROXIED}


def ask(program, protocol, family):
    """Ask for what should be answered. The program has a socket until the conversation is over: what the kernel says
    afterwards (the last acknowledgement for a server that closes late) has no cgroup, see docs/design.md.
    """
    return program.ask(protocol, family, await_end=True)


def check(world, program, who):
    """Check that all of a program's traffic goes where it should, by the servers' reports and by the wire."""
    program.await_answer_by(who)  # the daemon may need a moment for a cgroup or a config that is new
    world.wire.forget()  # ports tell whose packet it was, and come again after some thousand requests
    for protocol, family in ALL_TRAFFIC:
        result = program.ask_in_vain(protocol, family) if who == DROPPED else ask(program, protocol, family)
        assert (DROPPED if result.dropped else result.who) == who, (protocol, family)
        assert world.wire.saw(result) == (who == OUTSIDE), (protocol, family)


def look_at(world, container, protocol, family, who):
    """Check where one request of a container's goes. Masquerading may change its port, so nothing else may be sent to the
    servers meanwhile. With who=None nobody may answer.
    """
    world.wire.forget()
    result = ask(container, protocol, family) if who not in (None, DROPPED) else container.ask_in_vain(protocol, family)
    happened = DROPPED if who == DROPPED and result.dropped else result.who if result.answers or who else None
    assert happened == who, (protocol, family)
    assert world.wire.saw_to(protocol, SERVER[family]) == (who == OUTSIDE), (protocol, family)


def check_container(world, container, who):
    """The same as check() for a container."""
    container.await_answer_by(who)
    for protocol, family in ALL_TRAFFIC:
        look_at(world, container, protocol, family, who)


def forget_masqueraded(world):
    """Forget the connections of containers, when nothing masquerades any longer: each has one of the host's own ports, and
    what a program sends from that port is dropped (conntrack can't insert it) until the other one is forgotten.
    """
    world.host.call(flush_conntrack)


def floods_got_out(world):
    """Whether any packet of a flood did."""
    return any(packet.destination[1] == DISCARD_PORT for packet in world.wire.packets)


class Watch:
    """A dropped program that sends without a pause, and a proxied one that asks whenever it is told to."""

    def __init__(self, world, flood, proxied):
        self._world = world
        self._flood = flood
        self._proxied = proxied

    def look(self, excuses=()):
        """Have both try once more; no packet may have got out the wrong way.

        The proxied program is answered by the proxy, unless it fails with one of these excuses.
        """
        self._flood.await_more(10)
        assert self._flood.sent == 0
        for protocol in (UDP, TCP):
            result = ask(self._proxied, protocol, V4)
            assert not self._world.wire.saw(result), protocol
            assert result.who in (PROXIED, *excuses), (protocol, result.who)
        assert not self._world.wire.saw(self._flood)

    def look_while(self, process, excuses=()):
        """Check repeatedly until a process ends, and once more; it must succeed."""
        while process.poll() is None:
            self.look(excuses)
        self.look(excuses)
        assert process.returncode == 0

    def look_until(self, condition, what, excuses=()):
        """Check repeatedly until a condition holds, and once more; fail with `what` if it never does."""
        def look_and_tell():
            self.look(excuses)
            return condition()
        wait_until(look_and_tell, what)
        self.look()


@contextmanager
def watching(world, start):
    """A Watch over two programs of the user's, under rules that are in force."""
    dropped, proxied = start(DROP_SLICE), start(PROXY_SLICE)
    dropped.await_answer_by(DROPPED)
    proxied.await_answer_by(PROXIED)
    world.wire.forget()
    with dropped.flooding() as flood:
        watch = Watch(world, flood, proxied)
        watch.look()
        yield watch
    assert flood.sent == 0 and flood.refused > 0
    assert not world.wire.saw(flood)
