# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cgroups of a user's manager, as systemd would make them for a user that there is not."""

import itertools
import os

from .cgroups import CgroupTree

# Beyond the users of any system, yet numbers that the kernel and systemd take.
_uids = itertools.count(4_000_000_000 + os.getpid())


class ManagerTree(CgroupTree):
    """The cgroups below user@UID.service of a user who has no other; uid is the user's number."""

    def _make_top(self, purpose):
        for uid in _uids:
            session = self.directory(f"/user.slice/user-{uid}.slice")
            try:
                session.parent.mkdir(exist_ok=True)
                session.mkdir()
            except (FileExistsError, FileNotFoundError):
                continue  # another run has this user, or ended just now and took user.slice with it
            self.uid = uid
            top = f"/user.slice/user-{uid}.slice/user@{uid}.service"
            self.directory(top).mkdir()
            return top

    def close(self):
        """Remove everything that is left, and what stands above it if nobody else is in it."""
        super().close()
        session = self.directory(self.top).parent
        for directory in (session, session.parent):
            try:
                directory.rmdir()
            except OSError:
                return
