#!/usr/bin/env -S --block-signal=INT,TERM /usr/bin/python3
# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what cgtproxy does: one client, run in four cgroups, and where its packets go.

The daemon runs with data/example.yaml, and the relay that is an example there, in a network namespace of the demo's own;
so do the clients, a TPROXY server and a SOCKS5 server. Another namespace is the outside world. Exits with 0 if everything
went where the example config says it should.

Ctrl-C takes effect between steps only, so that each step is either done or not begun and can be undone. It is blocked
from the very first line to the end, which is why the program should be run by its name.
"""

import signal

SIGNALS = {signal.SIGINT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # before threads and children, which inherit it

import json  # noqa: E402  (after the signals are blocked)
import os  # noqa: E402
import re  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "test"))
sys.dont_write_bytecode = True  # root would leave it in the user's clone

from lab.addresses import ALL_TRAFFIC, OUTSIDE, SERVICE_PORT, TCP  # noqa: E402  (after the path to it)
from lab.daemon import Daemon, binary  # noqa: E402
from lab.relays import Upstream, accept_socks5, be_destination  # noqa: E402
from lab.world import World  # noqa: E402

CONFIG = REPOSITORY / "data" / "example.yaml"
PROXY = "mihomo"
RELAYED_PROXY, SOCKS5_PORT = "tor", 9050
# What is commented out in the example config, since few have it: the proxy with a relay, and its rule.
EXAMPLES = (rf"^#  {RELAYED_PROXY}:\n(?:#.*\n)+", rf"^#  - slice: cgtproxy-{RELAYED_PROXY}.*\n#.*\n")
ANSWERED, DROPPED, PROXIED, RELAYED, REFUSED = "outside answered", "dropped", "TPROXY saw", "SOCKS5 saw", "refused"
SEEN = (PROXIED, RELAYED)
# A slice with a rule in the example config, and what should happen to TCP and UDP of a client in it.
EXPECTED = {"cgtproxy-direct.slice": (ANSWERED, ANSWERED), "cgtproxy-drop.slice": (DROPPED, DROPPED),
            "cgtproxy-mihomo.slice": (PROXIED, PROXIED), "cgtproxy-tor.slice": (RELAYED, REFUSED)}
COLOURS = {ANSWERED: "\033[32m", DROPPED: "\033[31m", PROXIED: "\033[36m", RELAYED: "\033[36m", REFUSED: "\033[31m"}
UNEXPECTED, PLAIN = "\033[1;33m", "\033[0m"
ABOUT_TARGETS = """These are documentation addresses (RFC 5737, RFC 3849): here they belong to the demo's second
namespace, and to no host on the internet."""
ABOUT_DROPPED = """
Dropped packets never leave the host. TCP SYNs vanish silently, so the client's connect times
out; a UDP send fails at once with EPERM. The SOCKS5 server knows no TPROXY: cgtproxy-relay connects
to it on the client's behalf. UDP is refused there ("udp: refuse"), so that browsers use TCP."""
HEADINGS = ("cgroup", "asked", "what happened", "rule")


class Interrupted(Exception):
    """The user pressed Ctrl-C, or the demo was asked to end."""


def go_on():
    """Between two steps: raise Interrupted if there is to be no next one."""
    if signal.sigpending() & SIGNALS:
        raise Interrupted


def has_colours():
    """Whether to use colours: on terminals, unless the user opted out (see no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def uncomment(example):
    """What a block of the config is without the comment signs that make it an example."""
    return re.sub(r"^#", "", example[0], flags=re.M)


def config_with_relay(world):
    """The example config with its relay."""
    text = CONFIG.read_text(encoding="utf-8")
    for example in EXAMPLES:
        text, count = re.subn(example, uncomment, text, flags=re.M)
        assert count == 1, f"{CONFIG} has {count} examples of a relay: {example}"
    return world.scratch.write(text)


def rule_for(world, config, path):
    """FILE:LINE of the example config's rule that applies to a cgroup, as cgtproxy explains it."""
    said = json.loads(world.cgtproxy("explain", "--json", "-c", config, path).stdout)
    return f"{CONFIG.name}:{said['line']}"


def printable(address, port):
    """ADDRESS:PORT, with brackets for IPv6."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def what_happened(world, result, is_refused):
    """The kind of a client's result and its details. It is a drop only if nothing was seen on the way outside."""
    if result.who == "outside":
        return ANSWERED, ""
    if result.who == f"proxy {PROXY}":
        return PROXIED, " " + printable(*result.answer.asked)
    if result.who == "upstream":
        return RELAYED, " " + printable(*result.answer.asked)
    if result.dropped and not world.wire.saw(result):
        if is_refused:
            return REFUSED, f" ({result.outcome})"
        return DROPPED, " (silently: connect times out)" if result.outcome == "timeout" else f" (refused: {result.outcome})"
    return "unexpected", f": {result.who}"


