# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""The programs of the scene: TPROXY servers that forward, applications that download and upload, and the internet.

Runs one as a process of its own, which says "ready" when its traffic is steady, and does not end by itself:
    traffic.py NAME CGROUP ROLE    the name of its process, the directory of its cgroup, and what it does, as JSON
"""

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test"))

from lab.addresses import ANY, OUTSIDE, TCP, UDP, V4, V6  # noqa: E402  (after the path to it)
from lab.servers import make_socket  # noqa: E402

INTERNET_PORT = 443
_TICK = 0.02  # s, between two parts of what is sent
_BLOCK = bytes(1 << 16)


async def _send(writer, count):
    while count > 0:
        part = _BLOCK[:count]
        writer.write(part)
        await writer.drain()
        count -= len(part)


async def _send_steadily(writer, rate):
    """Send this many bytes per second, by the clock, so that delays don't add up."""
    clock = asyncio.get_running_loop()
    began, sent = clock.time(), 0
    while True:
        due = int((clock.time() - began) * rate) - sent
        await _send(writer, due)
        sent += due
        await asyncio.sleep(_TICK)


async def _discard(reader):
    while await reader.read(len(_BLOCK)):
        pass


async def _copy(reader, writer):
    while data := await reader.read(len(_BLOCK)):
        writer.write(data)
        await writer.drain()


async def _together(writer, *jobs):
    """Do these until one of them ends, and with it the connection."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        writer.close()


def _listener(family, port, transparent=False):
    sock = make_socket(TCP, family, transparent)
    sock.bind((ANY[family], port))
    return sock


async def _serve_internet():
    """Send each client as much at first, and then as much per second, as its first line says."""
    async def serve(reader, writer):
        wanted = json.loads(await reader.readline())
        await _send(writer, wanted["first"])
        await _together(writer, _send_steadily(writer, wanted["down"]), _discard(reader))
    for family in (V4, V6):
        await asyncio.start_server(serve, sock=_listener(family, INTERNET_PORT))


async def _serve_proxy(port):
    """Forward connections to where they were meant to go. Datagrams are only received."""
    async def serve(reader, writer):
        there, back = await asyncio.open_connection(*writer.get_extra_info("sockname")[:2])
        await _together(writer, _copy(reader, back), _copy(there, writer))
    kept = []
    for family in (V4, V6):
        await asyncio.start_server(serve, sock=_listener(family, port, transparent=True))
        kept.append(make_socket(UDP, family, transparent=True))
        kept[-1].bind((ANY[family], port))
    return kept


async def _connect(first_down, first_up, down, up):
    """A connection to the internet: so many bytes at first, and when this has returned, so many per second."""
    reader, writer = await asyncio.open_connection(OUTSIDE[V4], INTERNET_PORT)
    writer.write(json.dumps({"first": first_down, "down": down}).encode() + b"\n")
    await reader.readexactly(first_down)
    await _send(writer, first_up)
    return asyncio.create_task(_together(writer, _discard(reader), _send_steadily(writer, up)))


def _receive(port):
    sock = make_socket(UDP, V4)
    sock.bind((ANY[V4], port))
    return sock


async def _run(role):
    kept = [_receive(port) for port in role.get("receives", [])]
    if "proxy" in role:
        kept.append(await _serve_proxy(role["proxy"]))
    if role.get("internet"):
        await _serve_internet()
    kept += await asyncio.gather(*(_connect(*connection) for connection in role.get("connections", [])))
    print("ready", flush=True)
    await asyncio.Event().wait()


def main():
    """Enter the cgroup before there is any socket, like a program that systemd starts."""
    name, cgroup, role = sys.argv[1:]
    Path(cgroup, "cgroup.procs").write_text("0", encoding="ascii")
    Path("/proc/self/comm").write_text(name, encoding="utf-8")
    asyncio.run(_run(json.loads(role)))


if __name__ == "__main__":
    main()
