# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`init`: which proxies it finds, what it writes for them, and that traffic arrives there under that config.

The proxies are processes of the proxies' names in cgroups named as systemd's, with listeners like theirs.
"""

import json
import re
import shlex
import shutil
import stat
import subprocess

import pytest
import yaml
from lab import locales
from lab.addresses import ANY, LOOPBACK, TCP, UDP, V4, V6
from lab.client import Client
from lab.daemon import NOBODY, as_nobody, binary
from lab.documents import TOP, blocks, is_chinese
from lab.managers import ManagerTree
from lab.terminal import Terminal
from lab.waiting import wait_until
from test_schema import faults

PORT = 7893
KNOWN = ["mihomo", "clash", "sing-box", "v2ray", "xray"]
PROXY, OUTSIDE = "proxy", "outside"


class Scene:
    """A World with proxies, and a directory where the config is to be."""

    def __init__(self, world):
        self.world = world
        self.directory = world.scratch.path(".etc")
        self.directory.mkdir(mode=0o755)
        self.path = self.directory / "config.yaml"

    def proxy(self, name="mihomo", unit=None, port=PORT, tree=None, **options):
        """A process of that name in a unit's cgroup, which listens for TPROXY if it has a port."""
        tree = tree or self.world.cgroups
        process = self.world.keep(Client(self.world.host, tree.directory(tree.make(unit or f"{name}.service"))))
        process.rename(name)
        if port:
            process.serve(PROXY, port, **{"transparent": True, **options})
        return process

    def init(self, *words, path=None, **options):
        """Run `init` for the config."""
        return self.world.cgtproxy("-c", path or self.path, "init", *words, **options)

    def written(self, *words):
        """The config that `init --yes` writes, parsed."""
        done = self.init("--yes", *words)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return self.config()

    def config(self):
        """The config there is, parsed."""
        return yaml.safe_load(self.path.read_text(encoding="utf-8"))

    def files(self):
        """All that there is beside the config."""
        return sorted(path.name for path in self.directory.iterdir())


@pytest.fixture(name="scene")
def fixture_scene(world):
    """A scene of the test's own."""
    return Scene(world)


@pytest.fixture(name="manager")
def fixture_manager(world):
    """The cgroups of a user's manager."""
    return world.keep(ManagerTree())


def check(scene):
    """Check that the config passes the check without a warning, and that it follows the schema."""
    assert not faults(scene.path.read_text(encoding="utf-8"))
    done = scene.world.cgtproxy("-c", scene.path, "check", "config", wrap=as_nobody,
                                program=scene.world.scratch.program())
    assert done.returncode == 0, done.stderr
    assert str(scene.path) not in done.stderr


@pytest.mark.parametrize("name", KNOWN)
def test_a_proxy_and_traffic_through_it(scene, name):
    """What is written passes the check; under it, the slice's traffic arrives, and the proxy's own goes out."""
    proxy = scene.proxy(name)
    config = scene.written()
    check(scene)
    assert config["tproxies"] == {name: {"mark": 3000, "port": PORT}}
    assert config["rules"][0] == {"unit": f"{name}.service", "direct": True}
    scene.world.launch(binary(), "-c", str(scene.path)).wait_ready()
    scene.world.check({f"cgtproxy-{name}.slice/run-1.scope": PROXY, "other.service": OUTSIDE})
    for protocol in (TCP, UDP):
        for family in (V4, V6):
            assert proxy.ask(protocol, family).who == OUTSIDE


def test_the_proxys_own_rule_holds_under_a_broad_one(scene):
    proxy = scene.proxy()
    scene.written()
    text = scene.path.read_text(encoding="utf-8")
    enabled = text.replace("#  - match: /.*\n#    tproxy", "  - match: /.*\n    tproxy")
    assert enabled != text
    scene.path.write_text(enabled, encoding="utf-8")
    daemon = scene.world.launch(binary(), "-c", str(scene.path)).wait_ready()
    scene.world.check({"other.service": PROXY})
    assert proxy.ask(TCP, V4).who == OUTSIDE
    assert "in a loop" not in daemon.log


