# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""The scene of the pictures: somebody's desktop, with the daemon, two proxies, applications and services.

It has namespaces of its own for cgroups, mounts and processes, so that everything has the place and the names that it
has on a usual machine; see make-pictures. The clock of what is shown is one of its own, too.
"""

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from lab import locales
from lab.daemon import binary
from lab.layouts import PURE
from lab.terminal import Terminal
from lab.waiting import wait_until
from lab.world import World

_HERE = Path(__file__).resolve().parent
_CGROUPS = Path("/sys/fs/cgroup")
_CONFIG = Path("/etc/cgtproxy/config.yaml")
_SHARED = Path("/run/share")  # where .desktop files are
_STARTED = datetime(2026, 3, 2, 8, 12, 47, tzinfo=timezone.utc)
_SEEN = _STARTED + timedelta(hours=2, minutes=13)
_ALICE, _GUEST = 1000, 1001
_USERS = {"root": 0, "alice": _ALICE, "guest": _GUEST}

_CONFIG_TEXT = """\
version: 1

bypass: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16, 224.0.0.0/4, 255.255.255.255,
         "fc00::/7", "fe80::/10", "ff00::/8"]

tproxies:
  mihomo: {mark: 3000, port: 7893}
  xray: {mark: 3001, port: 7894}

rules:
  - unit: [mihomo.service, xray.service]
    direct: true
  - user: guest
    drop: true
  - app: [org.mozilla.firefox, org.telegram.desktop]
    tproxy: mihomo
  - app: com.discordapp.Discord
    tproxy: xray
  - unit: docker.service
    tproxy: mihomo
  - unit: cups-browsed.service
    refuse: true
"""

_ENTRIES = {
    "org.mozilla.firefox": ("Firefox", "Firefox 浏览器"),
    "org.telegram.desktop": ("Telegram", "Telegram 电报"),
    "com.discordapp.Discord": ("Discord", "Discord"),
    "com.valvesoftware.Steam": ("Steam", "Steam 游戏平台"),
    "org.gnome.Fractal": ("Fractal", "Fractal"),
}
_MB, _KB = 1_000_000, 1000


def _user(uid, below):
    return f"user.slice/user-{uid}.slice/user@{uid}.service/app.slice/{below}"


_SILENT = (90 * _KB, 2 * _KB, 0, 0)
# Name of the process, cgroup, and connections: bytes down and up at first, and then per second.
_PROGRAMS = (
    ("firefox", _user(_ALICE, "app-gnome-org.mozilla.firefox-2811.scope"),
     [(31 * _MB, _MB, 840 * _KB, 31 * _KB), (6 * _MB, 380 * _KB, 120 * _KB, 4 * _KB), *[_SILENT] * 9]),
    ("telegram-desktop", _user(_ALICE, "app-flatpak-org.telegram.desktop-2633.scope"),
     [(4 * _MB, 710 * _KB, 62 * _KB, 9 * _KB), _SILENT, _SILENT]),
    ("Discord", _user(_ALICE, "app-flatpak-com.discordapp.Discord-3207.scope"),
     [(2 * _MB, 1300 * _KB, 24 * _KB, 21 * _KB), _SILENT]),
    ("steam", _user(_ALICE, "app-gnome-com.valvesoftware.Steam-2954.scope"),
     [(180 * _MB, _MB, 3400 * _KB, 42 * _KB), *[_SILENT] * 3]),
    ("syncthing", _user(_ALICE, "syncthing.service"), [(900 * _KB, 17 * _MB, 2 * _KB, 210 * _KB), _SILENT]),
    ("dockerd", "system.slice/docker.service", [(52 * _MB, 160 * _KB, 1500 * _KB, 12 * _KB)]),
    ("sshd", "system.slice/ssh.service", [(60 * _KB, 310 * _KB, 300, 1700)]),
)
# These only receive datagrams, at a port.
_RECEIVERS = (
    ("chronyd", "system.slice/chrony.service", 323),
    ("cups-browsed", "system.slice/cups-browsed.service", 631),
    ("firefox", _user(_GUEST, "app-gnome-org.mozilla.firefox-3518.scope"), 47110),
)


def _run(*argv):
    subprocess.run(list(map(str, argv)), check=True)


def _furnish():
    """Give this mount namespace the cgroups, users, applications and config of the scene."""
    _run("sh", "-euc", PURE)
    _run("mount", "-t", "tmpfs", "tmpfs", "/run")
    for name in ("upper", "work"):
        Path("/run", name).mkdir()
    _run("mount", "-t", "overlay", "-o", "lowerdir=/etc,upperdir=/run/upper,workdir=/run/work", "overlay", "/etc")
    users = [f"{name}:x:{uid}:{uid}::/nonexistent:/bin/sh\n" for name, uid in _USERS.items()]
    Path("/etc/passwd").write_text("".join(users), encoding="ascii")
    applications = _SHARED / "applications"
    applications.mkdir(parents=True)
    for identifier, (english, chinese) in _ENTRIES.items():
        (applications / f"{identifier}.desktop").write_text(
            f"[Desktop Entry]\nType=Application\nName={english}\nName[zh_CN]={chinese}\n", encoding="utf-8")
    _CONFIG.parent.mkdir()
    _CONFIG.write_text(_CONFIG_TEXT, encoding="utf-8")
    os.utime(_CONFIG, (0, 0))  # before the daemon started, by any clock


def _cgroup(path):
    directory = _CGROUPS / path
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _clock(moment):
    """The environment in which it is this time when a program starts."""
    library = "faketime/libfaketime.so.1"
    libraries = [*Path("/usr").glob(f"lib*/{library}"), *Path("/usr").glob(f"lib*/*/{library}")]
    if not libraries:
        raise RuntimeError("libfaketime is not installed")
    return {"LD_PRELOAD": str(libraries[0]), "FAKETIME": f"@{moment:%Y-%m-%d %H:%M:%S}", "TZ": "UTC",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", "ASAN_OPTIONS": "verify_asan_link_order=0"}


def _boot_at(moment, pid):
    """Have /proc/stat tell a boot time by which this process started at this moment."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
    boot = int(moment.timestamp()) - ticks // os.sysconf("SC_CLK_TCK")
    shown = Path("/run/stat")
    shown.write_text(re.sub("^btime .*", f"btime {boot}", Path("/proc/stat").read_text(encoding="ascii"), flags=re.M),
                     encoding="ascii")
    _run("mount", "--bind", shown, "/proc/stat")


