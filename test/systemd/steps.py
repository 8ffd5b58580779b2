# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person types on a terminal of the machine, with the seconds from Enter to what it was typed for."""

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass

from lab.terminal import Terminal
from lab.waiting import wait_until

_PROMPT, _PAGER = "prompt>", "(END)"  # at the end of the screen, whichever waits for keys


def open_terminal(world, machine, user, directory):
    """A Terminal with the shell of a user who may use sudo without a password; the prompt has the last exit code."""
    machine.write(f"/home/{user.name}/.bashrc", f"PS1='$? {_PROMPT} '\n")
    machine.write(f"/etc/sudoers.d/{user.name}", f"{user.name} ALL=(ALL) NOPASSWD: ALL\n")
    # A unit of the user's manager, as a desktop starts its terminal: what a test starts is outside of the machine's cgroups.
    where = ["systemd-run", "--user", "--quiet", "--pty", "--wait", "--collect", "--unit=app-gnome-terminal-4711.service",
             "--slice=app.slice", f"--working-directory={directory}", "--setenv=LANG=C.UTF-8"]
    return world.keep(Terminal(world.host, world.scratch, shell=machine.command(*where, "bash", user=user)))


@dataclass
class Step:
    """One command or some keys. It counts if the way there can't do without it."""

    typed: str
    counts: bool
    seconds: float


class Steps:
    """Steps on a terminal, in their order."""

    def __init__(self, screen):
        self._screen = screen
        self.taken = []

    @contextmanager
    def timed(self, typed, counts=False):
        """Note a step, which takes from the beginning to the end of the block."""
        began = time.monotonic()
        yield
        self.taken.append(Step(typed, counts, time.monotonic() - began))

    @contextmanager
    def command(self, line, counts=False):
        """Type a command on an empty screen. The block awaits what it is typed for, which ends the step."""
        self._screen.press("C-l")
        wait_until(lambda: self._screen.text.strip() == f"0 {_PROMPT}",
                   lambda: f"an empty screen before {line!r}; there is:\n{self._screen.text}")
        self._screen.write(line)
        self._screen.wait(line[-40:])  # the beginning may be on another line
        with self.timed(line, counts):
            self._screen.press("Enter")
            yield

    def _await_at_end(self, *words):
        return wait_until(lambda: next((word for word in words if self._screen.text.rstrip().endswith(word)), None),
                          lambda: f"{' or '.join(words)} at the end of the screen; there is:\n{self._screen.text}")

    def await_end(self):
        """Await the end of a command, which must succeed, and quit its pager. Returns the screen's text."""
        if self._await_at_end(_PROMPT, _PAGER) == _PAGER:
            self._screen.press("q")
            self._await_at_end(_PROMPT)
        text = self._screen.text
        assert text.rstrip().splitlines()[-1] == f"0 {_PROMPT}", text
        return text

    def table(self):
        """All of them as text, and the sum of those that count."""
        counted = [step for step in self.taken if step.counts]
        width = max(len(step.typed) for step in self.taken)
        numbers = iter(range(1, len(counted) + 1))
        lines = [f"{next(numbers) if step.counts else '':>2}  {step.typed:<{width}}  {step.seconds:6.2f} s"
                 for step in self.taken]
        lines.append(f"The {len(counted)} numbered ones: {sum(step.seconds for step in counted):.2f} s without the typing")
        return "\n".join(lines)