def test_every_disabled_line_may_be_enabled(scene):
    scene.proxy()
    scene.written()
    text = scene.path.read_text(encoding="utf-8")
    enabled = re.sub(r"^#(?=(?:  ){1,3}\S)", "", text, flags=re.M).replace("user: alice", "user: root")
    assert len(yaml.safe_load(enabled)["rules"]) > len(yaml.safe_load(text)["rules"])
    scene.path.write_text(enabled, encoding="utf-8")
    check(scene)


def test_the_comments_are_in_the_users_language(scene, tmp_path):
    """Nothing else is."""
    scene.proxy()
    config = scene.written()
    english = scene.path.read_text(encoding="utf-8")
    scene.path.unlink()
    assert scene.init("--yes", **locales.make(tmp_path, locales.CHINESE)).returncode == 0
    assert re.search(r"^# .*规则", scene.path.read_text(encoding="utf-8"), re.M)
    assert english.isascii()
    assert scene.config() == config
    check(scene)


def test_the_bypass_list_is_the_examples(scene):
    scene.proxy()
    example = yaml.safe_load((TOP / "data/example.yaml").read_text(encoding="utf-8"))
    assert len(example["bypass"]) > 5
    assert scene.written()["bypass"] == example["bypass"]


def test_the_file_is_everyones_to_read(scene):
    scene.proxy()
    done = scene.init("--yes", wrap=lambda argv: ["sh", "-c", 'umask 077; exec "$@"', "sh", *argv])
    assert done.returncode == 0
    status = scene.path.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o644, 0, 0)
    assert scene.files() == ["config.yaml"]


@pytest.mark.parametrize("unit, rule", [
    ("mihomo@home.service", {"unit": "mihomo@home.service"}),
    ("proxies.slice/run-r12.scope", {"slice": "proxies.slice"}),
    ("docker-6d2f0c.scope", None),
])
def test_own_rules_of_the_system(scene, unit, rule):
    scene.proxy(unit=unit)
    first = scene.written()["rules"][0]
    assert first == {**(rule or {"slice": scene.world.cgroups.top[1:]}), "direct": True}


@pytest.mark.parametrize("unit, rule", [
    ("app.slice/mihomo.service", {"user-unit": "mihomo.service"}),
    ("app.slice/app-gnome-clash\\x2dverge-4711.scope", {"app": "clash-verge"}),
    ("app.slice/app-clash\\x2dverge@autostart.service", {"app": "clash-verge"}),
    ("cgtproxy.slice/cgtproxy-direct.slice/run-7.scope", {"slice": "cgtproxy-direct.slice"}),
])
def test_own_rules_of_a_user(scene, manager, unit, rule):
    proxy = scene.proxy(unit=unit, tree=manager)
    assert scene.written()["rules"][0] == {**rule, "direct": True}
    scene.world.launch(binary(), "-c", str(scene.path)).wait_ready()
    done = scene.world.cgtproxy("-c", scene.path, "explain", "--json", "--pid", proxy.pid)
    assert json.loads(done.stdout)["target"] == "direct", done.stdout


def test_a_cgroup_without_a_lasting_name(scene, manager):
    scene.proxy(unit="app.slice/vte-spawn-12.scope", tree=manager)
    done = scene.init("--yes")
    assert done.returncode == 0
    assert "Run it as a service" in " ".join(done.stdout.split())
    assert scene.config()["rules"][0] == {"user-unit": "vte-spawn-12.scope", "direct": True}


def test_a_proxy_of_another_name(scene):
    """Whoever listens counts; a name that is none for a rule is replaced."""
    scene.proxy("evil \x1b[31m", unit="other.service")
    done = scene.init("--yes")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert list(scene.config()["tproxies"]) == ["proxy"]
    check(scene)


def test_several_proxies(scene):
    """Known ones come first, and the first is the default."""
    scene.proxy("haproxy", port=7800)
    scene.proxy("xray", port=7900)
    scene.proxy("mihomo", port=7901)
    done = scene.init("--yes")
    assert re.search(r"1\. mihomo on port 7901 .*2\. xray on port 7900 .*3\. haproxy on port 7800 ", done.stdout, re.S)
    assert {name: proxy["port"] for name, proxy in scene.config()["tproxies"].items()} == {"mihomo": 7901}


