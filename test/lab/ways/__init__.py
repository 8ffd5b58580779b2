# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of ways out: what programs do with their sockets, against changes that others make to the host's network.

    programs.py      the rows: what each is, and what is to become of its packets in each kind of cgroup
    acts.py, ...     what the programs do
    disturbances.py  the columns: who does what to the host, and the few cells where that changes what is to be expected
    column.py        one daemon in one World with one disturbance, under which all programs run side by side
    recorder.py      each packet that came out of the host, and which cell it belongs to

A cell is one program over one family in one kind of cgroup. It has its own address, port and multicast group, so that
every packet on the wire identifies its cell, including fragments and packets of unusual protocols.
"""
