# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kill switch as the recipe has it: columns whose config is the block in the documentation.

The proxied cgroup is the session of the user whom the recipe names, the direct one is the service that it names. No
machine of the tests need have that user, so a number stands in for the name, and nothing else is changed.
"""

from ..addresses import DNS_PORT, TCP, UDP, V4, V6
from ..client import SILENCE
from ..documents import TOP, config_under
from ..managers import ManagerTree
from .cells import DIRECT, PROXIED
from .column import Column
from .disturbances import UNSEEN_CGROUP, WG_RAW_DROPS, Disturbance, kill, kill_and_start, nothing, restart, stop, wg_quick
from .expectations import NOTHING, But, by_proxy, dead_proxy, refused, unanswered
from .policies import IPV6_REFUSED, OTHER_REFUSED, UDP_REFUSED, nothing_at_all
from .programs import LET_PASS, LOCAL, OF_DIRECT, SERVING, STEERED, UNSEEN

# The heading has these words in each language.
RECIPES = [config_under(TOP / "docs" / name, "kill switch") for name in ("recipes.md", "recipes.zh_CN.md")]
RULES = [{"unit": "mihomo.service", "direct": True}, {"user": "games", "tproxy": "mihomo"}]
_USER = "user: games\n"


def config_for(uid):
    """The recipe for another user."""
    recipe = RECIPES[0].text
    assert recipe.count(_USER) == 1
    return recipe.replace(_USER, f"user: {uid}\n")


class KillSwitch(Column):
    """A column under the recipe's config. What the disturbance has `before` comes before the user's first session."""

    def __init__(self, disturbance, programs):
        super().__init__(disturbance, dict.fromkeys((DIRECT, PROXIED), programs))
        self._is_late = disturbance.before is not nothing
        self._user = None

    @property
    def config(self):
        """The config's text."""
        return config_for(self._user.uid)

    def _directories(self):
        cgroups = self.world.cgroups
        self._user = self.world.keep(ManagerTree())
        directories = {DIRECT: cgroups.directory(cgroups.make("mihomo.service"))}
        if self._is_late:
            self._user.close()
            self.start_daemon()
            self.recorder.forget()
            self.disturbance.before(self)
        return {**directories, PROXIED: self._user.directory(self._user.make("app.slice/game.scope"))}

    def _patience(self, cell, stage):
        if self._is_late and not self.disturbance.expected(cell).awaited:
            return SILENCE
        return super()._patience(cell, stage)

    def _protect(self):
        if not self._is_late:
            super()._protect()


def _asks_for_names(protocol, *families):
    return lambda cell: (cell.target == PROXIED and cell.program.asks_port == DNS_PORT and cell.program.fate == STEERED
                         and cell.program.protocol == protocol and cell.family in families)


def _as_refused(_expected, cell):
    return refused(cell)


def _no_proxy(column):
    column.proxy.close()


_RECIPE = (
    UDP_REFUSED, IPV6_REFUSED, OTHER_REFUSED,
    But("nothing is bypassed", lambda cell: cell.target == PROXIED and cell.program.fate == LET_PASS,
        lambda _expected, _cell: NOTHING),
    But("dns-hijack has no ip6, and so ipv6: refuse counts", _asks_for_names(UDP, V6), _as_refused),
    But("dns-hijack has no ip6, and so ipv6: refuse counts", _asks_for_names(TCP, V6), _as_refused),
    But("dns-hijack has no tcp", _asks_for_names(TCP, V4), by_proxy))
_DEAD_PROXY = (*dead_proxy((TCP, V4)), But("nobody listens at the proxy's port", _asks_for_names(TCP, V4), unanswered))
_NEW_SESSION = (But("strict refuses a session that the daemon has not seen",
                    lambda cell: cell.target == PROXIED and cell.program.fate not in (SERVING, LOCAL, OF_DIRECT, UNSEEN),
                    nothing_at_all),)


def _column(name, apply=nothing, but=(), **options):
    return Disturbance(f"kill switch, {name}", apply, answered_families=(), but=(*_RECIPE, *but, UNSEEN_CGROUP), **options)


# The daemon's and the proxy's lives, as the recipe lists them; and nobody is there to see the user's first session begin.
STATES = [
    _column("running"),
    _column("stopped", stop),
    _column("restarted", restart),
    _column("killed and started", kill_and_start),
    _column("VPN", wg_quick, WG_RAW_DROPS),
    _column("proxy down", _no_proxy, _DEAD_PROXY),
    _column("session after a kill", before=kill, but=_NEW_SESSION),
]
# The like of those.
MORE_STATES = [
    _column("killed", kill),
    _column("VPN from the start", before=wg_quick, but=WG_RAW_DROPS),
    _column("proxy down from the start", but=_DEAD_PROXY, proxy_options=None),
    _column("session after a stop", before=stop, but=_NEW_SESSION),
]