def test_what_a_proxy_does_not_take_is_refused(scene):
    """Like mihomo without allow-lan, which listens on 127.0.0.1; and one for TCP only."""
    scene.proxy(addresses=[LOOPBACK[V4]], protocols=[TCP])
    assert scene.written()["tproxies"]["mihomo"] == {"mark": 3000, "port": PORT, "udp": "refuse", "ipv6": "refuse"}
    scene.world.launch(binary(), "-c", str(scene.path)).wait_ready()
    client = scene.world.client("cgtproxy-mihomo.slice")
    assert client.ask(TCP, V4).who == PROXY
    assert client.ask(TCP, V6).outcome == "refused"
    assert client.ask(UDP, V4).outcome in ("EPERM", "refused")


@pytest.mark.parametrize("address, asked", [(ANY[V4], LOOPBACK[V4]), ("127.0.0.5", "127.0.0.5")])
def test_a_name_server(scene, address, asked):
    proxy = scene.proxy()
    proxy.serve("dns", 1053, addresses=[address], dns=True)
    assert scene.written()["tproxies"]["mihomo"]["dns-hijack"] == {"ip": asked, "port": 1053}
    scene.world.launch(binary(), "-c", str(scene.path)).wait_ready()
    assert scene.world.client("cgtproxy-mihomo.slice").ask(UDP, V4, port=53).who == "dns"


def test_a_port_that_answers_no_dns(scene):
    """Such as the UDP half of a SOCKS port, one that echoes, or somebody else's name server."""
    proxy = scene.proxy()
    proxy.serve("socks", 1053)
    proxy.serve("echo", 1054, dns="echo")
    scene.proxy("dnsmasq", port=None).serve("dns", 53, addresses=[LOOPBACK[V4]], dns=True)
    assert "dns-hijack" not in scene.written()["tproxies"]["mihomo"]


def test_marks_and_tables_in_use(scene):
    proxy = scene.proxy()
    assert proxy.ask(UDP, V4, mark=3000, hold=True).who == OUTSIDE  # mihomo's routing-mark
    scene.world.host.ip("rule add fwmark 3001 lookup 300", "rule add not fwmark 0xbba/0xffff lookup 301")
    scene.world.host.ip("route add unreachable default table 302")
    config = scene.written()
    assert config["tproxies"]["mihomo"]["mark"] == 3003
    assert config["route-table"] == 303


def test_the_daemons_own_rules_are_free(scene):
    """Such as those that an earlier run kept."""
    scene.proxy()
    scene.world.daemon("version: 1\non-stop: keep\ntproxies: {x: {mark: 3000, port: 1}}\nroute-table: 300\nrules: [{match: '^/nobody$', tproxy: x}]\n").stop()
    assert "lookup 300" in scene.world.host.run("ip", "rule")
    config = scene.written()
    assert (config["tproxies"]["mihomo"]["mark"], config["route-table"]) == (3000, 300)


def test_nothing_runs(scene):
    done = scene.init("--yes")
    assert done.returncode == 1
    for name in KNOWN:
        assert name in done.stderr
    assert "cgtproxy init" in done.stderr
    assert scene.files() == []


def lines_of(text):
    """The indented lines of an advice, up to the empty line after them."""
    return re.search(r"Add this .*:\n\n((?:  .*\n)+)", text).group(1)


