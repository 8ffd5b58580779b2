# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the daemon's cgroup map over netlink, and sends requests that nft can't.

`nft list map` walks the whole cgroup tree for each element to find its name, which takes minutes for 20,000 of them.
The layouts are those of linux/netlink.h, linux/netfilter/nfnetlink.h and linux/netfilter/nf_tables.h.
"""

import errno
import socket
import struct

NETLINK_NETFILTER = 12
NFNL_SUBSYS_CTNETLINK, NFNL_SUBSYS_NFTABLES = 1, 10
IPCTNL_MSG_CT_DELETE = 2
NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END = 16, 17
NFT_MSG_NEWTABLE, NFT_MSG_GETSET, NFT_MSG_GETSETELEM = 0, 10, 13
NFPROTO_INET = 1
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_CREATE = 0x1, 0x4, 0x300, 0x400
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_TYPE_MASK = 0x3FFF

NFTA_TABLE_NAME, NFTA_TABLE_FLAGS = 1, 2
TABLE_OWNER, TABLE_PERSIST = 0x2, 0x4
NFTA_SET_TABLE, NFTA_SET_NAME = 1, 2
NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_ELEMENTS = 1, 2, 3
NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_DATA = 1, 2
NFTA_DATA_VALUE, NFTA_DATA_VERDICT = 1, 2
NFTA_VERDICT_CODE, NFTA_VERDICT_CHAIN = 1, 2
NFT_CONTINUE, NFT_RETURN = -1, -5


def _attribute(kind, payload):
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind) + payload + bytes(-length % 4)


def _attributes(data):
    """Pairs of type and payload."""
    offset = 0
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        yield kind & NLA_TYPE_MASK, data[offset + 4:offset + length]
        offset += (length + 3) & ~3


def _messages(sock):
    """Payloads of a dump's messages, up to its end."""
    while True:
        data = sock.recv(1 << 20)
        offset = 0
        while offset < len(data):
            length, kind = struct.unpack_from("=IH", data, offset)
            payload = data[offset + 16:offset + length]
            if kind == NLMSG_DONE:
                return
            if kind == NLMSG_ERROR:
                (code,) = struct.unpack_from("=i", payload)
                raise OSError(-code, "dump of a set's elements")
            yield payload
            offset += (length + 3) & ~3


def _text(data):
    return data.rstrip(b"\0").decode()


def _verdict(data):
    """"return", "continue", or the name of the goto's chain."""
    verdict = dict(_attributes(dict(_attributes(data))[NFTA_DATA_VERDICT]))
    (code,) = struct.unpack("!i", verdict[NFTA_VERDICT_CODE])
    if code in (NFT_RETURN, NFT_CONTINUE):
        return "return" if code == NFT_RETURN else "continue"
    return _text(verdict[NFTA_VERDICT_CHAIN])


def _element(data):
    attributes = dict(_attributes(data))
    (cgroup_id,) = struct.unpack("=Q", dict(_attributes(attributes[NFTA_SET_ELEM_KEY]))[NFTA_DATA_VALUE])
    verdict = attributes.get(NFTA_SET_ELEM_DATA)
    return cgroup_id, verdict and _verdict(verdict)


def _message(kind, flags, family, resource, attributes=b""):
    """A message with netfilter's common header (struct nfgenmsg)."""
    body = struct.pack("!BBH", family, 0, resource) + attributes
    return struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | flags, 1, 0) + body


def _add_table(name, flags, *more):
    """Send a batch that adds a table, and what follows; return the negative errno."""
    attributes = _attribute(NFTA_TABLE_NAME, name.encode() + b"\0")
    attributes += _attribute(NFTA_TABLE_FLAGS, struct.pack("!I", flags))
    batch = _message(NFNL_MSG_BATCH_BEGIN, 0, 0, NFNL_SUBSYS_NFTABLES)
    batch += _message(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK, NFPROTO_INET, 0, attributes)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as sock:
        sock.send(batch + b"".join(more))
        (code,) = struct.unpack_from("=i", sock.recv(4096), 16)
    return code


