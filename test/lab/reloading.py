# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon whose config changes while it runs."""

import signal

from .daemon import binary
from .waiting import PATIENCE, wait_until


class Reloadable:
    """A running daemon and the config file that it reloads on SIGHUP."""

    def __init__(self, world, config, path=None, **options):
        self.path = path or world.scratch.path(".yaml")
        self.path.write_text(config, encoding="utf-8")
        self.daemon = world.launch(binary(), "-c", self.path, **options).wait_ready()

    def begin_reload(self, config=None):
        """Put another config into the file (None: leave it) and send the signal, without waiting."""
        if config is not None:
            self.path.write_text(config, encoding="utf-8")
        self.daemon.send_signal(signal.SIGHUP)

    def reload(self, config=None):
        """The same, and wait until the daemon reports that it is done, whether it accepted the config or refused it.

        Returns what it logged meanwhile.
        """
        said, done = len(self.daemon.log), self.count("READY=1")
        self.begin_reload(config)
        wait_until(lambda: self.count("READY=1") > done or self.daemon.process.poll() is not None,
                   lambda: f"the reload is over; the log says:\n{self.daemon.log[said:]}", timeout=4 * PATIENCE)
        assert self.daemon.process.poll() is None, f"the daemon ended with {self.daemon.process.poll()} and said:\n{self.daemon.log}"
        return self.daemon.log[said:]

    def count(self, notification):
        """How often it sent this to the service manager."""
        return self.daemon.notifications.count(notification)
