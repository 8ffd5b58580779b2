# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""The plot of docs/performance.md: latency and memory against the number of cgroups."""

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402  (after the choice of its backend)

# The p99 includes the wake-up time of a sleeping CPU, which is far from the other values.
_CURVES = (("mkdir to rule in force (us)", "log",
            (("floor", "floor, p50"), ("p50", "cgtproxy, p50"), ("p99", "cgtproxy, p99"))),
           ("memory (MB)", "linear", (("rss", "RSS"), ("anonymous", "anonymous"))))


def write_plot(series, path):
    """Write it as SVG, the same bytes for the same figures."""
    pyplot.rcParams.update({"svg.hashsalt": "cgtproxy", "svg.fonttype": "none", "font.family": "sans-serif"})
    figure, axes = pyplot.subplots(1, len(_CURVES), figsize=(10, 4))
    for axis, (title, scale, curves) in zip(axes, _CURVES):
        for name, label in curves:
            axis.plot(*zip(*series[name]), marker="o", label=label)
        axis.set_xscale("log")
        if scale == "log":
            axis.set_yscale("log")
        else:
            axis.set_ylim(bottom=0)
        axis.set_xlabel("other cgroups")
        axis.set_title(title)
        axis.grid(True, alpha=0.3)
        axis.legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None, "Creator": None})