def takes_table(name, flags):
    """Whether the kernel accepts a new table with these flags; a batch without an end is validated and rolled back."""
    code = _add_table(name, flags)
    if code not in (0, -errno.EOPNOTSUPP, -errno.EINVAL):
        raise OSError(-code, f"try a new table with the flags {flags:#x}")
    return code == 0


def leave_table(name, flags):
    """Create an empty table with these flags, some of which nft lacks; with TABLE_OWNER, one whose owner is gone."""
    code = _add_table(name, flags, _message(NFNL_MSG_BATCH_END, 0, 0, NFNL_SUBSYS_NFTABLES))
    if code != 0:
        raise OSError(-code, f"a new table with the flags {flags:#x}")


def _dump(kind, table, name=None):
    """The messages of a dump; the names are attributes 1 and 2 of all requests."""
    attributes = _attribute(NFTA_SET_TABLE, table.encode() + b"\0")
    if name is not None:
        attributes += _attribute(NFTA_SET_NAME, name.encode() + b"\0")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as sock:
        sock.send(_message(NFNL_SUBSYS_NFTABLES << 8 | kind, NLM_F_DUMP, NFPROTO_INET, 0, attributes))
        yield from (message[4:] for message in _messages(sock))


def _elements(table, name):
    elements = {}
    for message in _dump(NFT_MSG_GETSETELEM, table, name):
        lists = [data for kind, data in _attributes(message) if kind == NFTA_SET_ELEM_LIST_ELEMENTS]
        elements.update(_element(data) for one in lists for _, data in _attributes(one))
    return elements


def _cgroup_elements(table, name):
    """Where the map says "continue", the sets named after chains have the targets."""
    elements = _elements(table, name)
    sets = [_text(dict(_attributes(message))[NFTA_SET_NAME]) for message in _dump(NFT_MSG_GETSET, table)]
    targets = {cgroup: target for target in sets if target.startswith(("proxy-", "DROP-CHAIN", "REFUSE-CHAIN"))
               for cgroup in _elements(table, target)}
    return {cgroup: targets.get(cgroup, verdict) if verdict == "continue" else verdict
            for cgroup, verdict in elements.items()}


def cgroup_elements(namespace, table="cgtproxy", name="cgroup-vmap"):
    """The elements of the map: cgroup id -> "return" or the chain's name."""
    return namespace.call(_cgroup_elements, table, name)


def flush_conntrack():
    """Flush conntrack of the calling thread's namespace."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as sock:
        sock.send(_message(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, NLM_F_ACK, socket.AF_UNSPEC, 0))
        (code,) = struct.unpack_from("=i", sock.recv(4096), 16)
    if code != 0:
        raise OSError(-code, "flush the connection tracking table")


def make_closed_chain(table, chain):
    """An input chain with policy drop, whose names nft would refuse to parse."""
    nf_tables, new_table, new_chain, begin, end = 10, 0, 3, 16, 17
    replace_flags = 0x1 | 0x400  # NLM_F_REQUEST | NLM_F_CREATE

    def attribute(kind, payload):
        return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)

    def number(value):
        return struct.pack("!I", value)

    def message(kind, flags, family, resource, payload=b""):
        return struct.pack("=IHHII", 20 + len(payload), kind, flags, 1, 0) + struct.pack("!BBH", family, 0, resource) + payload

    def request(kind, *attributes):
        return message(nf_tables << 8 | kind, replace_flags, 1, 0, b"".join(attributes))

    hook = attribute(4 | 0x8000, attribute(1, number(1)) + attribute(2, number(0)))  # input, at priority 0
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
        netlink.send(message(begin, 0x1, 0, nf_tables) + request(new_table, attribute(1, table + b"\0")) +
                     request(new_chain, attribute(1, table + b"\0"), attribute(3, chain + b"\0"), hook,
                             attribute(5, number(0)), attribute(7, b"filter\0")) + message(end, 0x1, 0, nf_tables))
