# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the documentation, as tools/make-pictures makes them."""

import subprocess
import sys
import xml.etree.ElementTree as xml

import pytest
from lab.documents import TOP
from lab.namespaces import counts_levels_from_cgroup_namespaces

NAMESPACE = {"svg": "http://www.w3.org/2000/svg"}


def test_a_picture_shows_the_screen(tmp_path):
    """Its words are there, in its colours, and what is behind wide characters is in the same column as in other rows."""
    if not counts_levels_from_cgroup_namespaces():
        pytest.skip("this kernel counts levels from the root of all cgroups, so that the daemon can't run in the scene")
    subprocess.run([sys.executable, TOP / "tools/make-pictures", tmp_path, "apps.zh_CN"], check=True)
    texts = list(xml.parse(tmp_path / "apps.zh_CN.svg").getroot().iterfind(".//svg:text", NAMESPACE))
    words = {text.text for text in texts}
    assert {"$ sudo cgtproxy apps", "Firefox", "浏览器", "Telegram", "电报", "docker", "alice", "guest", "mihomo", "drop"} <= words
    users = [text for text in texts if text.text in ("alice", "guest")]
    targets = [text for text in texts if text.text in ("direct", "drop")]
    assert len({text.get("x") for text in users}) == len({text.get("x") for text in targets}) == 1
    assert len({text.get("fill") for text in users}) == 1 and len({text.get("fill") for text in targets}) == 2
