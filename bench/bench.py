# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""The benchmark: measures what docs/performance.md tells, and shows it beside its budgets.

Usage: bench.py [BUILD_DIRECTORY [PART...]]    parts: new births storms idle match packets received forwarded containers
    connections relay
Writes bench.json, bench.svg and bench.md into the build directory.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test"))

import cgroup_figures  # noqa: E402  (after the path to what it imports)
import gateway_figures  # noqa: E402
import packet_figures  # noqa: E402
import relay_figures  # noqa: E402
from apart import is_apart, run_apart  # noqa: E402
from figures import Figures, markdown  # noqa: E402
from stage import Stage  # noqa: E402

PARTS = {
    "new": cgroup_figures.measure_new_cgroups,
    "births": cgroup_figures.measure_births,
    "storms": cgroup_figures.measure_storms,
    "idle": cgroup_figures.measure_idle,
    "match": packet_figures.measure_matching,
    "packets": packet_figures.measure_packets,
    "received": packet_figures.measure_received,
    "forwarded": gateway_figures.measure_forwarded,
    "containers": gateway_figures.measure_containers,
    "connections": packet_figures.measure_connections,
    "relay": relay_figures.measure_relay,
}


def machine():
    """The machine that it was measured on."""
    cpu = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines()
                if line.startswith("model name")), os.uname().machine)
    virtual = "hypervisor" in Path("/proc/cpuinfo").read_text(encoding="ascii")
    return {"cpus": os.cpu_count(), "cpu": cpu, "virtual": virtual, "kernel": ".".join(os.uname().release.split(".")[:2])}


def measure(parts):
    """All figures of these parts."""
    figures = Figures()
    for part in parts:
        stage = Stage()
        try:
            PARTS[part](stage, figures)
        finally:
            stage.close()
    return figures


def main():
    """Measure, show, write."""
    build = Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    parts = sys.argv[2:] or list(PARTS)
    os.environ.setdefault("CGTPROXY", str(build / "cgtproxy"))
    if not is_apart():
        return run_apart()
    figures = measure(parts)
    result = {"machine": machine(), "figures": [figure.as_json() for figure in figures.items], "series": figures.series}
    (build / "bench.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (build / "bench.md").write_text(markdown(result["figures"]), encoding="utf-8")
    if {"p50", "rss"} <= figures.series.keys():
        from plot import write_plot  # imported here because CI's short form does without it
        write_plot(figures.series, build / "bench.svg")
    print(f"\n{len(figures.items)} figures, {len(figures.missed)} over their budget; "
          f"written to {build}/bench.json, bench.md and bench.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
