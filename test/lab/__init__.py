# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network laboratory of namespaces and cgroups, for the end-to-end tests and the demo.

A World (world.py) is a small private network: a host, where the daemon, the proxies and their clients run, and an
outside, where servers answer. Nothing in here touches the network of the machine that it runs on.
"""
