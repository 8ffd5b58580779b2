# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call can fail, at each call site: the daemon goes on or, where MAY_END allows it, ends.

Lives without faults list the calls and where they come from (see fault.c). Then there is a life for each place and for
each errno that the call may really have. To try one by hand: FAULT=..., as a failure names it, and LD_PRELOAD.
"""

import functools
import logging
import mmap
import os
import re
from pathlib import Path

import pytest
import scenario
from lab.daemon import binary
from scenario import RELOAD, RUNNING, START, STOP

# The errors of each call; "short" makes a read return less than available.
SEND = ["ENOBUFS", "EINTR", "ENOMEM", "EAGAIN", "EPERM"]
RECEIVE = ["ENOBUFS", "short", "EINTR", "EAGAIN", "ENOMEM"]
FAULTS = {
    "socket": ["EMFILE", "ENOBUFS", "EPERM"],
    "bind": ["ENOMEM", "EPERM"],
    "getsockname": ["ENOBUFS"],
    "getsockopt": ["ENOBUFS"],
    "setsockopt": ["EPERM", "ENOMEM"],
    "sendto": SEND,
    "sendmsg": SEND,
    "recvmsg": RECEIVE,
    "read": ["short", "EINTR", "EAGAIN", "ENOMEM"],
    "open": ["EMFILE", "EINTR", "ENOMEM", "EPERM"],
    "openat": ["EMFILE", "EINTR", "ENOMEM", "EPERM"],
    "fstat": ["ENOMEM"],
    "fdopendir": ["ENOMEM"],
    "readdir": ["ENOMEM"],
    "fopen": ["EMFILE", "ENOMEM"],
    "setmntent": ["EMFILE", "ENOMEM"],
    "statfs": ["EACCES", "ENOMEM"],
    "inotify_init1": ["EMFILE", "ENOMEM"],
    "inotify_add_watch": ["ENOSPC", "ENOMEM", "EPERM"],
    "inotify_rm_watch": ["EINVAL"],
    "name_to_handle_at": ["ENOMEM", "EPERM"],
    "epoll_create1": ["EMFILE", "ENOMEM"],
    "epoll_ctl": ["ENOSPC", "ENOMEM"],
    "epoll_wait": ["EINTR"],
    "signalfd": ["EMFILE", "ENOMEM"],
    "timerfd_create": ["EMFILE", "ENOMEM"],
    "timerfd_settime": ["ENOMEM"],
}
SOURCES = Path(__file__).parents[2] / "src"
MEMORY = ["malloc", "calloc", "realloc", "reallocarray"]
# Failures that may end the daemon, by moment and call. On any other failure it goes on, and the rules in force are
# right. "make test-faults" sees that each of these does end it.
MAY_END = {
    # It can't read the config, watch cgroups, own the table, know that it is whole, or wait for anything. Nobody was
    # told yet that traffic is steered, so it says why, and whoever started it may start it again.
    START: {
        "socket": ["EMFILE", "ENOBUFS", "EPERM"],
        "bind": ["ENOMEM", "EPERM"],
        "getsockname": ["ENOBUFS"],
        "setsockopt": ["EPERM", "ENOMEM"],
        "sendto": ["ENOBUFS", "ENOMEM", "EAGAIN", "EPERM"],
        "recvmsg": ["ENOBUFS", "short", "EAGAIN", "ENOMEM"],
        "read": ["EAGAIN", "ENOMEM"],
        "open": ["EMFILE", "EINTR", "ENOMEM", "EPERM"],
        "fstat": ["ENOMEM"],
        "setmntent": ["EMFILE", "ENOMEM"],
        "statfs": ["EACCES"],
        "inotify_init1": ["EMFILE", "ENOMEM"],
        "name_to_handle_at": ["ENOMEM", "EPERM"],
        "epoll_create1": ["EMFILE", "ENOMEM"],
        "epoll_ctl": ["ENOSPC", "ENOMEM"],
        "signalfd": ["EMFILE", "ENOMEM"],
        "timerfd_create": ["EMFILE", "ENOMEM"],
        "malloc": ["ENOMEM"],
        "calloc": ["ENOMEM"],
        "reallocarray": ["ENOMEM"],
    },
    # In libsystemd's event loop itself, which gives up: see LOOP.
    RUNNING: {"timerfd_settime": ["ENOMEM"], "realloc": ["ENOMEM"], "reallocarray": ["ENOMEM"]},
    RELOAD: {},
    # It ends anyway: what it can't remove stays, it reports that, and "clear" removes it.
    STOP: {
        "sendto": ["ENOBUFS", "ENOMEM", "EAGAIN", "EPERM"],
        "recvmsg": ["ENOBUFS", "short", "EAGAIN", "ENOMEM"],
        "reallocarray": ["ENOMEM"],
    },
}
# The only functions of ours that a fault may come by that ends the running daemon.
LOOP = {"run_until_stopped", "cmd_daemon", "main", "_start"}
# Functions that may fail even at the start: their work is optional, or retried later.
HELPS = {"fence_begin", "send_buffer", "watch_walk"}
# Likewise, but without a permission another attempt would be no better.
TRIED_AGAIN = {"nft_replace", "routes_put"}
# "make test-faults" tries each errno at each place, "make test" one at each place, taking turns, and for memory, which
# is asked for at some hundred places, one place in so many.
EVERYTHING = os.environ.get("CGTPROXY_FAULTS") == "all"
MEMORY_STEP = 1 if EVERYTHING else 8

# They share a index, which takes long.
pytestmark = pytest.mark.xdist_group("faults")
_logger = logging.getLogger(__name__)


def module(name):
    """The library that makes calls fail, from the build of the program under test."""
    path = binary().parent / "test" / "fault" / f"{name}.so"
    if not path.exists():
        raise RuntimeError(f"{path} is not there: configure the build with -Dtests=true")
    return path


def is_sanitized():
    """Whether the program brings an allocator that must not be replaced."""
    with open(binary(), "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b"__asan_init") >= 0


@pytest.fixture(scope="module", name="stage")
def _stage():
    stage = scenario.Stage()
    yield stage
    stage.close()


def index(stage, name):
    """The Traces of the two kinds of life; what a fresh one has too is left out of the kept one's."""
    fresh, kept = (stage.index(module(name), kept) for kept in (False, True))
    for key in fresh.counts:
        kept.counts.pop(key, None)
    return fresh, kept


