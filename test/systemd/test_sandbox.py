# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process can do under the unit's settings: tried by another program in the daemon's place."""

import json

import pytest
from lab.waiting import wait_until
from programs import LAB, PYTHON

PROBE_PATH = f"{LAB}/probe.py"
PROBE = """
import errno, json, mmap, os, socket, stat

def attempt(function, *arguments, **options):
    try:
        return function(*arguments, **options)
    except OSError as error:
        return errno.errorcode[error.errno]

def may(function, *arguments, **options):
    result = attempt(function, *arguments, **options)
    return result if isinstance(result, str) else "OK"

def devices():
    for place, _, names in os.walk("/dev"):
        for status in (os.lstat(os.path.join(place, name)) for name in names):
            if stat.S_ISBLK(status.st_mode):
                yield "block"
            elif stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) not in (1, 5, 136):
                yield "character"  # and neither of memory (null, zero, random, ...) nor a terminal

with open("/tmp/file", "w") as file:
    file.write("a place to write to there is")

print(json.dumps({
    "write and execute": may(mmap.mmap, -1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    "write": may(mmap.mmap, -1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE),
    "families": {name: may(socket.socket, getattr(socket, name), socket.SOCK_RAW if name == "AF_NETLINK" else socket.SOCK_DGRAM)
                 for name in ("AF_INET", "AF_INET6", "AF_PACKET", "AF_VSOCK", "AF_UNIX", "AF_NETLINK")},
    "nice": may(os.nice, 1),
    "setuid bit": may(os.chmod, "/tmp/file", 0o4700),
    "homes": {path: may(os.listdir, path) for path in ("/home", "/root", "/run/user")},
    "read-only": {path: bool(os.statvfs(path).f_flag & os.ST_RDONLY) for path in ("/", "/etc", "/var", "/sys/fs/cgroup")},
    "devices": list(devices()),
    "other processes": [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()],
    "sysctls": may(os.listdir, "/proc/sys"),
}))
"""
# What the machine would have in /dev if it had hardware. Nobody opens it.
DISK = "/dev/disk-of-the-machine"
INSTEAD = f"""[Service]
Type=oneshot
ExecStart=
ExecStart={PYTHON} -I -S {PROBE_PATH}
Restart=no
"""


@pytest.fixture(name="found")
def fixture_found(machine, service):
    """What the probe found in the daemon's place."""
    service.systemctl("stop")
    machine.write(PROBE_PATH, PROBE)
    machine.run("mknod", "--mode=0", DISK, "b", "7", "0")
    cursor = machine.cursor()
    try:
        service.drop_in(INSTEAD)
        service.systemctl("start")
        entries = wait_until(lambda: [e for e in service.journal(cursor) if e["MESSAGE"].startswith("{")], "its findings")
    finally:
        machine.run("rm", PROBE_PATH, DISK)
    return json.loads(entries[0]["MESSAGE"])


def test_what_the_service_can_do(found):
    assert found == {
        "write and execute": "EPERM",
        "write": "OK",
        "families": {**dict.fromkeys(("AF_INET", "AF_INET6", "AF_PACKET", "AF_VSOCK"), "EAFNOSUPPORT"),
                     "AF_UNIX": "OK", "AF_NETLINK": "OK"},
        "nice": "EPERM",  # what anybody may do without the system-call filter
        "setuid bit": "EPERM",
        "homes": dict.fromkeys(("/home", "/root", "/run/user"), "EACCES"),
        "read-only": dict.fromkeys(("/", "/etc", "/var", "/sys/fs/cgroup"), True),
        "devices": [],
        "other processes": [],
        "sysctls": "ENOENT",
    }
