# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells that report the completions of a command line, as seen on a terminal."""

import os
import pty
import re
import select
import shlex
import subprocess
from pathlib import Path

from .daemon import in_private_mounts
from .waiting import PATIENCE

COMPLETION = Path(__file__).resolve().parents[2] / "completion"
# Keys that insert all completions into the command line, write it to a file, and clear it. None is special to the
# terminal, which receives them until the shell does.
_INSERT, _TELL, _EMPTY = "\x18\x01", "\x18\x02", "\x18\x0e"


def _environment(directory, program):
    """An environment where `program` is found as cgtproxy, without any shell configuration."""
    bin_directory = directory / "bin"
    bin_directory.mkdir()
    (bin_directory / "cgtproxy").symlink_to(program)
    return {"PATH": f"{bin_directory}:/usr/bin:/bin", "HOME": str(directory), "LANG": "C.UTF-8", "TERM": "dumb"}


class Terminal:
    """An interactive shell on its own terminal. `setup` is its first input."""

    def __init__(self, directory, program, argv, setup):
        self._told = directory / "told"
        os.mkfifo(self._told)
        self._reader = os.open(self._told, os.O_RDONLY | os.O_NONBLOCK)
        self._keep = os.open(self._told, os.O_WRONLY)  # so that the end of one writer is not the end of the file
        self._terminal, shells_end = pty.openpty()
        self._process = subprocess.Popen(["setsid", "--ctty", *argv], stdin=shells_end, stdout=shells_end, stderr=shells_end,
                                         cwd=directory, env=_environment(directory, program))
        os.close(shells_end)
        self._said = b""
        script = directory / "setup"
        script.write_text(setup.format(told=self._told), encoding="utf-8")
        self._type(f". {script}\n")
        assert self._read() == "ready"

    def _type(self, keys):
        os.write(self._terminal, keys.encode())

    def _read(self):
        """The next line that it reports."""
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._reader, self._terminal], [], [], PATIENCE)
            assert ready, f"the shell tells nothing; it said: {self._said.decode(errors='replace')}"
            if self._terminal in ready:
                self._said += os.read(self._terminal, 4096)
            if self._reader in ready:
                line += os.read(self._reader, 65536)
        return line.decode().rstrip("\n")

    def complete(self, line):
        """The words that the end of the line can be completed to; they must all begin as it ends."""
        self._type(f"{_EMPTY}{line}{_INSERT}{_TELL}")
        told = self._read()
        begin = line.rpartition(" ")[0] + " "
        assert told.startswith(begin), (line, told)
        words = shlex.split(told[len(begin):])
        return [] if told.rstrip() == line.rstrip() else words

    def close(self):
        """Hang up."""
        os.close(self._terminal)
        os.close(self._keep)
        os.close(self._reader)
        self._process.wait()


def bash(directory, program, mounts=":"):
    """A bash with bash-completion, behind this change of the mounts."""
    return Terminal(directory, program, in_private_mounts(mounts, ["/bin/bash", "--noprofile", "--norc", "-i"]), rf"""
. /usr/share/bash-completion/bash_completion
. {COMPLETION}/cgtproxy.bash
bind '"\C-x\C-a": insert-completions'
bind '"\C-x\C-n": kill-whole-line'
bind -x '"\C-x\C-b": printf "%s\n" "$READLINE_LINE" >{{told}}'
echo ready >{{told}}
""")


def zsh(directory, program, mounts=":"):
    """A zsh with its completion system, behind this change of the mounts."""
    return Terminal(directory, program, in_private_mounts(mounts, ["/bin/zsh", "-f", "-i"]), rf"""
fpath=({COMPLETION} $fpath)
autoload -U compinit
compinit -u -D
zstyle ':completion:all-matches:*' completer _all_matches _complete
zstyle ':completion:all-matches:*' insert true
zstyle ':completion:all-matches:*' old-list never
zle -C all-matches complete-word _generic
tell() {{{{ print -r -- "$BUFFER" >{{told}} }}}}
zle -N tell
bindkey '^X^A' all-matches '^X^B' tell '^X^N' kill-buffer
unset zle_bracketed_paste
print ready >{{told}}
""")


class Fish:
    """fish, which tells what it would complete without a terminal, behind this change of the mounts."""

    def __init__(self, directory, program, mounts=":"):
        self._environment = _environment(directory, program)
        self._directory = directory
        self._mounts = mounts

    def complete(self, line):
        """The words that the end of the line can be completed to."""
        quoted = line.replace("\\", r"\\").replace("'", r"\'")  # in fish, both are special between quotes
        script = f"source {COMPLETION}/cgtproxy.fish; complete --do-complete '{quoted}'"
        done = subprocess.run(in_private_mounts(self._mounts, ["/usr/bin/fish", "--no-config", "-c", script]),
                              env=self._environment, cwd=self._directory, capture_output=True, text=True, timeout=4 * PATIENCE, check=True)
        assert done.stderr == "", done.stderr
        return [re.sub(r"\t.*", "", word) for word in done.stdout.splitlines()]

    def close(self):
        """Nothing to close."""
