# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""A private cgroup tree for the benchmark.

The daemon watches a whole cgroup2 mount. In a cgroup namespace with its own mount, that contains only the benchmark's
cgroups, not those of the rest of the machine.
"""

import os
import signal
import subprocess
import sys

from lab.cgroups import CgroupTree, cgroup2_mount, remove_leftovers

_APART = "CGTPROXY_BENCH_APART"
_SCRIPT = """
echo 0 > "$1/cgroup.procs"
shift
exec unshare --cgroup --mount --propagation private -- sh -euc 'umount -l "$1"; mount -t cgroup2 cgroup2 "$1"; shift; exec "$@"' sh "$@"
"""


def is_apart():
    """Whether this process is in such a namespace."""
    return _APART in os.environ


def run_apart():
    """Rerun this program in such a namespace; return its exit code. Leaves nothing behind, even when interrupted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    remove_leftovers()
    tree = CgroupTree("bench")
    try:
        command = ["sh", "-euc", _SCRIPT, "sh", str(tree.directory(tree.top)), str(cgroup2_mount()),
                   sys.executable, *sys.argv]
        return subprocess.run(command, env={**os.environ, _APART: "1"}, check=False).returncode
    except KeyboardInterrupt:
        return 130
    finally:
        tree.close()
