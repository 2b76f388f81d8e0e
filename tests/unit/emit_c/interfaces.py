"""Interfaces whose C is kept in ``golden/``: between them they use most of what handlers can say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import landbridge as lb

Message = Annotated[str, lb.Chars(64)]


class Level(lb.Enum, base=lb.u8):
    LOW = 1
    HIGH = 2


class Rights(lb.Flags):
    READ = 1
    WRITE = 2
    ALL = 3


class Seen(lb.Struct):
    saddr: lb.ipv4
    daddr: lb.ipv4


class Point(lb.Struct):
    x: lb.s8
    y: lb.s32
    level: Level


class Task(lb.Struct):
    pid: lb.s32
    comm: Annotated[str, lb.Chars(16)]


class Balance(lb.Struct):
    owner: lb.u32
    amount: lb.s64


class Greeter(lb.Interface):
    """Exchange one message with the kernel."""

    @lb.command
    def tell(self, message: Message) -> None:
        lb.pr_info("umsg: %s", message)

    @lb.command
    def ask(self) -> Message:
        return "a message from kernel\n"


class Watcher(lb.Interface):
    """Report packets that arrive."""

    seen = lb.Event(Seen)
    packets = lb.Counter()

    @lb.on_netfilter(hook=lb.NF_INET_PRE_ROUTING, family=lb.NFPROTO_IPV4)
    def watch(self, skb: lb.Skb) -> lb.Verdict:
        ip = skb.ip
        self.packets += 1
        if ip.protocol == lb.IPPROTO_ICMP:
            self.seen(Seen(saddr=ip.saddr, daddr=ip.daddr))
        return lb.NF_ACCEPT

    @lb.on_netfilter(hook=lb.NF_INET_LOCAL_IN, family=lb.NFPROTO_INET, priority=-300)
    def guard(self, skb: lb.Skb) -> lb.Verdict:
        tcp = skb.tcp
        if tcp.syn and not tcp.ack and lb.u16(tcp.dest) == 4242:
            lb.pr_notice("refused a connection from port %u", lb.u16(tcp.source))
            return lb.NF_DROP
        return lb.NF_ACCEPT

    @lb.command
    def count(self) -> lb.u64:
        return self.packets


class Lister(lb.Interface):
    """List the processes."""

    @lb.table
    def tasks(self) -> Iterator[Task]:
        for task in lb.for_each_process():
            yield Task(pid=task.pid, comm=task.comm)


class Ledger(lb.Interface):
    """Keep accounts."""

    limit = lb.Param(lb.s64, default=-100, minimum=-1000, maximum=0, doc="the lowest balance")
    title = lb.Param(lb.Chars(32), default="ledger")
    accounts = lb.Map(lb.u32, Balance, entries=100)
    weights = lb.State(lb.Array(lb.s32, 4), default=[1, -2, 3, 0])
    corner = lb.State(Point)
    turns = lb.State(lb.u32)

    @lb.on_timer(interval_ms=1000)
    def tick(self) -> None:
        self.turns += 1

    @lb.command
    def pay(self, owner: lb.u32, amount: lb.s64) -> lb.s64:
        if owner not in self.accounts:
            self.accounts[owner] = Balance(owner=owner, amount=0)

        self.accounts[owner].amount += amount
        if self.accounts[owner].amount < self.limit:
            self.accounts[owner].amount -= amount
            raise PermissionError
        return self.accounts[owner].amount

    @lb.command
    def forget(self, owner: lb.u32) -> None:
        del self.accounts[owner]

    @lb.command
    def reset(self) -> lb.u32:
        n = len(self.accounts)
        self.accounts.clear()
        return n

    @lb.table
    def balances(self) -> Iterator[Balance]:
        for owner, balance in self.accounts.items():
            yield Balance(owner=owner, amount=balance.amount)

    def share(self, x: lb.s32, parts: lb.s32) -> lb.s32:
        return x * 3 // parts

    @lb.command
    def judge(self, point: Point, rights: Rights, text: Message, a: lb.s32, b: lb.s32) -> lb.s64:
        total: lb.s64 = 0
        for i in range(4):
            if self.weights[i] > b:
                total += lb.s64(self.weights[i]) * lb.s64(a)
        if point == self.corner:
            raise FileExistsError
        if point.level == Level.HIGH and rights == Rights.ALL:
            self.corner.y = self.share(a, b)
        small: lb.u8 = 250
        small += lb.u8(a) * 3
        while small > 10:
            small = small >> 1
        if text == "double":
            total = total << 1
        return total + lb.s64(lb.u64(a) % 7) - lb.s64(min(a, 100))
