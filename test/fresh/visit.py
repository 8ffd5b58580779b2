# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A visit to one or more rooms of a suite, taken in steps; each is counted and shown in a line, with its time."""

import shutil
import subprocess
import time

from room import Room

_FAILURES = (AssertionError, OSError, RuntimeError, subprocess.SubprocessError)


class Failed(Exception):
    """A step failed and was reported; the following ones make no sense."""


class Tally:
    """How many steps passed and failed."""

    def __init__(self):
        self.passed = self.failed = 0

    def add(self, name, begin, error=None, note=""):
        """Count a step that began at this time.monotonic(), and show it."""
        if error is None:
            self.passed += 1
        else:
            self.failed += 1
            note = str(error)
        result = "ok" if error is None else "FAILED"
        print(f"  {result:6} {time.monotonic() - begin:5.0f} s  {name}" + (f"  ({note})" if note else ""), flush=True)


class Visit:
    """Use it with `with`. `directory` is where the rooms of the suite and what comes out of them are."""

    def __init__(self, tally, directory, log):
        self._tally = tally
        self._directory = directory
        self._log = log
        self._user = None
        self.room = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._leave()

    def _leave(self):
        if self.room is not None:
            self.room.close()
            self.room = None

    def check(self, name, function, *arguments):
        """Take a step: call a function, which raises where something is wrong."""
        begin = time.monotonic()
        try:
            result = function(*arguments)
        except _FAILURES as error:
            self._tally.add(name, begin, error)
            raise Failed(name) from error
        self._tally.add(name, begin, note=result if isinstance(result, str) else "")

    def open(self, user, clone=True):
        """Open a new room, for root or for a user with sudo; with a clone of this repository unless told otherwise."""
        self._leave()
        self._user = user
        self.room = Room(self._directory, self._log)
        self.check("a fresh machine" + ("" if user == "root" else ", with sudo"), self.room.open, user, clone)

    def type(self, command, directory="cgtproxy"):
        """Take a step: the user types a command in a directory of theirs."""
        self.check(("# " if self._user == "root" else "$ ") + command, self.room.type, command, self._user, directory)

    def keep(self, pattern):
        """The one file of the clone with this name, copied to where it outlasts the room."""
        (file,) = self.room.home(self._user).glob(f"cgtproxy/{pattern}")
        (self._directory / "made").mkdir(exist_ok=True)
        return shutil.copy(file, self._directory / "made" / file.name)

    def put(self, file, directory):
        """Put a file into a directory of the user's, which is made where it is missing."""
        place = self.room.home(self._user) / directory
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
        self.room.give_to(self._user)
