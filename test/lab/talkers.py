# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that send what they are told, from an address that need not be the host's."""

import select
import subprocess
import sys

from .waiting import PATIENCE

# The options by which a socket may have such an address: a transparent proxy's, and one that takes no privilege.
TRANSPARENT, FREE_BIND = "transparent", "free bind"
# In the cgroup of the first argument, bound to an address and port, whoever owns them: sends each line that it reads,
# writes what became of it, and each datagram that it gets. A device is one that the socket is bound to.
_PROGRAM = """
import selectors, socket, sys
cgroup, option, device, address, port, peer, peer_port = sys.argv[1:]
with open(cgroup + "/cgroup.procs", "w") as procs:
    procs.write("0")
v6 = ":" in address
talker = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
options = {"transparent": (75, 19), "free bind": (78, 15)}[option]  # linux/in6.h, linux/in.h
talker.setsockopt(*((socket.IPPROTO_IPV6, options[0]) if v6 else (socket.SOL_IP, options[1])), 1)
talker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
talker.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
talker.bind((address, int(port)))
print("bound", flush=True)
waiting = selectors.DefaultSelector()
waiting.register(talker, selectors.EVENT_READ)
waiting.register(sys.stdin, selectors.EVENT_READ)
while True:
    for key, _ in waiting.select():
        if key.fileobj is talker:
            try:
                print(talker.recv(4096).decode().strip(), flush=True)
            except OSError:
                pass  # what was sent was refused
        else:
            line = sys.stdin.readline() or sys.exit()
            try:
                talker.sendto(line.encode(), (peer, int(peer_port)))
                print("sent", flush=True)
            except OSError as error:
                print(error.strerror, flush=True)
"""


class Talker:
    """A process in a cgroup, with one UDP socket."""

    def __init__(self, namespace, cgroup, option, own, peer, device=""):
        """The cgroup is a directory; own and peer are addresses with ports; with a device, it is bound to that."""
        argv = namespace.command(sys.executable, "-I", "-S", "-c", _PROGRAM, str(cgroup), option, device,
                                 *map(str, (*own, *peer)))
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        assert self.hear() == "bound"

    def say(self, line):
        """Send a datagram to the peer."""
        self._process.stdin.write(f"{line}\n".encode())

    def hear(self):
        """What the next datagram says, or the next line of the program's own."""
        assert select.select([self._process.stdout], [], [], PATIENCE)[0], "nothing was heard"
        return self._process.stdout.readline().decode().strip()

    def close(self):
        """End the process."""
        self._process.kill()
        self._process.communicate()
