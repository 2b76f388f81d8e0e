"""An interface with every kind of member, for the tests of the simulation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import landbridge as lb

Message = Annotated[str, lb.Chars(32)]


class Seen(lb.Struct):
    saddr: lb.ipv4
    daddr: lb.ipv4
    port: lb.be16


class Talker(lb.Struct):
    address: lb.ipv4
    packets: lb.u64


class Task(lb.Struct):
    pid: lb.s32
    uid: lb.u32
    comm: Annotated[str, lb.Chars(16)]


class Device(lb.Struct):
    ifindex: lb.s32
    name: Annotated[str, lb.Chars(16)]
    address: lb.mac


class Level(lb.Enum, base=lb.u8):
    LOW = 1
    HIGH = 2


class World(lb.Interface):
    """Every kind of member."""

    seen = lb.Event(Seen)
    open_event = lb.Event(Talker, capability=None)
    limit = lb.Param(lb.u32, default=10, minimum=1, maximum=100)
    label = lb.Param(lb.Chars(8), default="first")
    secret = lb.Param(lb.u32, default=7, mode=0o600)
    fixed = lb.Param(lb.u32, default=3, mode=0o444)
    free = lb.Param(lb.u32, mode=0o666)
    counts = lb.Map(lb.ipv4, lb.u64, entries=3)
    packets = lb.Counter()
    ticks = lb.State(lb.u32)
    numbers = lb.State(lb.Array(lb.u16, 3))

    @lb.command
    def tell(self, message: Message) -> None:
        lb.pr_info("umsg: %s", message)

    @lb.command(capability=None)
    def level(self, level: Level, flag: bool) -> Level:
        return level

    @lb.command
    def note(self, number: lb.s32, address: lb.ipv4) -> None:
        lb.pr_warn("%d %u %x %5d|%-5d| %s %%", number, number, number, number, number, address)

    @lb.command(capability=None)
    def spin(self, turns: lb.u32) -> None:
        for _ in range(turns):
            self.ticks += 1

    @lb.command(capability=None)
    def caller(self) -> Task:
        return Task(pid=lb.current_pid(), uid=lb.current_uid(), comm=lb.current_comm())

    @lb.command(capability=None)
    def is_admin(self) -> bool:
        return lb.capable(lb.CAP_SYS_ADMIN)

    @lb.command
    def nap(self, milliseconds: lb.u32) -> lb.u64:
        begin = lb.ktime_get_ns()
        lb.msleep(milliseconds)
        return lb.ktime_get_ns() - begin

    @lb.command
    def draw(self) -> lb.u32:
        return lb.get_random_u32()

    @lb.command
    def put(self, address: lb.ipv4, count: lb.u64) -> lb.u32:
        self.counts[address] = count
        return len(self.counts)

    @lb.command
    def pick(self, index: lb.s8) -> lb.u16:
        return self.numbers[index]

    @lb.command
    def keep(self, values: Annotated[list[int], lb.Array(lb.u16, 3)]) -> Annotated[list[int], lb.Array(lb.u16, 3)]:
        self.numbers = values
        values[0] = 99
        return values

    @lb.command
    def in_c(self) -> lb.u32:
        lb.c("reply->value = 1; return 0;")

    @lb.command
    def total(self) -> lb.u64:
        return self.packets

    @lb.table
    def talkers(self) -> Iterator[Talker]:
        for address, packets in self.counts.items():
            yield Talker(address=address, packets=packets)

    @lb.table(capability=None)
    def tasks(self) -> Iterator[Task]:
        for task in lb.for_each_process():
            yield Task(pid=task.pid, uid=task.uid, comm=task.comm)

    @lb.table
    def devices(self) -> Iterator[Device]:
        for device in lb.for_each_netdev():
            yield Device(ifindex=device.ifindex, name=device.name, address=device.address)

    @lb.on_netfilter(hook=lb.NF_INET_PRE_ROUTING, family=lb.NFPROTO_IPV4)
    def watch(self, skb: lb.Skb) -> lb.Verdict:
        ip = skb.ip
        self.packets += 1
        udp = skb.udp
        self.seen(Seen(saddr=ip.saddr, daddr=ip.daddr, port=udp.dest))
        if lb.u16(udp.dest) == 53:
            return lb.NF_DROP
        if lb.u16(udp.dest) == 1:
            raise PermissionError
        return lb.NF_ACCEPT

    @lb.on_timer(interval_ms=100)
    def tick(self) -> None:
        self.ticks += 1
        if self.ticks == 3:
            raise ValueError

    @lb.command(capability=None)
    def ticked(self) -> lb.u32:
        return self.ticks
