# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where cgroup2 is mounted: the usual layout and the others."""

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
# systemd's layout with version 1 in use as well; the first mount of the table is covered.
HYBRID = PURE + """
    mount -t tmpfs tmpfs /sys/fs/cgroup
    mkdir /sys/fs/cgroup/unified /sys/fs/cgroup/memory
    mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
"""


def enter_usual_layout():
    """Make cgroup2 available at /sys/fs/cgroup to this process and its children, as on all current distributions.

    Where the machine has it elsewhere, no other process sees that change. Call it before starting threads.
    """
    if is_cgroup2(USUAL_MOUNT):
        return
    unshare_mounts()
    subprocess.run(["mount", "-t", "cgroup2", "cgroup2", USUAL_MOUNT], check=True)
