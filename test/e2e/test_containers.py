# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What src/container knows of network namespaces: real ones, with a program that shows it. It has CAP_NET_ADMIN only."""

import json
import os
import signal
import subprocess

import pytest
from lab.amounts import amounts
from lab.containers import Place
from lab.namespaces import Namespace, unshare_network
from lab.waiting import wait_until

BRIDGES = pytest.mark.parametrize("bridge", [None, "br0"], ids=["unbridged", "bridged"])


@pytest.fixture
def place():
    """A host without containers."""
    with Place() as fresh:
        yield fresh


@BRIDGES
def test_a_life(place, bridge):
    """As with Docker: a process is there first, then its cable, then the addresses."""
    shown = place.show()
    shown.wait([])
    one = place.container("one", bridge).run_in("one.scope")
    shown.wait([])
    one.connect()
    shown.wait([one.summary()])
    one.add_address("10.9.0.2/16")
    shown.wait([one.summary()])
    one.add_address("fd00::2/64")
    one.add_address("10.8.0.3/24")
    shown.wait([one.summary()])
    one.remove_address("10.9.0.2/16")
    shown.wait([one.summary()])
    place.cgroups.remove(one.cgroups.pop())
    shown.wait([one.summary()])
    one.close()
    shown.wait([])
    assert len(shown.seen) == 1
    assert shown.log == ""


@BRIDGES
def test_the_network_comes_first(place, bridge):
    """As with Podman and Kubernetes: the process enters a network that is ready."""
    shown = place.show()
    one = place.container("one", bridge).connect().add_address("10.9.0.2/16")
    shown.wait([one.summary()])
    one.run_in("one.scope")
    shown.wait([one.summary()])


def test_what_was_there(place):
    """Everything is found at the start, several cgroups of one container as well, and what has no process."""
    pod = place.container("pod", "br0").connect().add_address("10.9.0.2/16")
    pod.run_in("pod.slice/pause.scope").run_in("pod.slice/one.scope").run_in("pod.slice/one.scope/below")
    single = place.container("single").connect().add_address("10.8.0.2/24").run_in("single.service")
    empty = place.container("empty", "br0").connect().add_address("10.9.0.3/16")
    place.container("unconnected").run_in("unconnected.scope")
    shown = place.show()
    shown.ask()
    shown.wait([pod.summary(), single.summary(), empty.summary()])
    assert len(shown.states) == 2


def test_two_cgroups(place):
    """One joins later, and one ends."""
    one = place.container("one").connect().run_in("one.scope")
    shown = place.show()
    shown.wait([one.summary()])
    one.run_in("two.scope")
    shown.wait([one.summary()])
    place.cgroups.remove(one.cgroups.pop(0))
    shown.wait([one.summary()])


def test_a_process_is_moved(place):
    """To a cgroup that was there before, and on to another one: what was its cgroup is not any more."""
    one = place.container("one").connect()
    place.cgroups.make("old")
    shown = place.show()
    process = place.run(one.inside.command("sleep", "infinity"), "first")
    one.cgroups = [place.cgroups.path("first")]
    shown.wait([one.summary()])
    (place.cgroups.directory(place.cgroups.path("old")) / "cgroup.procs").write_text(str(process.pid), encoding="ascii")
    one.cgroups = [place.cgroups.path("old")]
    shown.wait([one.summary()])


def test_a_bridge(place):
    """A veth becomes a bridge's port, is one no more, or another bridge's."""
    one = place.container("one").connect().add_address("10.9.0.2/16")
    place.host.ip("link add br1 type bridge", "link set br1 up")
    shown = place.show()
    for bridge in ("br0", "br1", None, "br0"):
        place.host.ip(f"link set one master {bridge}" if bridge else "link set one nomaster")
        one.bridge = bridge
        shown.wait([one.summary()])
    place.host.ip("link del br0")
    one.bridge = None
    shown.wait([one.summary()])


def test_cables_of_other_kinds(place):
    """Both ends of a veth here; a macvlan on an interface that is elsewhere; a veth between two containers."""
    one, other = place.container("one").connect(), place.container("other")
    shown = [place.show()]
    place.host.ip("link add here type veth peer name there", "link add link br0 name macvlan0 type macvlan")
    place.host.ip(f"link set macvlan0 netns {one.inside.path}")
    one.inside.ip("link add link eth0 name macvlan1 type macvlan", f"link set macvlan1 netns {place.host.path}",
                  f"link add between type veth peer name between netns {other.inside.path}")
    other.connect()  # what it sees of this, it has seen all before
    shown.append(place.show())
    for program in shown:
        program.wait([one.summary(), other.summary()])


