# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image runs in Podman as the manifest says, and steers the host's programs and containers."""

import os
import re
import subprocess
import tarfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from lab.addresses import TCP, UDP, V4
from lab.waiting import wait_until

MANIFEST = Path(__file__).parents[2] / "data/kubernetes/cgtproxy.yaml"
OBJECTS = {thing["kind"]: thing for thing in yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8"))}
POD = OBJECTS["DaemonSet"]["spec"]["template"]["spec"]
[CONTAINER] = POD["containers"]
# In the image nothing runs but the daemon.
PROGRAM = "/usr/bin/cgtproxy"
NAME = "cgtproxy-under-test"
# cgroup2 alone, as on a node; the storage is the test's own.
SETTING = 'mount --make-rprivate / && mount -t cgroup2 none /sys/fs/cgroup && exec podman "$@"'


class Podman:
    """Podman in the network of a World's host, with a storage of its own."""

    def __init__(self, world, directory):
        self._world = world
        self._options = [f"--root={directory}/storage", f"--runroot={directory}/run", "--storage-driver=vfs", "--runtime=runc",
                         "--cgroup-manager=cgroupfs", "--log-level=error"]

    def command(self, *argv):
        """The argument list of a podman command."""
        return self._world.host.command("unshare", "--mount", "sh", "-euc", SETTING, "sh", *self._options, *argv)

    def run(self, *argv):
        """Run a podman command that must succeed; its standard output."""
        done = subprocess.run(self.command(*argv), capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, (argv, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture(name="podman")
def fixture_podman(world):
    """Podman, with the image loaded."""
    podman = Podman(world, world.scratch.directory)
    podman.run("load", "--quiet", f"--input={os.environ['CGTPROXY_IMAGE']}")
    yield podman
    podman.run("rm", "--force", "--all", "--time=0")


def image(podman):
    """Its name in Podman's storage."""
    [name] = podman.run("images", "--format={{.Repository}}:{{.Tag}}").split()
    return name


def settings(config):
    """The manifest's settings as Podman's options. Of a privileged container's rights, those that are needed."""
    assert POD["hostNetwork"] and POD["hostPID"] and CONTAINER["securityContext"]["privileged"]
    options = ["--network=host", "--pid=host", "--cgroupns=host", "--cap-drop=all", "--cap-add=net_admin",
               "--security-opt=no-new-privileges", "--pids-limit=0", "--ulimit=nofile=1000:1000", "--ulimit=nproc=1000:1000"]
    if CONTAINER["securityContext"]["readOnlyRootFilesystem"]:
        options.append("--read-only")
    sources = {"config": config, "cgroup": "/sys/fs/cgroup"}
    for mount in CONTAINER["volumeMounts"]:
        assert mount["readOnly"]
        options.append(f"--volume={sources[mount['name']]}:{mount['mountPath']}:ro")
    return options


@contextmanager
def daemon(podman, tmp_path, text):
    """The image's container with this config, in the meantime; yields its log."""
    directory = tmp_path / "config"
    directory.mkdir(exist_ok=True)
    (directory / "config.yaml").write_text(text, encoding="utf-8")
    log = tmp_path / "log"
    with open(log, "wb") as out:
        command = podman.command("run", "--rm", f"--name={NAME}", *settings(directory), image(podman))
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: "ready\n" in log.read_text() or process.poll() is not None, log.read_text)
        assert process.poll() is None, log.read_text()
        yield log
    finally:
        podman.run("stop", "--ignore", "--time=10", NAME)
        process.wait(30)


def config_for(world):
    """The manifest's config, with rules for the World's cgroups in place of a cluster's."""
    text = OBJECTS["ConfigMap"]["data"]["config.yaml"]
    config = yaml.safe_load(text)
    assert config["containers"] is True and config["on-stop"] == "keep"
    return text[:text.index("rules:")] + f"rules:\n  - {{match: '^{world.cgroups.top}/pods/', tproxy: egress}}\n"


def test_nothing_else_is_in_it():
    """Programs, that is; and the licenses of what is in it are there."""
    with tarfile.open(os.environ["CGTPROXY_IMAGE"]) as archive:
        layers = [archive.extractfile(member).read() for member in archive if member.isfile() and member.size > 1 << 20]
    [layer] = layers
    listing = subprocess.run(["tar", "--list", "--verbose"], input=layer, capture_output=True, check=True).stdout.decode()
    programs = re.findall(r"^-r[w-]x\S* .* (\S+)$", listing, re.M)
    assert ["/" + name for name in programs if not re.search(r"\.so[.0-9]*$", name)] == [PROGRAM]
    assert len(re.findall(r"usr/share/doc/\S+/copyright$", listing, re.M)) > 10


def test_programs_and_containers(world, podman, tmp_path):
    """A program of the host, and one with a network of its own, as a pod has."""
    world.proxy("egress")
    program = world.client("pods/program")
    pod = world.lan("veth0").device("pods/pod")
    other = world.client("other")
    config = config_for(world)
    with daemon(podman, tmp_path, config) as log:
        for client in (program, pod):
            client.await_answer_by("proxy egress")
            assert client.ask(TCP, V4).who == "proxy egress"
        assert other.ask(UDP, V4).who == "outside"
        status = podman.run("exec", NAME, PROGRAM, "status")
        assert str(pod.address[V4]) in status
        ready = CONTAINER["readinessProbe"]["exec"]["command"]
        assert ready[0] == PROGRAM
        podman.run("exec", NAME, *ready)
        assert "error" not in log.read_text()
    # what was in force is so until the next version of the pod runs
    assert program.ask(TCP, V4).who == "proxy egress" and pod.ask(TCP, V4).who == "proxy egress"
    with daemon(podman, tmp_path, config.replace("tproxy: egress", "drop: true")):
        program.await_answer_by("dropped")
        pod.await_answer_by("dropped")
    podman.run("run", "--rm", *settings(tmp_path / "config"), image(podman), "clear")
    assert program.ask(TCP, V4).who == "outside" and pod.ask(TCP, V4).who == "outside"


def test_without_the_hosts_cgroup_namespace(world, podman, tmp_path):
    """The daemon says what it lacks."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "config.yaml").write_text(config_for(world), encoding="utf-8")
    options = [option for option in settings(config) if option != "--cgroupns=host"] + ["--cgroupns=private"]
    done = subprocess.run(podman.command("run", "--rm", *options, image(podman)), capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 1 and "--cgroupns=host" in done.stderr, done.stderr
