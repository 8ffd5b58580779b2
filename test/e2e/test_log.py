# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log: text on a terminal, lines with priorities and entries with fields in the journal, and how much of it."""

import errno
import os
import re
import socket
import struct
import threading
import tty

import pytest
from lab.daemon import in_private_mounts
from lab.waiting import wait_until

CONFIG = """
version: 1
colour: blue
tproxies: {mihomo: {mark: 3000, port: 7893}}
rules:
  - {match: /proxied$, tproxy: mihomo}
  - {match: '/dropped[^/]*$', drop: true}
"""
UNKNOWN_KEY = "colour"


class Journal:
    """Stands in for systemd-journald: a directory with its socket, to be mounted at /run/systemd/journal.

    A thread reads all the time, because a full socket queue blocks the daemon.
    """

    def __init__(self, scratch):
        directory = scratch.directory / "journal"
        directory.mkdir()
        self._mount = f"""
            mount -t tmpfs tmpfs /run
            mkdir -p /run/systemd/journal
            mount --bind {directory} /run/systemd/journal"""
        self._entries = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(directory / "socket"))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while data := self._socket.recv(1 << 20):
            self._entries.append(parse_entry(data))

    def wrap(self, argv):
        """The argument list that runs argv where it finds this journal."""
        return in_private_mounts(self._mount, argv)

    @property
    def entries(self):
        """The fields of all entries so far."""
        return list(self._entries)

    def close(self):
        """Stop reading."""
        self._socket.shutdown(socket.SHUT_RD)
        self._reader.join()
        self._socket.close()


def parse_entry(data):
    """The fields of one datagram of the native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL)."""
    fields = {}
    while data:
        line, _, data = data.partition(b"\n")
        name, is_text, value = line.partition(b"=")
        if not is_text:
            (length,) = struct.unpack_from("<Q", data)
            value, data = data[8:8 + length], data[8 + length + 1:]
        fields[name.decode()] = value.decode(errors="surrogateescape")
    return fields


def stream_name(status):
    """The JOURNAL_STREAM that systemd sets for a standard error with this stat."""
    return f"{status.st_dev}:{status.st_ino}"


@pytest.fixture(name="journal")
def journal_fixture(world):
    """A journal for the daemon."""
    return world.keep(Journal(world.scratch))


def first_entry(journal, is_wanted):
    """The first entry of this kind, if there is one yet."""
    return next(filter(is_wanted, journal.entries), None)


def entry_for(journal, path):
    """The first entry that is about this cgroup, once there is one."""
    return wait_until(lambda: first_entry(journal, lambda e: e.get("CGROUP") == path), f"an entry for {path}")


def test_the_journal_gets_fields(world, journal):
    paths = {name: world.cgroups.make(name) for name in ("proxied", "dropped")}
    daemon = world.daemon(CONFIG, wrap=journal.wrap, JOURNAL_STREAM=stream_name, LOG_LEVEL="debug")
    late = world.cgroups.make("late/proxied")
    for path in (paths["proxied"], late):
        entry = entry_for(journal, path)
        assert entry["MESSAGE"]
        assert entry["PRIORITY"] == "7"
        assert "mihomo" in entry["TARGET"]
        assert entry["RULE"] == "1"
        assert "line 6" in entry["MESSAGE"]
    entry = entry_for(journal, paths["dropped"])
    assert "drop" in entry["TARGET"]
    assert entry["RULE"] == "2"
    assert "line 7" in entry["MESSAGE"]
    assert daemon.stop() == 0
    assert all(path not in daemon.log for path in (*paths.values(), late))  # logged once, not in both ways


def test_priorities_in_the_journal(world, journal):
    """Messages without fields go to standard error, whose unit journald knows, each line with its priority."""
    daemon = world.daemon(CONFIG, wrap=journal.wrap, JOURNAL_STREAM=stream_name, LOG_LEVEL="invalid-level")
    lines = daemon.log.splitlines()
    for text in (UNKNOWN_KEY, "LOG_LEVEL"):
        assert [line for line in lines if line.startswith("<4>") and text in line], lines
    assert all(re.match("<[0-6]>[^<]", line) for line in lines)  # nothing for debuggers unless asked
    assert journal.entries == []


