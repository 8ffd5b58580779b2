# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon under test, started in a namespace, and its other commands."""

import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from .waiting import PATIENCE, wait_until
from .wire import SO_TIMESTAMPNS, timestamp

_logger = logging.getLogger(__name__)
_REPOSITORY = Path(__file__).resolve().parents[2]
# Sanitizers read their options from the environment; nothing else there may affect the daemon.
_PASSED_ON = ("PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "LLVM_PROFILE_FILE", "GCOV_PREFIX")
_SANITIZER_REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error:")
NOBODY = 65534


def binary():
    """The program under test: $CGTPROXY, or the build's."""
    path = Path(os.environ.get("CGTPROXY", _REPOSITORY / "build" / "cgtproxy")).resolve()
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"{path} is not there: build first, or name the program in $CGTPROXY")
    return path


def environment(**more):
    """A small environment for the program under test."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {"LANG": "C.UTF-8", **passed_on, **more}


def in_private_mounts(script, argv):
    """The argument list that runs argv in a private mount namespace changed by a shell script."""
    return ["unshare", "--mount", "--propagation", "private", "sh", "-euc", script + '\nexec "$@"', "sh", *argv]


def as_nobody(argv, *capabilities):
    """The argument list that runs argv as an unprivileged user with only these capabilities."""
    ambient = [f"--{kind}-caps=" + ",".join(f"+{name}" for name in capabilities)
               for kind in ("inh", "ambient") if capabilities]
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *ambient, *argv]


class Scratch:
    """A directory for a test's files that every user may read, unlike pytest's own."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="cgtproxy-test-"))
        self.directory.chmod(0o755)
        self._count = 0

    def path(self, ending):
        """A new path with this ending."""
        self._count += 1
        return self.directory / f"{self._count}{ending}"

    def write(self, content, ending=".yaml"):
        """A new file with this content, text or bytes."""
        path = self.path(ending)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o644)
        return path

    def program(self):
        """A copy of the program under test that every user may run."""
        path = self.directory / "cgtproxy"
        if not path.exists():
            shutil.copy(binary(), path)
            path.chmod(0o755)
        return path

    def close(self):
        """Remove it all."""
        shutil.rmtree(self.directory)


class Daemon:
    """One run of the daemon. `wrap` makes another argument list of the daemon's own (see as_nobody())."""

    def __init__(self, namespace, scratch, argv, wrap=lambda argv: argv, stderr=None, **env):
        notify_path = scratch.path(".notify")
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(notify_path))
        self._notify.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        notify_path.chmod(0o777)
        self.notifications = []
        self.ready_time = None  # when it said READY=1, by the kernel's clock
        # As a service manager does, at once: few messages fit the queue, and then the daemon would wait.
        threading.Thread(target=self._listen, daemon=True).start()
        self._log_path = scratch.write("", ".log")
        command = namespace.command(*wrap(["setpriv", "--pdeathsig", "KILL", *map(str, argv)]))
        with open(self._log_path, "ab") as log:
            self.stderr = os.fstat(log.fileno())
            more = {name: value(self.stderr) if callable(value) else value for name, value in env.items()}
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=stderr or log, start_new_session=True,
                                            env=environment(NOTIFY_SOCKET=str(notify_path), **more))

    @property
    def pid(self):
        """The daemon's process id."""
        return self.process.pid

    @property
    def has_sanitizer(self):
        """Whether it was built with AddressSanitizer, whose memory use hides its own."""
        with open(f"/proc/{self.pid}/maps", encoding="utf-8") as maps:
            return "libasan" in maps.read()

    @property
    def log(self):
        """Its standard error and output so far."""
        return self._log_path.read_text(encoding="utf-8", errors="surrogateescape")

    def _listen(self):
        """Take its notifications until the socket is shut down."""
        while True:
            try:
                data, ancillary, _, _ = self._notify.recvmsg(4096, 64)
            except OSError:  # it is closed already
                return
            if not data:
                return
            said = data.decode().split("\n")
            if "READY=1" in said:
                self.ready_time = timestamp(ancillary)
            self.notifications += said

    def is_ready(self):
        """Whether it has said READY=1."""
        return "READY=1" in self.notifications

    def wait_ready(self):
        """Await its readiness; fail with its output if it ends instead."""
        self._wait_ready_or_over()
        if not self.is_ready():
            raise AssertionError(f"the daemon ended with {self.process.returncode} and said:\n{self.log}")
        return self

    def wait_refused(self):
        """Await its end; return its exit code, or fail if it becomes ready instead."""
        self._wait_ready_or_over()
        assert not self.is_ready(), f"the daemon is ready, though it should refuse to start; it said:\n{self.log}"
        return self.wait_exit()

    def _wait_ready_or_over(self):
        def is_ready_or_over():
            return self.is_ready() or self.process.poll() is not None
        wait_until(is_ready_or_over, "the daemon is ready or ends", timeout=4 * PATIENCE)

    def wait_log(self, text):
        """Await a text in its log."""
        wait_until(lambda: text in self.log, f"{text!r} in the daemon's log")

    def wait_exit(self):
        """Await its end; return its exit code (negative: the signal that killed it)."""
        code = self.process.wait(2 * PATIENCE)
        assert not _SANITIZER_REPORT.search(self.log), self.log
        return code

    def send_signal(self, number):
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """Ask it to end; return its exit code."""
        self.send_signal(number)
        return self.wait_exit()

    def kill(self):
        """Kill it without a chance to clean up."""
        self.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        """Make sure that it has ended (stopped, so that sanitizers report), and print its log for failed tests."""
        try:
            if self.process.poll() is None:
                self.send_signal(signal.SIGCONT)
                assert self.stop() == 0, "the daemon's exit code"
        finally:
            if self.process.poll() is None:
                self.kill()
            if self._notify.fileno() >= 0:  # it may be closed twice
                self._notify.shutdown(socket.SHUT_RD)
                self._notify.close()
            _logger.info("the log of the daemon with pid %d:\n%s", self.pid, self.log)