@pytest.mark.parametrize("name", KNOWN)
def test_a_proxy_without_tproxy(scene, name):
    scene.proxy(name, port=None).serve("socks", 7890)
    done = scene.init("--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"systemctl restart {name}.service" in done.stderr
    assert scene.files() == []
    lines = lines_of(done.stderr)
    if name in ("mihomo", "clash"):
        assert yaml.safe_load(lines) == {"tproxy-port": PORT}
    else:
        inbound = json.loads(lines)
        assert PORT in (inbound.get("port"), inbound.get("listen_port"))


def test_two_proxies_without_tproxy(scene):
    """Both get their lines, with ports that don't collide."""
    scene.proxy("mihomo", port=None)
    scene.proxy("sing-box", port=None)
    said = scene.init("--yes").stderr
    assert f"tproxy-port: {PORT}\n" in said
    assert f'"listen_port": {PORT + 1}\n' in said


def test_a_proxy_known_by_its_unit(scene):
    scene.proxy("starter", unit="sing-box@home.service", port=None)
    done = scene.init("--yes")
    assert '"type": "tproxy"' in done.stderr
    assert "systemctl restart sing-box@home.service" in done.stderr


def test_the_port_that_is_suggested_is_free(scene):
    scene.proxy(port=None).serve("mixed", PORT, PORT + 1)
    assert yaml.safe_load(lines_of(scene.init("--yes").stderr)) == {"tproxy-port": PORT + 2}


def test_a_proxy_elsewhere(scene):
    """In another network namespace, such as a container's."""
    process = scene.world.keep(Client(scene.world.outside, scene.world.cgroups.directory(
        scene.world.cgroups.make("mihomo.service"))))
    process.rename("mihomo")
    process.serve(PROXY, PORT, transparent=True)
    assert "no proxy runs here" in scene.init("--yes").stderr


def test_v2ray_follows_the_advice(scene):
    """The real one: what init shows is added to its config as it is."""
    world = scene.world
    config = {"log": {"loglevel": "warning"}, "outbounds": [{"protocol": "freedom"}],
              "inbounds": [{"listen": "127.0.0.1", "port": 1080, "protocol": "socks"}]}
    procs = world.cgroups.directory(world.cgroups.make("v2ray.service")) / "cgroup.procs"

    def start(port):
        path = world.scratch.write(json.dumps(config), ".json")
        command = [shutil.which("v2ray"), "-config", str(path)]
        process = subprocess.Popen(world.host.command("sh", "-euc", f"echo $$ >{procs}; exec \"$@\"", "sh", "setpriv",
                                                      "--pdeathsig", "KILL", *command), stdout=subprocess.DEVNULL)
        wait_until(lambda: world.host.listens(TCP, port), "v2ray listens")
        return process

    process = start(1080)
    try:
        done = scene.init("--yes")
        process.kill()
        process.wait()
        assert f'"inbounds" of {process.args[-1]}:' in done.stderr
        config["inbounds"].append(json.loads(lines_of(done.stderr)))
        process = start(PORT)
        assert list(scene.written()["tproxies"]) == ["v2ray"]
        world.launch(binary(), "-c", str(scene.path)).wait_ready()
        for traffic in ((TCP, V4), (UDP, V4), (TCP, V6), (UDP, V6)):
            result = world.client("cgtproxy-v2ray.slice").ask(*traffic)
            assert result.who == OUTSIDE, traffic
    finally:
        process.kill()
        process.wait()
    status = json.loads(world.cgtproxy("-c", scene.path, "status", "--json").stdout)
    assert [target for target in status["targets"] if target["name"] == "v2ray"][0]["packets"] > 0


@pytest.mark.parametrize("kind", ["file", "directory", "link", "dangling link"])
def test_what_exists_is_left_alone(scene, kind):
    scene.proxy()
    other = scene.directory / "other"
    if kind == "file":
        scene.path.write_text("mine", encoding="utf-8")
    elif kind == "directory":
        scene.path.mkdir()
    else:
        scene.path.symlink_to(other)
        if kind == "link":
            other.write_text("mine", encoding="utf-8")
    before = scene.files()
    done = scene.init("--yes")
    assert done.returncode == 1
    assert "it exists" in done.stderr
    assert scene.files() == before
    if kind in ("file", "link"):
        assert scene.path.read_text(encoding="utf-8") == "mine"


def test_a_directory_that_is_not_there(scene):
    scene.proxy()
    done = scene.init("--yes", path=scene.directory / "no" / "config.yaml")
    assert (done.returncode, scene.files()) == (1, [])
    assert "there is no such directory" in done.stderr


def test_a_read_only_directory(scene):
    scene.proxy()
    done = scene.init("--yes", wrap=lambda argv: [
        "unshare", "--mount", "--propagation", "private", "sh", "-euc",
        f"mount --bind {scene.directory} {scene.directory}; mount -o remount,ro,bind {scene.directory}; exec \"$@\"",
        "sh", *argv])
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr
    assert scene.files() == []


def test_the_default_file(scene):
    """Its directory is made where it is missing, and the commands that follow name no file."""
    scene.proxy()
    directory = scene.directory / "cgtproxy"
    done = scene.world.cgtproxy("init", "--yes", CONFIGURATION_DIRECTORY=str(directory))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(directory.stat().st_mode) == 0o755
    assert (directory / "config.yaml").exists()
    assert "  cgtproxy check\n  systemctl enable --now cgtproxy\n" in done.stdout
    assert "  cgtproxy route NAME mihomo\n" in done.stdout


def test_a_default_file_in_a_relative_directory(scene):
    scene.proxy()
    done = scene.world.cgtproxy("init", "--yes", CONFIGURATION_DIRECTORY="etc",
                                wrap=lambda argv: ["env", "-C", str(scene.directory), *argv])
    assert done.returncode == 0, done.stderr
    assert (scene.directory / "etc" / "config.yaml").exists()


def test_drop_ins_that_are_there(scene):
    """The daemon loads them together with the config: it must not refuse what init has written."""
    scene.proxy()
    (scene.directory / "config.d").mkdir()
    dropin = scene.directory / "config.d" / "50-route.yaml"
    dropin.write_text("rules: [{app: firefox, tproxy: other}]\n", encoding="utf-8")
    done = scene.init("--yes")
    assert done.returncode == 1
    assert "config.d/50-route.yaml:1:" in done.stderr
    assert scene.files() == ["config.d"]
    dropin.write_text("rules: [{app: firefox, tproxy: mihomo}]\n", encoding="utf-8")
    scene.written()
    check(scene)


def test_commands_for_a_user_with_sudo(scene):
    """Who runs it by sudo needs sudo for what follows, too."""
    scene.proxy()
    done = scene.init("--yes", SUDO_UID="1000")
    assert f"  sudo cgtproxy -c {scene.path} check\n" in done.stdout
    assert f"  sudo install -m 644 {scene.path} /etc/cgtproxy/config.yaml\n" in done.stdout
    assert "  sudo systemctl enable --now cgtproxy\n" in done.stdout
    assert "  cgtproxy exec mihomo " in done.stdout


SHELLS = {"root's": (lambda argv: argv, {}, ""), "one with sudo": (lambda argv: argv, {"SUDO_UID": "1000"}, "sudo "),
          "a user's": (as_nobody, {}, "sudo ")}


@pytest.mark.parametrize("shell", SHELLS)
def test_without_a_config_there_is_a_hint(scene, shell):
    """As it has to be typed there."""
    wrap, env, sudo = SHELLS[shell]

    def run(*words):
        done = scene.world.cgtproxy(*words, wrap=wrap, program=scene.world.scratch.program(),
                                    CONFIGURATION_DIRECTORY=str(scene.directory), **env)
        return done.stdout + done.stderr

    hint = f'"{sudo}cgtproxy init" writes one'
    for words in (["check", "config"], ["apps"], ["explain", "/"], ["check", "system"]):
        assert hint in run(*words), words
    assert f"this config is not in force: {sudo}systemctl start cgtproxy\n" in run("check", "system")
    scene.proxy()
    assert f'"{sudo}cgtproxy init' in run("init")  # with --yes, if the user may write there


def test_while_the_daemon_runs(scene):
    """It has started without a config, as the package starts it."""
    scene.proxy()
    scene.world.launch(binary(), CONFIGURATION_DIRECTORY=str(scene.directory)).wait_ready()
    done = scene.world.cgtproxy("init", "--yes", CONFIGURATION_DIRECTORY=str(scene.directory))
    advised = re.findall(r"^  (.*)$", done.stdout.partition("\nNext, ")[2], re.M)
    assert advised == ["cgtproxy check", "cgtproxy route NAME mihomo",
                       "systemctl reload cgtproxy", "cgtproxy exec mihomo curl https://example.org"]


APPLICATIONS = {"telegram": "Telegram", "app:org.telegram.desktop": "Telegram Desktop", "NAME": None}


@pytest.mark.parametrize("word", APPLICATIONS)
def test_the_application_to_begin_with(scene, manager, word):
    """One that runs and uses the network, as one would type it; neither the proxy's own nor one that menus lack."""
    def run(identifier, name, more=""):
        path = scene.directory / "applications" / f"{identifier}.desktop"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"[Desktop Entry]\nType=Application\nName={name}\n{more}", encoding="utf-8")
        return scene.proxy(unit=f"app.slice/app-{identifier}-4711.scope", port=0, tree=manager)

    scene.proxy(unit="app.slice/app-clash-4711.scope", tree=manager)
    run("clash", "A Proxy")
    run("b.hidden", "B Hidden", "NoDisplay=true\n").serve("hidden", 4712)
    run("c.idle", "C Idle")
    if APPLICATIONS[word]:
        run("org.telegram.desktop", APPLICATIONS[word]).serve("telegram", 4713)
        run("z.last", "Z Last").serve("last", 4714)
    done = scene.init("--yes", XDG_DATA_DIRS=str(scene.directory))
    assert f"  cgtproxy route {word} mihomo\n" in done.stdout


