# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the packets of programs go that systemd has started, by the slice that they were started in."""

import pytest
from checks import OUTSIDE, PROXIED, PROXY_SLICE, WHERE, check
from lab.addresses import ALL_TRAFFIC
from service import CONFIG


@pytest.mark.parametrize("scope", [False, True], ids=["service", "scope"])
@pytest.mark.usefixtures("service", "proxy")
def test_programs_of_a_user(world, start, scope):
    for slice_name, who in WHERE.items():
        check(world, start(slice_name, scope=scope), who)


@pytest.mark.usefixtures("service", "proxy")
def test_programs_of_the_system(world, start):
    for slice_name, who in WHERE.items():
        check(world, start(slice_name, user=None), who)


@pytest.mark.usefixtures("proxy")
def test_programs_that_ran_before_the_service(world, service, start):
    service.systemctl("stop")
    programs = {start(slice_name): who for slice_name, who in WHERE.items()}
    for program in programs:
        check(world, program, OUTSIDE)
    service.systemctl("start")
    for program, who in programs.items():
        check(world, program, who)


def test_the_proxy_goes_direct_under_a_catch_all_rule(world, service, start, proxy):
    service.configure(CONFIG + "  - {match: '/.*', tproxy: mihomo}\n")
    service.systemctl("restart")
    check(world, start(), PROXIED)
    check(world, start(user=None), PROXIED)
    check(world, proxy, OUTSIDE)


@pytest.mark.usefixtures("service", "proxy")
def test_the_answer_comes_from_the_address_that_was_asked(start):
    program = start(PROXY_SLICE)
    program.await_answer_by(PROXIED)
    for protocol, family in ALL_TRAFFIC:
        answer = program.ask(protocol, family).answer
        assert answer.source == answer.asked
