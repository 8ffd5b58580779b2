# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal with a shell, provided by tmux, to type commands into and read the screen."""

import subprocess

from .daemon import environment
from .waiting import wait_until


class Terminal:
    """Runs a shell on a terminal of its own, inside a namespace."""

    def __init__(self, namespace, scratch, columns=100, rows=30, shell=None, **env):
        """`shell` is the argument list of another shell than bash; its prompt must have "prompt>" in it."""
        self._socket = scratch.path(".tmux")
        settings = scratch.write("PS1='prompt> '\n", ".bashrc")
        # not a daemon, so that it always ends with its parent
        argv = namespace.command("setpriv", "--pdeathsig", "KILL", *self._command("-D", "-f", "/dev/null"))
        self._environment = environment(TERM="xterm", **env)
        self._server = subprocess.Popen(argv, env=self._environment)
        try:
            wait_until(self._socket.exists, "tmux runs")
            self._run("new-session", "-d", "-c", str(scratch.directory), "-x", str(columns), "-y", str(rows),
                      *(shell or ["bash", "--noprofile", "--rcfile", str(settings)]))
            wait_until(lambda: "prompt>" in self.text, "the shell's prompt")
        except BaseException:
            self.close()
            raise

    def _command(self, *words):
        return ["tmux", "-u", "-S", str(self._socket), *words]

    def _run(self, *words):
        return subprocess.run(self._command(*words), check=True, capture_output=True, text=True,
                              env=self._environment).stdout

    @property
    def text(self):
        """The screen's text."""
        return self._run("capture-pane", "-p")

    @property
    def escapes(self):
        """The same with its colour sequences."""
        return self._run("capture-pane", "-p", "-e")

    def write(self, text):
        """Type a text, without Enter."""
        self._run("send-keys", "-l", "--", text)

    def type(self, line):
        """Type a line, and Enter."""
        self.write(line)
        self.press("Enter")

    def press(self, *keys):
        """Press keys, by tmux's names for them."""
        self._run("send-keys", *keys)

    def resize(self, columns, rows):
        """Change the size."""
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def wait(self, text):
        """Await a text; return the screen's text then."""
        seen = []

        def is_there():
            seen[:] = [self.text]
            return text in seen[0]

        wait_until(is_there, lambda: f"{text!r} on the terminal; there is:\n{seen[0]}")
        return seen[0]

    def show(self, variable):
        """One of tmux's variables of the pane."""
        return self._run("display-message", "-p", f"#{{{variable}}}").strip()

    def close(self):
        """End it, with all that runs in it."""
        self._server.kill()
        self._server.wait()
