# SPDX-FileCopyrightText: 2026 cgtproxy contributors
# SPDX-License-Identifier: MIT
"""The figures with their budgets, and their labels in the languages of the documents."""

from dataclasses import asdict, dataclass

# What a figure is of, in English and Chinese. The headings are groups of figures.
TEXTS = {
    "new": ("A new cgroup", "新的 cgroup"),
    "floor": ("the floor: mkdir, event, id, one element, in one process; {part} with {others} other cgroups",
              "下限：同一进程内 mkdir、读事件、取 id、加一个表项；另有 {others} 个 cgroup 时的 {part}"),
    "latency": ("mkdir to rule in force, {part}, with {others} other cgroups",
                "从 mkdir 到规则生效，{part}，另有 {others} 个 cgroup"),
    "ratio": ("the same, {part}, as a multiple of the floor's", "同上，{part}，为下限的倍数"),
    "missed": ("new cgroups that got no rule, with {others} others", "没有规则的新 cgroup，另有 {others} 个 cgroup"),
    "busy_floor": ("the floor while four processes keep the CPUs busy, {part} with {others} other cgroups",
                   "四个进程占满 CPU 时的下限，另有 {others} 个 cgroup 时的 {part}"),
    "busy_latency": ("mkdir to rule in force under that load, {part}, with {others} other cgroups",
                     "此时从 mkdir 到规则生效，{part}，另有 {others} 个 cgroup"),
    "busy_ratio": ("the same, {part}, as a multiple of the floor's", "同上，{part}，为下限的倍数"),
    "busy_missed": ("new cgroups that got no rule under that load, with {others} others", "此时没有规则的新 cgroup，另有 {others} 个 cgroup"),
    "births": ("Processes started in a new cgroup", "在新 cgroup 中启动的进程"),
    "leaks": ("of {births} started in a dropped cgroup, those that got a packet out", "{births} 个在 drop 的 cgroup 中启动的进程里，发出过包的"),
    "leaked": ("the most packets any of them got out", "其中单个进程最多发出的包数"),
    "leaks_strict": ("the same with strict: processes", "同上，启用 strict：进程数"),
    "leaked_strict": ("the same with strict: the most packets", "同上，启用 strict：单个进程最多发出的包数"),
    "refused_strict": ("of {births} started in a direct cgroup, with strict, those whose first packets were refused",
                       "启用 strict 时，{births} 个在 direct 的 cgroup 中启动的进程里，最初的包被拒绝的"),
    "opened_strict": ("how long they were refused, p50", "这些进程被拒绝的时长，p50"),
    "storms": ("Storms", "大量 cgroup 同时出现"),
    "storm": ("{size} new cgroups: from the last one to all in force", "{size} 个新 cgroup：从最后一个建成到全部生效"),
    "storm_missed": ("{size} new cgroups: without a rule", "{size} 个新 cgroup：没有规则的"),
    "storm_cpu": ("{size} new cgroups: CPU time for one", "{size} 个新 cgroup：每个所用的 CPU 时间"),
    "storm_memory": ("{size} new cgroups: peak of the memory (RSS)", "{size} 个新 cgroup：内存峰值（RSS）"),
    "start": ("Start and reload", "启动与重新加载"),
    "started": ("start with {count} cgroups until all are in force", "有 {count} 个 cgroup 时启动，到全部生效"),
    "reload": ("reload with {count} cgroups and the same config", "有 {count} 个 cgroup 时重新加载同一配置"),
    "reload_all": ("reload with {count} cgroups that all change target", "有 {count} 个 cgroup 时重新加载，全部换目标"),
    "memory": ("Memory", "内存"),
    "rss": ("RSS with {count} cgroups", "有 {count} 个 cgroup 时的 RSS"),
    "anonymous": ("anonymous memory with {count} cgroups", "有 {count} 个 cgroup 时的匿名内存"),
    "anonymous_strict": ("anonymous memory with {count} cgroups, strict", "有 {count} 个 cgroup 时的匿名内存，strict"),
    "idle": ("Idle", "空闲"),
    "wakeups": ("wake-ups in {seconds} s, with {count} cgroups", "{seconds} 秒内的唤醒次数，有 {count} 个 cgroup"),
    "idle_cpu": ("CPU time in {seconds} s", "{seconds} 秒内的 CPU 时间"),
    "match": ("Matching", "匹配"),
    "matched": ("one path against {rules} rules, median", "一条路径匹配 {rules} 条规则，中位数"),
    "match_ratio": ("{rules} rules as a multiple of 10", "{rules} 条规则为 10 条的倍数"),
    "packets": ("One UDP packet sent, CPU time", "发送一个 UDP 包的 CPU 时间"),
    "bare": ("without netfilter: min / median {median} ns", "没有 netfilter：最小值／中位数 {median} ns"),
    "conntrack": ("with conntrack: min / median {median} ns", "只有 conntrack：最小值／中位数 {median} ns"),
    "fence": ("over conntrack: the chain postrouting-fence alone; median {median} ns",
              "在 conntrack 之上：只有出口处的检查链；中位数 {median} ns"),
    "level_first": ("direct, one level looked up, over conntrack, as a multiple of what conntrack adds",
                    "direct、查 1 级在 conntrack 之上的开销，为 conntrack 自身开销的倍数"),
    "level_more": ("each further level, likewise", "每多查一级，同上"),
    "direct": ("over conntrack: direct, level 5 of 5, without an element of its own; median of differences {median} ns",
               "在 conntrack 之上：direct，共 5 级的第 5 级，自己没有表项；差的中位数 {median} ns"),
    "own": ("over conntrack: direct, level 5, with an element of its own; median {median} ns",
            "在 conntrack 之上：direct，第 5 级，自己有表项；中位数 {median} ns"),
    "levels1": ("over conntrack: direct, one level looked up; median {median} ns", "在 conntrack 之上：direct，查 1 级；中位数 {median} ns"),
    "levels10": ("over conntrack: direct, ten levels looked up; median {median} ns",
                 "在 conntrack 之上：direct，查 10 级；中位数 {median} ns"),
    "strict": ("over conntrack: direct, level 5, strict; median {median} ns", "在 conntrack 之上：direct，第 5 级，strict；中位数 {median} ns"),
    "go": ("over conntrack: direct, level 5, the rules in the Go daemon's order; median {median} ns",
           "在 conntrack 之上：direct，第 5 级，Go 版的规则顺序；中位数 {median} ns"),
    "proxied": ("over conntrack: proxied, up to the proxy's socket; median {median} ns",
                "在 conntrack 之上：经代理，直到代理的套接字；中位数 {median} ns"),
    "received": ("One UDP packet received over a veth, CPU time", "经 veth 收到一个 UDP 包的 CPU 时间"),
    "received_conntrack": ("with conntrack, sending included: min / median {median} ns",
                           "只有 conntrack，包括发送：最小值／中位数 {median} ns"),
    "received_ours": ("what prerouting costs it over conntrack; median {median} ns", "prerouting 在 conntrack 之上的开销；中位数 {median} ns"),
    "forwarded": ("One UDP packet forwarded from a veth, CPU time", "转发一个来自 veth 的 UDP 包的 CPU 时间"),
    "forwarded_bare": ("without netfilter, sending included: min / median {median} ns", "没有 netfilter，包括发送：最小值／中位数 {median} ns"),
    "forwarded_conntrack": ("with conntrack: min / median {median} ns", "只有 conntrack：最小值／中位数 {median} ns"),
    "forwarded_rules": ("with the three policy rules that TPROXY needs, too: min / median {median} ns",
                        "再加上 TPROXY 所需的三条策略路由规则：最小值／中位数 {median} ns"),
    "forwarded_one": ("with a gateway whose only rule is for others, as a multiple of the line above",
                      "有网关、唯一的规则针对别人时，为上一项的倍数"),
    "forwarded_eight": ("with eight rules, of interfaces and of a MAC address, likewise", "有八条规则（接口与 MAC 地址）时，同上"),
    "forwarded_containers": ("with containers: true, likewise", "containers: true 时，同上"),
    "forwarded_without": ("with cgtproxy, but neither gateway nor containers, as a multiple of that with conntrack",
                          "有 cgtproxy，但既无 gateway 也无 containers 时，为只有 conntrack 时的倍数"),
    "forwarded_all": ("with a gateway whose only rule is for others, as a multiple of that with conntrack",
                      "有网关、唯一的规则针对别人时，为只有 conntrack 时的倍数"),
    "forwarded_proxied": ("to a proxy, up to its socket: min / median {median} ns", "转给代理，直到代理的套接字：最小值／中位数 {median} ns"),
    "containers": ("Containers with a network of their own", "有独立网络的容器"),
    "containers_started": ("start with {count} containers until all are in force", "有 {count} 个容器时启动，到全部生效"),
    "containers_cpu": ("the CPU time for that", "所用的 CPU 时间"),
    "containers_missed": ("of {count} containers, those without a rule when the daemon is ready", "{count} 个容器里，守护进程就绪时还没有规则的"),
    "container_asked": ("from the request for a veth, which the kernel then makes, to the container's element, p50, with {others} others",
                        "从请求创建 veth（含内核创建的时间）到容器的表项生效，p50，另有 {others} 个容器"),
    "container_new": ("the same from when the kernel has made the veth and said so", "同上，从内核建好 veth 并返回算起"),
    "container_ratio": ("that as a multiple of a new cgroup's floor", "后者为新 cgroup 下限的倍数"),
    "connections": ("TCP connections a second", "每秒的 TCP 连接数"),
    "connections_none": ("to the outside over a veth, without cgtproxy", "经 veth 到外部，没有 cgtproxy"),
    "connections_direct": ("the same, direct", "同上，direct"),
    "connections_proxied": ("to the proxy through TPROXY", "经 TPROXY 到代理"),
    "relay": ("The relay beside the floor: epoll and splice, a pipe only while data waits", "中继与下限的比较：下限只用 epoll 和 splice，有数据等待时才占用管道"),
    "relay_down": ("one stream to the client, over SOCKS5; the floor {floor} Gbit/s", "经 SOCKS5 发往客户端的单个数据流；下限为 {floor} Gbit/s"),
    "relay_up": ("one stream from the client, likewise; the floor {floor} Gbit/s", "客户端发出的单个数据流，同上；下限为 {floor} Gbit/s"),
    "relay_crowd": ("TCP connections a second over SOCKS5, one answer each; the floor {floor}",
                    "经 SOCKS5 每秒的 TCP 连接数，每个连接一次应答；下限为 {floor}"),
    "relay_first": ("from connecting to the first answer, over SOCKS5, p50; the floor {floor} us",
                    "经 SOCKS5 从连接到首个应答，p50；下限为 {floor} us"),
    "relay_first_direct": ("the same without a proxy behind it; the floor {floor} us", "同上，后面没有代理；下限为 {floor} us"),
    "relay_ratio": ("its time as a multiple of the floor's", "所用时间为下限的倍数"),
}
HEADINGS = ("new", "births", "storms", "start", "memory", "idle", "match", "packets", "received",
            "forwarded", "containers", "connections", "relay")