def test_without_root(scene):
    """The default file is root's, which is told with the command; a file of one's own can be written."""
    scene.proxy()
    program = scene.world.scratch.program()
    done = scene.world.cgtproxy("init", "--yes", wrap=as_nobody, program=program,
                                CONFIGURATION_DIRECTORY=str(scene.directory))
    assert done.returncode == 1
    assert "sudo cgtproxy init" in done.stderr
    shutil.chown(scene.directory, NOBODY)
    done = scene.init("--yes", wrap=as_nobody, program=program)
    assert done.returncode == 0, done.stderr
    assert scene.config()["tproxies"] == {"mihomo": {"mark": 3000, "port": PORT}}
    assert scene.config()["rules"][0] == {"unit": "mihomo.service", "direct": True}
    assert "Only root can see the marks" in done.stdout
    assert scene.path.stat().st_uid == NOBODY


def test_without_a_terminal(scene):
    scene.proxy()
    done = scene.init()
    assert done.returncode == 1
    assert "mark 3000" in done.stdout
    assert "cgtproxy init --yes" in done.stderr
    assert scene.files() == []


@pytest.mark.parametrize("words", [["mihomo"], ["--json"], ["--pid", "1"]])
def test_wrong_arguments(scene, words):
    done = scene.init(*words)
    assert done.returncode == 2
    assert "init" in done.stderr


