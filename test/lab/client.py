# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program in a cgroup that sends requests to servers and reports the outcome."""

import itertools
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .addresses import DISCARD_PORT, OUTSIDE, SERVICE_PORT, UDP, V4
from .waiting import SLOWNESS, wait_until

# An answer takes far less than a millisecond. The timeout for expected answers is long (it only runs out on failure);
# what should be dropped counts as silent after a while, and the test checks the wire as well.
ANSWER_TIMEOUT = 10.0 * SLOWNESS
SILENCE = 0.3

# An agent started this way needs 30 ms: no site packages, no environment.
_BOOTSTRAP = f"import sys; sys.path.insert(0, {str(Path(__file__).parent.parent)!r}); from lab.agent import main; main()"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """One answer: who gave it, at which address and by whom it was asked, and where the answer came from."""

    who: str
    asked: tuple
    peer: tuple
    source: tuple


@dataclass(frozen=True)
class Result:
    """What became of a client's requests on one socket: "answered", "timeout", "refused" or the name of an errno."""

    outcome: str
    answers: list
    tokens: list
    protocol: str
    port: int
    began: float

    @property
    def who(self):
        """Who answered everything; or why there was no answer, or which different answers there were."""
        names = {answer.who for answer in self.answers}
        if self.outcome != "answered":
            names.add(self.outcome)
        return " and ".join(sorted(names)) or self.outcome

    @property
    def dropped(self):
        """Whether nothing was answered, as with a firewall that drops: silence, or a refusal by our own kernel."""
        return not self.answers and self.outcome in ("timeout", "EPERM")

    @property
    def answer(self):
        """The last answer."""
        return self.answers[-1]


class Flood:
    """Datagrams sent without a pause: how many the client's kernel accepted, and how many it refused."""

    protocol = UDP

    def __init__(self, watch):
        self._watch = watch
        self.began = time.time()
        self.sent = self.refused = self.port = 0

    def update(self, counts):
        """Take over the agent's numbers."""
        self.sent, self.refused, self.port = counts["sent"], counts["refused"], counts["port"]

    def await_more(self, count=100):
        """Await this many more attempts."""
        def attempts():
            self.update(self._watch())
            return self.sent + self.refused
        enough = attempts() + count
        wait_until(lambda: attempts() >= enough, "a flooding client sends")


class Client:
    """A process in a cgroup (None: the caller's own), inside a namespace."""

    def __init__(self, namespace, directory=None):
        options = ["-I", "-S", *(["-B"] if sys.dont_write_bytecode else [])]  # -I means the environment's is not seen
        argv = namespace.command(sys.executable, *options, "-c", _BOOTSTRAP, str(directory or ""))
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         start_new_session=True)  # Ctrl-C is for the caller to handle
        self._read_reply()

    @property
    def pid(self):
        """The process's id."""
        return self._process.pid

    def ask(self, protocol, family, address=None, port=SERVICE_PORT, times=1, timeout=ANSWER_TIMEOUT, **options):
        """Send `times` requests on one new socket, each after the previous answer; return the outcome.

        Options: mark=N sets SO_MARK; device=NAME sets SO_BINDTODEVICE; bind=ADDRESS and bind_port=PORT bind first; connect=True connects a UDP socket;
        hold=True keeps the socket open, and resume=True goes on with the one that was kept; await_end=True ends a TCP
        connection only when the server has, too.
        """
        began = time.time()
        tokens = [f"token-{next(_numbers)}" for _ in range(times)]
        reply = self._do(do=protocol, family=family, address=address or OUTSIDE[family], port=port, tokens=tokens,
                         timeout=timeout, **options)
        answers = [Answer(a["who"], tuple(a["asked"]), tuple(a["peer"]), tuple(a["source"])) for a in reply["answers"]]
        return Result(reply["outcome"], answers, tokens, protocol, reply["port"], began)

    def ask_in_vain(self, protocol, family, *target, **options):
        """Like ask(), for requests that should get no answer: waits only a short while."""
        return self.ask(protocol, family, *target, timeout=SILENCE, **options)

    def ping(self, family, address=None, timeout=ANSWER_TIMEOUT):
        """Send one ICMP echo; "answered", "timeout" or the name of an errno."""
        return self._do(do="ping", family=family, address=address or OUTSIDE[family], timeout=timeout)["outcome"]

    def serve(self, name, *ports, **options):
        """Become a server, TCP and UDP, v4 and v6, besides; options are those of a Server."""
        self._do(do="serve", name=name, ports=ports, options=options)

    def rename(self, name):
        """Change the name of its process."""
        self._do(do="rename", name=name)

    @contextmanager
    def flooding(self, family=V4, address=None, port=DISCARD_PORT):
        """Send datagrams without a pause in the meantime. Yields a Flood, whose numbers are final at the end."""
        flood = Flood(lambda: self._do(do="watch flood"))
        self._do(do="begin flood", family=family, address=address or OUTSIDE[family], port=port, timeout=ANSWER_TIMEOUT)
        try:
            yield flood
        finally:
            flood.update(self._do(do="end flood"))

    def await_answer_by(self, who, protocol=UDP, family=V4, **options):
        """Ask until the answer comes from `who` ("dropped": until refused), for rules that take a moment."""
        results = []

        def is_so():
            results[:] = [self.ask_in_vain(protocol, family, **options)]
            return results[0].dropped if who == "dropped" else results[0].who == who

        wait_until(is_so, lambda: f"an answer by {who}; the last was by {results[0].who}")
        return results[0]

    def close(self):
        """End the process."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()

    def _do(self, **order):
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._read_reply()

    def _read_reply(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a client ended with {self._process.wait()}; its last words are on standard error")
        return json.loads(line)