def test_an_error_in_the_journal(world, journal):
    daemon = world.start_daemon("version: 2\n", wrap=journal.wrap, JOURNAL_STREAM=stream_name)
    assert daemon.wait_exit() > 0
    assert re.search("^<3>.*version", daemon.log, re.M)
    assert journal.entries == []


def test_names_with_strange_bytes_make_no_fields_of_their_own(world, journal):
    name = "dropped\x1b[31m=\udcff\ttab"
    path = world.cgroups.make(name)
    world.daemon(CONFIG, wrap=journal.wrap, JOURNAL_STREAM=stream_name, LOG_LEVEL="debug")
    start = path[:path.index("\x1b")]
    entry = wait_until(lambda: first_entry(journal, lambda e: e.get("CGROUP", "").startswith(start)), "an entry for it")
    assert "\x1b" not in entry["MESSAGE"]
    assert set(entry) == {"MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "CGROUP", "RULE", "TARGET"}


@pytest.mark.parametrize("stream", [None, "1:2", "nonsense"])
def test_a_standard_error_that_is_not_the_journals_gets_text(world, journal, stream):
    more = {"JOURNAL_STREAM": stream} if stream else {}
    daemon = world.daemon(CONFIG, wrap=journal.wrap, LOG_LEVEL="debug", **more)
    path = world.cgroups.make("dropped")
    daemon.wait_log(path)
    assert UNKNOWN_KEY in daemon.log
    assert journal.entries == []


def test_a_terminal_gets_text(world, journal):
    """Without a journal's byte and without a control byte of a hostile name."""
    master, slave = os.openpty()
    try:
        tty.setraw(slave)
        os.set_blocking(master, False)
        daemon = world.start_daemon(CONFIG, wrap=journal.wrap, stderr=slave, LOG_LEVEL="debug")
        os.close(slave)
        shown = bytearray()
        # an unread terminal would block it
        wait_until(lambda: read_more(master, shown) and daemon.is_ready(), "the daemon is ready")
        path = world.cgroups.make("dropped-\x1b]0;evil\x07-name")
        wait_until(lambda: read_more(master, shown) and b"evil" in shown, "the name on the terminal")
        assert daemon.stop() == 0
        read_more(master, shown)
        assert UNKNOWN_KEY.encode() in shown
        assert path[:path.index("\x1b")].encode() in shown
        assert b"\x1b]0;evil" not in shown
        assert b"\x07" not in shown
    finally:
        os.close(master)
    assert journal.entries == []


def read_more(descriptor, into):
    """Append all available input; return true."""
    try:
        while data := os.read(descriptor, 65536):
            into += data
    except BlockingIOError:
        pass
    except OSError as error:  # the other end was closed
        if error.errno != errno.EIO:
            raise
    return True


@pytest.mark.parametrize(("level", "warns", "tells_cgroups"), [
    (None, True, False), ("error", False, False), ("warn", True, False), ("info", True, False), ("debug", True, True)])
def test_the_level_decides_what_is_said(world, level, warns, tells_cgroups):
    path = world.cgroups.make("dropped")
    daemon = world.daemon(CONFIG, **({"LOG_LEVEL": level} if level else {}))
    world.client("dropped").await_answer_by("dropped")
    assert daemon.stop() == 0
    assert (UNKNOWN_KEY in daemon.log) == warns
    assert (path in daemon.log) == tells_cgroups


def test_a_warning_about_a_level_that_does_not_exist(world):
    assert "LOG_LEVEL" in world.daemon(CONFIG, LOG_LEVEL="loud").log


def test_errors_are_said_at_every_level(world):
    daemon = world.start_daemon("version: 2\n", LOG_LEVEL="error")
    assert daemon.wait_exit() > 0
    assert "version" in daemon.log
