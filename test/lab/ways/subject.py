# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process in one kind of cgroup that carries out all programs of the table side by side, each in a thread.

The far end, main(), reads one JSON object a line and answers each with one; the near end is Subject.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import traceback
from pathlib import Path

from ..addresses import ADDRESS_FAMILY
from .assistant import Assistant, enter
from .talking import begin, finish, outcome_of
from .task import Stages, Task

_BOOTSTRAP = (f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r}); "
              "from lab.ways.subject import main; main()")


class Subject:
    """The near end."""

    def __init__(self, namespace, target_cgroup, direct_cgroup):
        argv = namespace.command(sys.executable, "-I", "-S", "-c", _BOOTSTRAP, str(target_cgroup), str(direct_cgroup))
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         start_new_session=True)

    def begin(self, **order):
        """Send an order (see _ORDERS) without awaiting that it is carried out; reply() does."""
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def reply(self):
        """The reply to the oldest order that has none yet."""
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a subject ended with {self._process.wait()}; its last words are on standard error")
        return json.loads(line)

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()


class _Runner:
    def __init__(self, target_cgroup, direct_cgroup):
        self._assistant = _Locked(Assistant(direct_cgroup, target_cgroup))  # forks, so before there are threads
        self._stages = Stages()
        self._tasks = []
        self._outcomes = {}

    def start(self, order):
        """Start a thread for each cell; each waits for the first stage at which its program does something."""
        from .programs import PROGRAMS_BY_NAME  # only here: the assistant needs nothing of it
        for cell in order["cells"]:
            task = Task(cell, self._stages, self._assistant)
            program = PROGRAMS_BY_NAME[cell["program"]]
            self._stages.be_in(task.number, program.begins)
            self._tasks.append(task)
            threading.Thread(target=self._run, args=(task, program), daemon=True).start()
        return {}

    def _run(self, task, program):
        task.reach(program.begins)
        try:
            outcome = program.act(task)
        except OSError as error:
            outcome = outcome_of(error)
        except Exception:  # a mistake in a program must not stop the others
            outcome = traceback.format_exc()
        self._outcomes[task.number] = outcome
        self._stages.be_in(task.number, float("inf"))

    def open(self, order):
        """Let a stage begin, with so many seconds of patience for each cell; replies when all are through with it."""
        for task in self._tasks:
            task.patience = order["patience"][str(task.number)]
        self._stages.open(order["stage"])
        return {}

    def probe(self, order):
        """Who answers a datagram."""
        data = b"probe\n"
        with socket.socket(ADDRESS_FAMILY[order["family"]], socket.SOCK_DGRAM) as sock:
            try:
                begin(sock, (order["address"], order["port"]), data)
                return {"who": finish(sock, data, order["patience"])}
            except OSError as error:
                return {"who": outcome_of(error)}

    def report(self, _):
        """Each cell's outcome."""
        return {"outcomes": self._outcomes}

    def close(self, _):
        """Close all programs' sockets."""
        for task in self._tasks:
            task.close()
        return {}


class _Locked:
    """The assistant, which takes one request at a time."""

    def __init__(self, assistant):
        self._assistant = assistant
        self._lock = threading.Lock()

    def open(self, *arguments, **options):
        """See Assistant.open()."""
        with self._lock:
            return self._assistant.open(*arguments, **options)


def main():
    """Enter the cgroup given as the first argument and execute orders until the end of standard input."""
    target_cgroup, direct_cgroup = sys.argv[1:3]
    enter(target_cgroup)
    runner = _Runner(target_cgroup, direct_cgroup)
    orders = {"start": runner.start, "open": runner.open, "probe": runner.probe, "report": runner.report,
              "close": runner.close}
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(orders[order["do"]](order)), flush=True)
    os._exit(0)  # whatever threads there are