def test_an_end_is_moved(place):
    """First from the host to a container, which no message about our end tells; then on to another one."""
    one, other = place.container("cable"), place.container("cable")
    place.host.ip("link add cable type veth peer name eth0", "link set cable up")
    shown = place.show()
    shown.wait([])
    place.host.ip(f"link set eth0 netns {one.inside.path}")
    shown.wait([one.summary()])
    one.inside.ip("link set eth0 up", f"link set eth0 netns {other.inside.path}")
    other.inside.ip("link set eth0 up")
    other.add_address("10.9.0.2/16")
    shown.wait([other.summary()])
    assert len(shown.seen) == 2


def test_two_cables(place):
    """To two networks, of which one is taken away."""
    one = place.container("one", "br0").connect().add_address("10.9.0.2/16")
    place.host.ip(f"link add two type veth peer name eth1 netns {one.inside.path}", "link set two up")
    shown = place.show()
    bridged, two = one.summary()[0], place.index("two")
    shown.wait([(tuple(sorted((*bridged, (two, two, False)))), *one.summary()[1:])])
    place.host.ip("link del two")
    shown.wait([one.summary()])


def test_an_id_is_used_again(place):
    """The next container gets the id of the last one's network, but it is another container."""
    shown = place.show()
    earlier = set()
    for number in range(1, 4):
        one = place.container(f"cable{number}").run_in(f"{number}.scope").connect().add_address(f"10.9.0.{number}/16")
        shown.wait([one.summary()])
        known = next(iter(shown.known.values()))
        assert known["netns"] == 0
        assert known["number"] not in earlier
        earlier |= shown.seen
        place.cgroups.remove(one.cgroups[0])
        one.close()
        shown.wait([])
        # the id is free before the cable is removed
        wait_until(lambda one=one: one.name not in place.host.run("ip", "link"), "the cable is gone")


def test_a_threaded_cgroup(place):
    """Its processes can't be listed, but their threads."""
    place.cgroups.make("domain/threaded")
    (place.cgroups.directory(place.cgroups.path("domain/threaded")) / "cgroup.type").write_text("threaded", encoding="ascii")
    one = place.container("one").connect()
    place.run(one.inside.command("sleep", "infinity"), "domain")
    process = place.run(one.inside.command("sleep", "infinity"), "domain")
    (place.cgroups.directory(place.cgroups.path("domain/threaded")) / "cgroup.threads").write_text(str(process.pid), encoding="ascii")
    one.cgroups = [place.cgroups.path("domain"), place.cgroups.path("domain/threaded")]
    shown = place.show()
    shown.wait([one.summary()])


def test_below_a_user_namespace(place):
    """Where another user administers the network."""
    shown = place.show()
    process = place.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "--user", "--map-root-user", "--net",
                         "sleep", "infinity"], "user.scope")
    place.host.ip(f"link add one type veth peer name eth0 netns {process.pid}")
    subprocess.run(["nsenter", f"--target={process.pid}", "--user", "--net", "ip", "addr", "add", "10.9.0.2/16", "dev", "eth0"], check=True)
    index = place.index("one")
    shown.wait([(((index, index, False),), ("10.9.0.2",), (place.cgroups.path("user.scope"),))])


def test_without_a_capability(place):
    """The addresses can't be had, which it says; all the rest can."""
    one = place.container("one").connect().run_in("one.scope")
    one.inside.ip("addr add 10.9.0.2/16 dev eth0")
    shown = place.show(wrap=lambda argv: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *argv])
    shown.wait([one.summary()])
    assert "can't ask for the addresses" in shown.log
    assert shown.log.count("\n") == 1


def test_too_many_addresses(place):
    """A container has more than a limit: the first are known, and it is said once."""
    one = place.container("one").connect().run_in("one.scope")
    one.inside.ip(*(f"addr add 10.9.{number // 200}.{number % 200 + 2}/16 dev eth0" for number in range(400)),
                  *(f"addr add fd00::{number + 2:x}/64 dev eth0 nodad" for number in range(400)))
    shown = place.show()
    wait_until(lambda: [len(known["addresses"]) for known in shown.known.values()] == [256], "some are known")
    one.inside.ip("addr flush dev eth0")
    one.add_address("10.9.0.2/16")
    shown.wait([one.summary()])
    assert shown.log.count("\n") == 1