def test_output_that_can_not_be_written(scene):
    scene.proxy()
    done = scene.init("--yes", wrap=lambda argv: ["sh", "-c", 'exec "$@" >/dev/full', "sh", *argv])
    assert done.returncode == 1
    assert "can't write the output" in done.stderr


class Dialogue:
    """`init` on a terminal."""

    def __init__(self, scene, **env):
        self.scene = scene
        self.terminal = scene.world.keep(Terminal(scene.world.host, scene.world.scratch, columns=120, rows=60, **env))
        self.terminal.type(shlex.join([str(binary()), "-c", str(scene.path), "init"]) + '; echo "code $?"')

    def wait(self, text):
        """Await a text, whose blanks at the end tmux does not show; all there is to be seen then."""
        return self.terminal.wait(text.rstrip(" "))

    def answer(self, question, answer):
        """Await a question, type the answer, and await its echo: the question may be asked again."""
        wait_until(lambda: self.terminal.text.rstrip().endswith(question.rstrip()),
                   lambda: f"{question!r} at the end of:\n{self.terminal.text}")
        self.terminal.type(answer)
        self.terminal.wait(f"{question}{answer}".rstrip() + "\n")

    def end(self, code):
        """Await the end; all there is to be seen then."""
        return self.wait(f"code {code}")


def test_questions(scene):
    """All defaults, each by Enter alone."""
    scene.proxy().serve("dns", 1053, dns=True)
    dialogue = Dialogue(scene)
    dialogue.answer("Name of the proxy in rules [mihomo]: ", "")
    dialogue.answer("programs there? [Y/n]: ", "")
    dialogue.answer("Write it? [Y/n]: ", "")
    assert "enable --now" in dialogue.end(0)
    assert scene.config()["tproxies"]["mihomo"]["dns-hijack"] == {"ip": "127.0.0.1", "port": 1053}


