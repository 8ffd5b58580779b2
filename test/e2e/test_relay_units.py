# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""cgtproxy-relay-generator: what systemd gets to know of the relays in a config. Its use is tested in test/systemd."""

import os
import subprocess

import pytest
from lab.daemon import binary

UPSTREAMS = {"socks": "socks5://127.0.0.1:1080", "http": "http://127.0.0.1:3128"}
TCP_PORT = "[Socket]\nListenStream=7900\n"
BOTH_PORTS = f"{TCP_PORT}ListenDatagram=7900\n"
MAY_ANSWER = "[Service]\nAmbientCapabilities=CAP_NET_RAW CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_RAW CAP_NET_BIND_SERVICE\n"
RULES = "rules:\n  - {match: .*, tproxy: a}\n"


def config(name="a", upstream="socks", udp=None, dns=None, more=RULES):
    """One proxy with a relay."""
    return "\n".join(["version: 1", "tproxies:", f"  {name}:", "    mark: 3100", "    port: 7900", *([f"    udp: {udp}"] if udp else []),
                      "    relay:", f"      upstream: {UPSTREAMS[upstream]}", *([f"      dns: {dns}"] if dns else []), more])


@pytest.fixture(name="generate")
def fixture_generate(tmp_path):
    """generate(CONFIG): the exit status, what was said, and the files with their content but for comments."""
    def generate(text):
        if text is not None:
            (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        environment = {**os.environ, "CONFIGURATION_DIRECTORY": str(tmp_path)}
        done = subprocess.run([binary().parent / "cgtproxy-relay-generator", out, tmp_path / "early", tmp_path / "late"],
                              env=environment, capture_output=True, text=True, check=False)
        files = {str(path.relative_to(out)): path.read_text(encoding="utf-8").partition("\n\n")[2]
                 for path in out.rglob("*") if path.is_file()}
        return done.returncode, done.stderr, files
    return generate


@pytest.mark.parametrize("options, has_udp", [
    ({}, True), ({"udp": "refuse"}, False), ({"udp": "direct"}, False), ({"udp": "refuse", "dns": "fake-ip"}, True),
    ({"udp": "refuse", "dns": "tcp://9.9.9.9"}, True), ({"upstream": "http"}, False), ({"upstream": "http", "dns": "fake-ip"}, True),
])
@pytest.mark.parametrize("name", ["a", "work-1.tor_"])
def test_ports_and_the_capability(generate, name, options, has_udp):
    """A name stands as it is in the names of units."""
    wanted = {f"cgtproxy-relay@{name}.socket.d/10-socket.conf": BOTH_PORTS if has_udp else TCP_PORT,
              f"cgtproxy-relay@{name}.service.d/10-socket.conf": f"[Unit]\nRequires=cgtproxy-relay@{name}.socket\n"}
    if has_udp:
        wanted[f"cgtproxy-relay@{name}.service.d/10-udp.conf"] = MAY_ANSWER
    assert generate(config(name, more="", **options)) == (0, "", wanted)


def test_proxies_without_a_relay_have_no_units(generate):
    assert generate("version: 1\ntproxies:\n  a: {mark: 3000, port: 7893}\n") == (0, "", {})


def test_without_a_config(generate):
    assert generate(None) == (0, "", {})


def test_errors_in_rules_don_t_count(generate):
    """Nor is any user looked up: systemd, which knows some of them, waits for the generator."""
    code, said, files = generate(config(more=RULES + "  - {user: nobody-knows, drop: true}\n  - {tproxy: other}\ngateway: 1\n"))
    assert (code, said, len(files)) == (0, "", 3)


def test_errors_of_proxies_leave_all_relays_without_ports(generate):
    code, said, files = generate(config(more="  b: {mark: 3101, port: x}\n"))
    assert (code, files) == (1, {})
    assert "config.yaml:" in said and "the units of relays get no ports" in said


def test_what_can_t_be_written_is_said(generate, tmp_path):
    (tmp_path / "out/cgtproxy-relay@a.service.d").parent.mkdir()
    (tmp_path / "out/cgtproxy-relay@a.service.d").write_text("in the way", encoding="utf-8")
    code, said, _ = generate(config())
    assert code == 1
    assert f"can't write {tmp_path}/out/cgtproxy-relay@a.service.d/10-socket.conf: Not a directory" in said