def rows_for(world, config, slice_name, differences):
    """The table's rows for the client in one cgroup; adds deviations to differences."""
    client = world.client(f"{slice_name}/demo.scope")
    rule = rule_for(world, config, world.cgroups.path(f"{slice_name}/demo.scope"))
    for protocol, family in ALL_TRAFFIC:
        go_on()
        expected = EXPECTED[slice_name][protocol != TCP]
        ask = client.ask_in_vain if expected in (DROPPED, REFUSED) else client.ask
        kind, details = what_happened(world, ask(protocol, family), expected == REFUSED)
        wanted = f" {printable(OUTSIDE[family], SERVICE_PORT)}" if expected in SEEN else details
        asked = f"{protocol.upper()} v{family}"
        if (kind, details) != (expected, wanted):
            differences.append(f"{slice_name}, {asked}: {kind}{details}, expected {expected}{wanted}")
        yield (slice_name, asked, kind + details, rule), COLOURS.get(kind, UNEXPECTED)


def print_table(rows):
    """Print rows of (cells, colour of the third one)."""
    widths = [max(len(cells[column]) for cells, _ in [(HEADINGS, None), *rows]) for column in range(len(HEADINGS))]
    print("  ".join(heading.ljust(width) for heading, width in zip(HEADINGS, widths)).rstrip())
    print("  ".join("-" * width for width in widths))
    previous = None
    for cells, colour in rows:
        shown = [cell.ljust(width) for cell, width in zip(cells, widths)]
        if cells[0] == previous:
            shown[0] = " " * widths[0]
        if has_colours():
            shown[2] = colour + shown[2] + PLAIN
        print("  ".join(shown).rstrip())
        previous = cells[0]


def run():
    """The whole demo; return a list of deviations."""
    differences = []
    with World(purpose="demo") as world:
        untouched = world.footprint()
        for slice_name in EXPECTED:
            go_on()
            world.client(f"{slice_name}/demo.scope")
        world.proxy(PROXY)
        Upstream(world, lambda connection: be_destination(connection, accept_socks5(connection)), port=SOCKS5_PORT)
        go_on()
        config = config_with_relay(world)
        daemon = world.launch(binary(), "-c", config).wait_ready()
        go_on()
        relay = world.keep(Daemon(world.host, world.scratch, [binary(), "-c", config, "relay", RELAYED_PROXY])).wait_ready()
        go_on()
        targets = " and ".join(printable(address, SERVICE_PORT) for address in OUTSIDE.values())
        print(f"The same client runs in four cgroups below {world.cgroups.top}\nand asks {targets}.\n{ABOUT_TARGETS}\n")
        print_table([row for slice_name in EXPECTED for row in rows_for(world, config, slice_name, differences)])
        print(ABOUT_DROPPED)
        go_on()
        if relay.stop() != 0:
            differences.append(f"the relay did not stop cleanly; its log:\n{relay.log}")
        if daemon.stop() != 0 or world.footprint() != untouched:
            differences.append(f"the daemon did not stop cleanly; its log:\n{daemon.log}")
        top = world.cgroups.directory(world.cgroups.top)
    if top.exists():
        differences.append(f"{top} was not removed")
    return differences


def main():
    """Run the demo and judge it."""
    if os.geteuid() != 0:
        sys.exit("The demo makes network namespaces and cgroups, which needs root. Run as root: make demo")
    print("This demo does not touch the host's network: its traffic stays in two network namespaces\n"
          "and some cgroups of its own.\n")
    try:
        differences = run()
    except Interrupted:
        print("\nInterrupted; everything is cleaned up.", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    except (OSError, RuntimeError, AssertionError) as error:
        sys.exit(f"\nThe demo failed: {error}")
    if differences:
        sys.exit("\nSome results are not as expected:\n  " + "\n  ".join(differences))
    print("\nThe TPROXY server saw the original destination and replied from that address.\n"
          f"The rules are those of {CONFIG.relative_to(REPOSITORY)}. All results are as expected.\n"
          "Cleaned up: the daemon, the relay, the table, policy rules and routes, the namespaces and the\n"
          "cgroups are removed.")


if __name__ == "__main__":
    main()
