# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cgroups of a user manager, as systemd would create them, for a user that doesn't exist."""

import itertools
import os

from .cgroups import CgroupTree

# Above any system's users, but accepted by the kernel and systemd.
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
                continue  # another run uses this user, or just ended and removed user.slice
            self.uid = uid
            top = f"/user.slice/user-{uid}.slice/user@{uid}.service"
            self.directory(top).mkdir()
            return top

    def close(self):
        """Remove everything that is left, and the cgroups above it if they are empty."""
        super().close()
        session = self.directory(self.top).parent
        for directory in (session, session.parent):
            try:
                directory.rmdir()
            except OSError:
                return
