# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executes the documentation: the parts that need systemd (see lab.documents; the rest is in test/e2e)."""

import pytest
from lab.documents import TOP, blocks, carry_out, documents, first_config, write_stand_ins
from programs import LAB

WITH_COMMANDS = [path for path in documents() if any("systemd" in block.words for block in blocks(path))]


@pytest.fixture(name="bash")
def fixture_bash(machine, user, world):
    """bash(COMMAND, AS_USER): what it does when root or the user types it, in a cgroup of the machine's."""
    directory = world.scratch.path(".bin")
    directory.mkdir()
    write_stand_ins(directory)
    for program in directory.iterdir():
        machine.write(f"{LAB}/bin/{program.name}", program.read_text(encoding="ascii"))
        machine.run("chmod", "755", f"{LAB}/bin/{program.name}")

    def bash(command, as_user):
        where = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect", *(["--user"] if as_user else [])]
        command = f"PATH={LAB}/bin:$PATH; {command}".replace("$", "$$")  # systemd replaces variables, too
        return machine.try_run(*where, "bash", "-c", command,
                               user=user if as_user else None)

    return bash


@pytest.fixture(name="relays")
def _relays(machine):
    """Ends those that a document has enabled."""
    yield
    for line in machine.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "cgtproxy-relay@*.service").splitlines():
        machine.run("systemctl", "disable", "--now", line.split()[0])


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=lambda path: str(path.relative_to(TOP)))
@pytest.mark.usefixtures("proxy", "relays")
def test_commands(service, bash, path):
    """One after the other, under the config that was shown last."""
    service.configure(first_config())
    service.systemctl("restart")
    for block in blocks(path):
        if block.is_config:
            service.configure(block.text)
            service.systemctl("restart")
        elif "systemd" in block.words:
            carry_out(block, lambda command, as_user="user" in block.words: bash(command, as_user))
