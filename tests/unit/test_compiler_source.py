"""Where the source of handlers comes from, and when it does not."""

from __future__ import annotations

import linecache
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import landbridge as lb
from landbridge.compiler import compile_interface
from landbridge.errors import CompileError

_SOURCE = """
import landbridge as lb


class Example(lb.Interface):
    @lb.command
    def run(self, n: lb.u32) -> lb.u32:
        return n + 1
"""


def _execute(text: str, file: str) -> type[lb.Interface]:
    scope: dict[str, type[lb.Interface]] = {"__name__": "made"}
    exec(compile(text, file, "exec"), scope)
    return scope["Example"]


def test_a_class_without_source_says_so() -> None:
    with pytest.raises(CompileError) as caught:
        compile_interface(_execute(_SOURCE, "<made up>"))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "LB201"
    assert "cannot be read" in diagnostic.message
    assert diagnostic.hint is not None


def test_a_file_that_changed_is_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(_SOURCE)
    cls = _execute(_SOURCE, str(file))
    file.write_text("# a new first line\n" * 3 + _SOURCE)
    linecache.checkcache(str(file))
    with pytest.raises(CompileError) as caught:
        compile_interface(cls)
    assert [each.code for each in caught.value.diagnostics] == ["LB201"]
    assert "changed since it was imported" in caught.value.diagnostics[0].message


def test_inherited_handlers_point_at_their_own_file(tmp_path: Path) -> None:
    base = tmp_path / "base.py"
    base.write_text(_SOURCE.replace("n + 1", "n + 1.5"))
    made = _execute(base.read_text(), str(base))

    class Derived(made):  # type: ignore[misc, valid-type]  # made at run time
        @lb.command
        def more(self, n: lb.u32) -> lb.u32:
            return n + 2.5

    with pytest.raises(CompileError) as caught:
        compile_interface(Derived)
    files = [each.span.file for each in caught.value.diagnostics]
    assert sorted(files) == sorted([str(base), __file__])


_TYPED = """
import errno
from collections.abc import Iterator
from typing import Annotated

import landbridge as lb

Message = Annotated[str, lb.Chars(64)]


class Row(lb.Struct):
    pid: lb.s32
    name: Annotated[str, lb.Chars(16)]
    address: lb.ipv4


class Example(lb.Interface):
    seen = lb.Event(Row)
    total = lb.State(lb.u64)
    counts = lb.Map(lb.ipv4, lb.u64, entries=16)
    packets = lb.Counter()
    limit = lb.Param(lb.u32, default=5)

    @lb.command
    def ask(self, n: lb.u32) -> Message:
        if n > self.limit and not lb.capable(lb.CAP_NET_ADMIN):
            raise lb.Errno(errno.ENODATA)
        self.total += lb.ktime_get_ns()
        lb.pr_info("n is %d, %s", n, lb.current_comm())
        return "text"

    @lb.command
    def raw(self, n: lb.u32) -> lb.u32:
        lb.c("reply->value = request->n; return 0;")

    @lb.on_netfilter(hook=lb.NF_INET_PRE_ROUTING, family=lb.NFPROTO_IPV4)
    def watch(self, skb: lb.Skb) -> lb.Verdict:
        ip = skb.ip
        self.packets += 1
        if ip.protocol == lb.IPPROTO_TCP and skb.tcp.dest == 80:
            self.seen(Row(pid=1, name="x", address=ip.saddr))
            self.counts[ip.saddr] = self.counts.get(ip.saddr, 0) + lb.u64(skb.len)
        return lb.NF_ACCEPT

    @lb.table
    def rows(self) -> Iterator[Row]:
        for task in lb.for_each_process():
            yield Row(pid=task.pid, name=task.comm, address=lb.ipv4("127.0.0.1"))
        for device in lb.for_each_netdev():
            yield Row(pid=device.ifindex, name=device.name, address=lb.ipv4("127.0.0.1"))
"""


def test_handlers_pass_a_strict_type_checker_and_the_compiler(tmp_path: Path) -> None:
    file = tmp_path / "typed.py"
    file.write_text(textwrap.dedent(_TYPED))
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    assert compile_interface(_execute(file.read_text(), str(file))).functions
