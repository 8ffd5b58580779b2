# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The timer that writes metrics for node_exporter, within its sandbox and for a directory of another user's."""

import re

from lab.waiting import wait_until

TIMER, UNIT = "cgtproxy-metrics.timer", "cgtproxy-metrics.service"
DIRECTORY = "/var/lib/prometheus/node-exporter"
FILE = f"{DIRECTORY}/cgtproxy.prom"


def test_metrics_for_node_exporter(machine, service):
    # Whoever wants it enables it, as the documentation's test has done perhaps.
    assert "cgtproxy-metrics" not in machine.read("/var/lib/dpkg/info/cgtproxy.postinst")
    machine.run("sh", "-euc", f"systemctl disable --now {TIMER}; rm -rf {DIRECTORY}")
    machine.run("systemctl", "start", UNIT)  # there is no directory, so nothing is done, and nothing has failed
    assert machine.show(UNIT, "ConditionResult") == "no"
    assert machine.try_run("ls", DIRECTORY).returncode != 0

    machine.run("sh", "-euc", f"mkdir -p {DIRECTORY}; chown daemon {DIRECTORY}; chmod 700 {DIRECTORY}")
    machine.run("systemctl", "enable", "--now", TIMER)
    try:
        wait_until(lambda: machine.try_run("test", "-e", FILE).returncode == 0, f"{FILE} is there")
        service.systemctl("restart")
        machine.run("systemctl", "start", UNIT)
        assert (machine.show(UNIT, "ConditionResult"), machine.show(UNIT, "Result")) == ("yes", "success")
        text = machine.read(FILE)
        assert "\ncgtproxy_up 1\n" in text
        assert re.search(r"^cgtproxy_start_time_seconds \d{10}$", text, re.M)
        assert machine.run("ls", "-A", DIRECTORY).split() == ["cgtproxy.prom"]
        assert machine.run("stat", "-c", "%a", FILE).strip() == "644"
        service.systemctl("stop")
        machine.run("systemctl", "start", UNIT)
        assert "\ncgtproxy_up 0\n" in machine.read(FILE)
    finally:
        machine.run("sh", "-euc", f"systemctl disable --now {TIMER}; rm -rf {DIRECTORY}")