@dataclass(frozen=True)
class Figure:
    """One line of the table. A budget is an upper limit."""

    heading: str
    key: str
    value: float
    unit: str
    budget: float | None
    arguments: dict

    @property
    def met(self):
        """Whether the value is within the budget, or None without one."""
        return None if self.budget is None else self.value <= self.budget

    def text(self, language=0):
        """What it is of."""
        return TEXTS[self.key][language].format(**self.arguments)

    def as_json(self):
        """For bench.json."""
        return {**asdict(self), "what": self.text(), "met": self.met}


def number(value):
    """A number with three significant figures, or an integer."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Figures:
    """All figures of a run, in order. Each is printed as soon as it is available."""

    def __init__(self):
        self._heading = None
        self.items = []
        self.series = {}

    def begin(self, heading):
        """Start a group with this heading."""
        self._heading = heading
        print(f"\n{TEXTS[heading][0]}", flush=True)

    def add(self, key, value, unit, budget=None, **arguments):
        """Add a figure."""
        figure = Figure(self._heading, key, value, unit, budget, arguments)
        self.items.append(figure)
        within = {None: "", True: f"budget {number(budget or 0)}", False: f"MISSED: budget {number(budget or 0)}"}[figure.met]
        print(f"  {figure.text():<98} {number(value):>10} {unit:<6} {within}", flush=True)

    def point(self, series, x, y):
        """Add a point of a curve."""
        self.series.setdefault(series, []).append((x, y))

    @property
    def missed(self):
        """The figures that exceed their budget."""
        return [figure for figure in self.items if figure.met is False]


def markdown(items, language=0):
    """The table for a document: a list of figures as bench.json has them."""
    heads = (("what", "figure", "budget"), ("项目", "数值", "目标值"))[language]
    lines = [f"| {' | '.join(heads)} |", "|---|---|---|"]
    for heading in HEADINGS:
        below = [item for item in items if item["heading"] == heading]
        if below:
            lines.append(f"| **{TEXTS[heading][language]}** | | |")
        for item in below:
            what = TEXTS[item["key"]][language].format(**item["arguments"])
            unit = f" {item['unit']}" if item["unit"] else ""
            budget = "" if item["budget"] is None else f"{number(item['budget'])}{unit}"
            missed = ("missed", "超出")[language]
            if item["met"] is False:
                budget += f" **{missed}**"
            lines.append(f"| {what} | {number(item['value'])}{unit} | {budget} |")
    return "\n".join(lines) + "\n"