class Scene:
    """Everything runs once it is there. Use it with `with`."""

    def __init__(self):
        self._world = World(purpose="pictures")
        self._processes = {}

    def __enter__(self):
        _furnish()
        (_cgroup("init.scope") / "cgroup.procs").write_text("0", encoding="ascii")
        self._world.__enter__()
        try:
            self._start_all()
        except BaseException:
            self._world.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        self._world.__exit__(None, None, None)

    def _start_all(self):
        self._world.wire.close()  # it would keep a copy of each packet
        self._start("internet", "init.scope", {"internet": True}, self._world.outside)
        self._start("mihomo", "system.slice/mihomo.service", {"proxy": 7893})
        self._start("xray", "system.slice/xray.service", {"proxy": 7894})
        self._start_daemon()
        for name, cgroup, port in _RECEIVERS:
            self._start(name, cgroup, {"receives": [port]})
        for name, cgroup, connections in _PROGRAMS:
            self._start(name, cgroup, {"connections": connections})

    def _start_daemon(self):
        procs = _cgroup("system.slice/cgtproxy.service") / "cgroup.procs"
        Path("/proc/sys/kernel/ns_last_pid").write_text("840", encoding="ascii")  # so that the next one is always the same
        daemon = self._world.launch(binary(), "-c", _CONFIG, **_clock(_STARTED),
                                    wrap=lambda argv: ["sh", "-ec", f'echo 0 >{procs}; exec "$@"', "sh", *argv])
        daemon.wait_ready()
        _boot_at(_STARTED, daemon.pid)

    def _start(self, name, cgroup, role, namespace=None):
        argv = (namespace or self._world.host).command(sys.executable, "-I", str(_HERE / "traffic.py"), name,
                                                       str(_cgroup(cgroup)), json.dumps(role))
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self._processes[name] = process
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{name} did not start")

    def stop(self, name):
        """End a program."""
        self._processes[name].kill()
        self._processes[name].wait()

    def _locale(self, language):
        """The environment of programs in this language."""
        if language == "en":
            return {}
        directory = self._world.scratch.path(".locale")
        directory.mkdir()
        return locales.make(directory, f"{language}.UTF-8")

    def terminal(self, columns, rows, language):
        """A terminal with the programs in a language, whose shell has an empty screen with a prompt."""
        path = f"{binary().parent}:{os.environ['PATH']}"
        terminal = self._world.keep(Terminal(self._world.host, self._world.scratch, columns, rows, PATH=path,
                                             XDG_DATA_DIRS=str(_SHARED), SYSTEMD_PAGER="", **self._locale(language)))
        clock = " ".join(f"{name}='{value}'" for name, value in _clock(_SEEN).items())
        terminal.type(f"export {clock}; sudo() {{ \"$@\"; }}; PS1='$ '; clear")
        wait_until(lambda: terminal.text.strip() == "$", lambda: f"an empty screen; there is:\n{terminal.text}")
        return terminal