class Crowd:
    """Many containers with one process each, every one in a cgroup of its own. All processes are of one that is killed."""

    def __init__(self, place, count):
        self._place, self._count = place, count
        place.cgroups.make("crowd")
        read, write = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            self._make(write)
        os.close(write)
        with os.fdopen(read, encoding="ascii") as pipe:
            self.pids = [int(line) for line in pipe]
        assert len(self.pids) == count

    def _make(self, write):
        """In the child: each namespace is that of a process of its own."""
        try:
            os.set_inheritable(write, False)
            for number in range(self._count):
                path = self._place.cgroups.make(f"crowd/{number}")
                if os.fork() == 0:
                    (self._place.cgroups.directory(path) / "cgroup.procs").write_text("0", encoding="ascii")
                    unshare_network()
                    os.write(write, f"{os.getpid()}\n".encode())
                    os.close(write)
                    signal.pause()
            os.close(write)
            signal.pause()
        finally:
            os._exit(1)

    def connect(self):
        """Lay the cables, all to a bridge."""
        self._place.host.ip(*(line for number, pid in enumerate(self.pids) for line in (
            f"link add c{number} type veth peer name eth0 netns {pid}", f"link set c{number} master br0 up")))

    def close(self):
        """End it; its processes end with their cgroups."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


@pytest.mark.parametrize("count", amounts("CGTPROXY_TEST_CONTAINERS", 100, 1000))
def test_many(place, count):
    """All are found with their cgroups, whether they were there at the start or come all at once; and their end is seen."""
    crowd = place.keep(Crowd(place, count))
    shown = [place.show()]
    crowd.connect()
    shown.append(place.show())
    links = {link["ifname"]: link["ifindex"] for link in json.loads(place.host.run("ip", "-j", "link"))}
    cgroups = [place.cgroups.path(f"crowd/{number}") for number in range(count)]
    wanted = [(((links["br0"], links[f"c{number}"], True),), (), (cgroups[number],)) for number in range(count)]
    # in which order the processes have said who they are is not that of their cgroups
    for one in shown:
        wait_until(lambda one=one: len(one.known) == count and all(len(known["cgroups"]) == 1 for known in list(one.known.values())),
                   lambda one=one: f"of {len(one.known)}, {sum(len(known['cgroups']) for known in list(one.known.values()))} have cgroups")
        assert sorted(known["interfaces"][0]["veth"] for known in one.known.values()) == sorted(item[0][0][1] for item in wanted)
        assert {known["cgroups"][0] for known in one.known.values()} == set(cgroups)
    place.cgroups.remove(place.cgroups.path("crowd"))
    for one in shown:
        one.wait([])


def test_lost_notifications(place):
    """While it can't listen, more happens than the kernel keeps for it: what it knows then is right again."""
    staying = [place.container(f"stay{number}", "br0").connect().run_in(f"stay{number}.scope") for number in range(3)]
    going = place.container("go", "br0").connect().run_in("go.scope")
    shown = place.show(LOG_LEVEL="debug")
    shown.wait([one.summary() for one in (*staying, going)])
    shown.process.send_signal(signal.SIGSTOP)
    staying[0].add_address("10.9.0.2/16")
    going.disconnect()
    for _ in range(20):
        place.host.ip(*(f"link set stay1 alias {number}" for number in range(200)))
    new = place.container("new", "br0").connect().add_address("10.9.0.3/16").run_in("new.scope")
    shown.process.send_signal(signal.SIGCONT)
    shown.wait([one.summary() for one in (*staying, new)])
    assert "notifications about interfaces were lost" in shown.log


def test_churn(place):
    """Containers come and go faster than it is asked about any; what stays in the end is known."""
    shown = place.show()
    place.run(["sleep", "infinity"], "elsewhere.scope")
    for number in range(30):
        passing = Namespace()
        place.host.ip(f"link add p{number} type veth peer name eth0 netns {passing.path}", f"link set p{number} master br0 up")
        if number % 2:
            place.host.ip(f"link del p{number}")
        passing.close()
    one = place.container("one", "br0").connect().add_address("10.9.0.2/16").run_in("one.scope")
    shown.wait([one.summary()])