@pytest.mark.parametrize("page", ["README.md", "README.zh_CN.md"])
def test_the_dialogue_in_the_readme(scene, page, chinese):
    scene.proxy()
    block = next(block for block in blocks(TOP / page) if block.language == "text" and "[Y/n]" in block.text)
    dialogue = Dialogue(scene, **(chinese if is_chinese(block.path) else {}))
    for question in re.findall(r"^.*\[\S+\][:：]$", block.text, re.M):
        dialogue.answer(question, "")
    seen = dialogue.end(0).partition("\n")[2]
    seen = re.sub(r"\d+( in |，位于 )/.*\.slice/", r"812\1/system.slice/", seen)
    assert seen.replace(str(scene.path), "/etc/cgtproxy/config.yaml").startswith(block.text + "\n")


def test_other_answers(scene):
    """Wrong ones are refused, and asked for again."""
    scene.proxy().serve("dns", 1053, dns=True)
    scene.proxy("xray", port=7900)
    scene.proxy("haproxy", port=7800)
    dialogue = Dialogue(scene)
    seen = dialogue.wait("to be used? [1]: ")
    assert re.search(r"1\. mihomo on port 7893 .*2\. xray on port 7900 .*3\. haproxy on port 7800 ", seen, re.S)
    for wrong in ("0", "4", "mihomo", "-1", "1x", "99999999999999999999999"):
        dialogue.answer("used? [1]: ", wrong)
        dialogue.wait(f"[1]: {wrong}\nPlease answer with a number from 1 to 3.\n")
    dialogue.answer("used? [1]: ", "1")
    for wrong in ("a b", "drop", "x" * 65, "-x", "a--b", "ä"):
        dialogue.answer("rules [mihomo]: ", wrong)
    dialogue.answer("rules [mihomo]: ", " vps.1")
    dialogue.answer("programs there? [Y/n]: ", "maybe")
    dialogue.wait("Please answer y or n.")
    dialogue.answer("programs there? [Y/n]: ", "no")
    dialogue.answer("Write it? [Y/n]: ", "YES")
    dialogue.end(0)
    assert scene.config()["tproxies"] == {"vps.1": {"mark": 3000, "port": 7893}}
    check(scene)


QUESTIONS = ["to be used? [1]: ", "rules [mihomo]: ", "programs there? [Y/n]: ", "Write it? [Y/n]: "]


@pytest.mark.parametrize("keys, code", [("C-c", 130), ("C-d", 1)])
@pytest.mark.parametrize("question", range(len(QUESTIONS)))
def test_an_end_leaves_nothing(scene, question, keys, code):
    scene.proxy().serve("dns", 1053, dns=True)
    scene.proxy("xray", port=7900)
    dialogue = Dialogue(scene)
    for earlier in QUESTIONS[:question]:
        dialogue.answer(earlier, "")
    dialogue.wait(QUESTIONS[question])
    dialogue.terminal.press(keys)
    if keys == "C-c":
        dialogue.wait("\nprompt>")
        dialogue.terminal.type("echo code $?")
    dialogue.end(code)
    assert scene.files() == []


def test_no(scene):
    scene.proxy()
    dialogue = Dialogue(scene)
    dialogue.answer("rules [mihomo]: ", "")
    dialogue.answer("Write it? [Y/n]: ", "n")
    assert "Nothing was written." in dialogue.end(1)
    assert scene.files() == []


def test_a_file_that_appears_meanwhile(scene):
    scene.proxy()
    dialogue = Dialogue(scene)
    dialogue.answer("rules [mihomo]: ", "")
    dialogue.wait("Write it? [Y/n]: ")
    scene.path.write_text("mine", encoding="utf-8")
    dialogue.terminal.type("")
    assert "created by someone else" in dialogue.end(1)
    assert scene.path.read_text(encoding="utf-8") == "mine"
    assert scene.files() == ["config.yaml"]
