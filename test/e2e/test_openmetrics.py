# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`status --openmetrics`, and what reads it: parsers of both formats, the timer's script, and the Grafana dashboard."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from lab.addresses import TCP, UDP, V4
from lab.checks import OURS
from lab.daemon import binary
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_prometheus
from test_status import CONFIG, counters, moment, read

TOP = Path(__file__).resolve().parents[2]
SCRIPT = TOP / "data/metrics/write-metrics"
FORWARDING = "containers: true\ngateway: {mark: 4001, rules: [{interface: lan*, drop: true}]}\n"
DASHBOARD = json.loads((TOP / "data/metrics/grafana.json").read_text(encoding="utf-8"))


def metrics(world):
    """What is printed, and its samples: (name, labels) -> value; refused by neither parser, and the same for both."""
    done = world.cgtproxy("status", "--openmetrics")
    assert (done.returncode, done.stderr) == (0, "")
    families = list(parse_openmetrics(done.stdout))
    assert all(family.documentation for family in families)

    def samples(found):
        return {(one.name, tuple(one.labels.items())): one.value for family in found for one in family.samples}
    assert samples(families) == samples(parse_prometheus(done.stdout))
    return done.stdout, samples(families)


def test_nothing_runs(world):
    _, samples = metrics(world)
    assert samples[("cgtproxy_up", ())] == samples[("cgtproxy_complete", ())] == 0
    assert not {name for name, _ in samples if "target" in name or "time" in name}


def test_the_numbers_are_those_of_the_json(world):
    """In a world without a problem but the one that is made: nobody listens for one of the proxies."""
    world.proxy("mihomo", 7893)
    proxied, dropped = world.client("proxied"), world.client("dropped")
    world.daemon(CONFIG)
    assert proxied.ask(TCP, V4).who == "proxy mihomo"
    dropped.ask_in_vain(UDP, V4)
    _, samples = metrics(world)
    state = read(world)
    assert samples[("cgtproxy_up", ())] == samples[("cgtproxy_complete", ())] == samples[("cgtproxy_config_current", ())] == 1
    assert samples[("cgtproxy_start_time_seconds", ())] == moment(state["daemon"]["since"])
    assert samples[("cgtproxy_config_load_time_seconds", ())] == moment(state["config"]["loaded"])
    assert samples[("cgtproxy_fence_packets_total", ())] == state["fence"]["packets"] == 0
    assert samples[("cgtproxy_problems", ())] == len(state["problems"])
    for target in state["targets"]:
        label = (("target", target["name"]),)
        for name in ("packets", "bytes"):
            assert samples.get((f"cgtproxy_target_{name}_total", label)) == target[name]
        if target["name"] not in ("direct", "refuse"):  # which others have, too
            assert samples[("cgtproxy_target_cgroups", label)] == target["cgroups"]
        assert samples.get(("cgtproxy_target_listening", label)) == target.get("listening")
    assert counters(world)["proxy-mihomo"][0] == samples[("cgtproxy_target_packets_total", (("target", "mihomo"),))] > 0
    assert samples[("cgtproxy_target_packets_total", (("target", "drop"),))] > 0
    assert samples[("cgtproxy_target_listening", (("target", "mihomo"),))] == 1
    assert samples[("cgtproxy_target_listening", (("target", "another"),))] == 0


def test_a_problem_by_its_kind(world):
    world.daemon(CONFIG)
    world.host.run("nft", "add table ip raw; add chain ip raw output { type filter hook output priority raw; }; "
                          "add rule ip raw output notrack")
    _, samples = metrics(world)
    problems = json.loads(world.cgtproxy("status", "--json").stdout)["problems"]
    kinds = [problem["kind"] for problem in problems]
    assert "notrack" in kinds
    for kind in kinds:
        assert samples[("cgtproxy_problems_by_kind", (("kind", kind),))] == kinds.count(kind)
    assert samples[("cgtproxy_problems", ())] == len(kinds)


def test_bad_arguments(world):
    for arguments in (["--json"], ["--watch"], ["x"]):
        done = world.cgtproxy("status", "--openmetrics", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
    done = world.cgtproxy("targets", "--openmetrics")
    assert done.returncode == 2
    assert "takes no --openmetrics" in done.stderr


def run_script(world, directory, program=None, **env):
    """The script of cgtproxy-metrics.service, with the program under test first in the path."""
    programs = world.scratch.path(".bin")
    programs.mkdir()
    (programs / "cgtproxy").symlink_to(program or binary())
    return subprocess.run(world.host.command(SCRIPT, str(directory)), capture_output=True, text=True, check=False,
                          env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", **env})


def test_the_script_of_the_timer(world):
    """What a collector reads is whole and readable for it, and nothing else is left there."""
    directory = world.scratch.path(".textfiles")
    directory.mkdir()
    (directory / "cgtproxy.prom").write_text("old\n", encoding="ascii")
    done = run_script(world, directory)
    assert (done.returncode, done.stderr) == (0, "")
    (file,) = directory.iterdir()
    assert file.name == "cgtproxy.prom"
    assert file.stat().st_mode & 0o777 == 0o644
    assert list(parse_prometheus(file.read_text(encoding="utf-8")))


def test_the_script_keeps_what_it_can_not_replace(world):
    directory = world.scratch.path(".textfiles")
    directory.mkdir()
    (directory / "cgtproxy.prom").write_text("old\n", encoding="ascii")
    fails = world.scratch.write("#!/bin/sh\necho half\nexit 1\n", ".sh")
    fails.chmod(0o755)
    done = run_script(world, directory, program=fails)
    assert done.returncode == 1
    (file,) = directory.iterdir()
    assert file.read_text(encoding="ascii") == "old\n"


def test_the_dashboard_asks_for_metrics_that_exist(world):
    world.daemon(CONFIG + FORWARDING)
    text, samples = metrics(world)
    known = {name for name, _ in samples} | set(re.findall(r"^# TYPE (\S+) gauge", text, re.M))
    queries = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    assert len(queries) > 8
    for query in queries:
        used = set(re.findall(r"cgtproxy_\w+", query))
        assert used and used <= known, query
        assert set(re.findall(r"\{\{(\w+)\}\}", query)) <= {"target", "kind"}
    assert {name for name, _ in samples if name not in
            ("cgtproxy_config_info", "cgtproxy_fence_bytes_total", "cgtproxy_gateway_packets_total")} <= \
        {name for query in queries for name in re.findall(r"cgtproxy_\w+", query)}


@pytest.mark.parametrize("name", ["monitoring.md", "monitoring.zh_CN.md"])
def test_the_documents_have_every_metric(world, name):
    world.daemon(CONFIG + FORWARDING)
    text, samples = metrics(world)
    document = (TOP / "docs" / name).read_text(encoding="utf-8")
    known = {metric for metric, _ in samples} | set(re.findall(r"^# TYPE (\S+) gauge", text, re.M))
    assert set(re.findall(r"^\| (`.*?) \|", document, re.M)) and known == set(re.findall(r"\bcgtproxy_\w+", document))


def test_the_units():
    """The service runs the script; that the rest of it is right is for systemd-analyze."""
    service = (TOP / "data/metrics/cgtproxy-metrics.service.in").read_text(encoding="utf-8")
    assert re.search(r"^ExecStart=@libexecdir@/write-metrics \S+$", service, re.M)
