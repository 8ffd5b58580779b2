# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where cgroup2 is mounted: as users have it, and in the other ways that there are."""

import subprocess

from .cgroups import USUAL_MOUNT, is_cgroup2
from .namespaces import unshare_mounts

# Shell scripts for in_private_mounts().
WITHOUT_CGROUP2 = """
    umount --all --lazy --types cgroup2
"""
PURE = WITHOUT_CGROUP2 + """
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
"""
# What systemd makes where version 1 is used besides; the first mount of the table is covered.
HYBRID = PURE + """
    mount -t tmpfs tmpfs /sys/fs/cgroup
    mkdir /sys/fs/cgroup/unified /sys/fs/cgroup/memory
    mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
"""


def enter_usual_layout():
    """See to it that this process and all it starts find cgroup2 at /sys/fs/cgroup, as on all current distributions.

    Where the machine has it elsewhere, nobody else sees that change. Call it before there are threads.
    """
    if is_cgroup2(USUAL_MOUNT):
        return
    unshare_mounts()
    subprocess.run(["mount", "-t", "cgroup2", "cgroup2", USUAL_MOUNT], check=True)