def sites_of(trace, call):
    """The places that a call comes from, by either of the names that open() and its like have."""
    return sorted((key, count) for key, count in trace.counts.items() if key[0] in (call, call + "64"))


def plan(trace, call):
    """A fault for each place and errno: the first call from there, and at last the last one too."""
    for number, ((name, site), count) in enumerate(sites_of(trace, call)):
        errnos = FAULTS[call] if EVERYTHING else [FAULTS[call][number % len(FAULTS[call])]]
        yield from (f"{name}@{site}:1:{errno}" for errno in errnos)
        if EVERYTHING and count > 1:
            yield f"{name}@{site}:{count}:{errnos[0]}"


# The moments, calls and errnos of those faults that ended the daemon.
_ends = set()


def may_end(fault, moment, functions):
    """Whether a fault, which came to pass in some function that others have called, may end the daemon."""
    call, _, errno = fault.split(":")
    call = call.partition("@")[0].removesuffix("64")
    _ends.add((moment, call, errno))
    if moment == START and (functions & HELPS or (functions & TRIED_AGAIN and errno != "EPERM")):
        return False
    if moment == RUNNING and not functions <= LOOP:
        return False
    return errno in MAY_END[moment].get(call, ())


def try_all(stage, path, faults):
    """A life for each fault, which comes with the kind of life."""
    violations = []
    fired = 0
    for fault, kept in faults:
        try:
            fired += bool(stage.run(path, fault, kept, functools.partial(may_end, fault)).fired)
        except scenario.Violation as violation:
            violations.append(str(violation))
            fired += 1
    _logger.info("%d faults tried, of which %d came to pass", len(faults), fired)
    assert not violations, f"{len(violations)} of {len(faults)} faults were not borne:\n" + "\n".join(violations)
    # other cgroups come and go on this machine, so that a last call need not come again; the first ones must
    assert faults and fired >= len(faults) * 3 // 4


@pytest.fixture(scope="module", name="undisturbed")
def _undisturbed(stage):
    return index(stage, "fault")


@pytest.mark.alone
def test_every_call_is_known(undisturbed):
    """A call that the daemon has begun to make is to be added above, and one that it makes no more to be taken out."""
    called = {name.removesuffix("64") for trace in undisturbed for name, _ in trace.counts}
    assert called - FAULTS.keys() == set()
    assert FAULTS.keys() - called == set()


def test_every_function_is_known():
    """A renamed function would silently lose its exemption."""
    sources = "".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.c"))
    ours = HELPS | TRIED_AGAIN | LOOP - {"_start"}
    assert [name for name in ours if not re.search(rf"\b{name}\(", sources)] == []


# What looks at cgroups is called from where it is as others' come and go beside it.
ABOUT_CGROUPS = {"openat", "fstat", "fdopendir", "readdir", "inotify_add_watch", "inotify_rm_watch", "name_to_handle_at"}


@pytest.mark.parametrize("call", [pytest.param(call, marks=pytest.mark.alone if call in ABOUT_CGROUPS else [])
                                  for call in FAULTS])
def test_a_call_fails(stage, undisturbed, call):
    try_all(stage, module("fault"),
            [(fault, kept) for kept, trace in enumerate(undisturbed) for fault in plan(trace, call)])


def test_memory_is_refused(stage):
    """Likewise for memory, but for libfyaml, which crashes without it, and sanitizers, whose allocator must stay."""
    if is_sanitized():
        pytest.skip("the sanitizer's allocator must not be replaced")
    faults = [(f"{name}@{site}:1:ENOMEM", kept)
              for kept, trace in enumerate(index(stage, "fault_memory"))
              for call in MEMORY for (name, site), _ in sites_of(trace, call)
              if not scenario.where(trace.offsets[name, site]).startswith(("yaml_parse ", "place_items "))]
    try_all(stage, module("fault_memory"), faults[::MEMORY_STEP])


@pytest.mark.skipif(not EVERYTHING, reason="\"make test-faults\" tries all that may end the daemon")
def test_nothing_is_excused_in_vain():
    """What no longer ends the daemon must be removed from MAY_END. This checks the results of the previous tests."""
    seen_calls = {call for _, call, _ in _ends}
    if not seen_calls >= {call for calls in MAY_END.values() for call in calls}:
        pytest.skip("not all calls were tried before")
    excused = {(moment, call, errno) for moment, calls in MAY_END.items() for call, errnos in calls.items() for errno in errnos}
    assert excused - _ends == set()
