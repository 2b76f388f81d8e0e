"""What handlers do is what the same Python does: order of evaluation, wrapping, failures. Run in the simulation."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from landbridge.client import load
from landbridge.errors import KernelError
from landbridge.sim import SimulatedKernel
from tests.diagnostics.source import load_text


def _loaded(text: str) -> Any:
    (cls,) = load_text(text)
    return load(cls, kernel=SimulatedKernel())


def _command(body: str, signature: str = "self, a: lb.s32, b: lb.s32", result: str = "lb.s32") -> Any:
    lines = "\n".join(f"        {line}" for line in body.strip("\n").split("\n"))
    return _loaded(
        "class Example(lb.Interface):\n"
        "    numbers = lb.State(lb.Array(lb.s32, 4), default=[10, 20, 30, 40])\n"
        "    seen = lb.Map(lb.s32, lb.s32, entries=2)\n"
        "    total = lb.State(lb.s32)\n"
        "    packets = lb.Counter()\n"
        "    limit = lb.Param(lb.u32, default=5, minimum=1, maximum=9)\n\n"
        f"    @lb.command\n    def run({signature}) -> {result}:\n{lines}\n\n"
        "    def bump(self) -> lb.s32:\n        self.total += 1\n        return self.total\n\n"
        "    def forget(self, key: lb.s32) -> lb.s32:\n        del self.seen[key]\n        return key\n"
    ).run


@pytest.mark.parametrize(
    ("body", "arguments", "expected"),
    [
        ("return a // b", (-7, 2), -4),
        ("return a % b", (-7, 2), 1),
        ("return a % b", (7, -2), -1),
        ("return a + b", (2**31 - 1, 1), -(2**31)),
        ("return a // b", (-(2**31), -1), -(2**31)),
        ("return a >> b", (-8, 1), -4),
        ("return -a", (-(2**31), 0), -(2**31)),
        ("return ~a", (5, 0), -6),
        ("return abs(a) + min(a, b, 3) + max(a, b)", (-4, 9), 9),
        ("return a if a > b else b", (1, 2), 2),
        ("return lb.s32(a < b < 10)", (1, 2), 1),
        ("return lb.s32(a < b < 10)", (1, 12), 0),
        ("return lb.s32(a in (1, b, 7))", (7, 2), 1),
        ("return lb.s32(a not in (1, b))", (7, 2), 1),
        ("return self.numbers[a]", (-1, 0), 40),
        ("return self.numbers[a] + self.numbers[-4]", (1, 0), 30),
        ("return lb.s32(lb.u8(a))", (257, 0), 1),
        ("return lb.s32(lb.s8(a))", (200, 0), -56),
        ("return len(self.numbers) + a", (1, 0), 5),
        ("return 7 * (1 << 4) // 3 + a", (0, 0), 37),
    ],
)
def test_expressions_mean_what_they_mean_in_python(body: str, arguments: tuple[int, ...], expected: int) -> None:
    assert _command(body)(*arguments) == expected


@pytest.mark.parametrize(
    ("body", "arguments", "number"),
    [
        ("return a // b", (1, 0), errno.EDOM),
        ("return a % b", (1, 0), errno.EDOM),
        ("return a << b", (1, 32), errno.ERANGE),
        ("return a << b", (1, -1), errno.ERANGE),
        ("return self.numbers[a]", (4, 0), errno.ERANGE),
        ("return self.numbers[a]", (-5, 0), errno.ERANGE),
        ("return self.seen[a]", (4, 0), errno.ENOENT),
        ("del self.seen[a]\nreturn a", (4, 0), errno.ENOENT),
        ("self.seen[a] += 1\nreturn a", (4, 0), errno.ENOENT),
        ("for i in range(a):\n    self.seen[i] = i\nreturn a", (3, 0), errno.ENOSPC),
        ("assert a == b\nreturn a", (1, 2), errno.EINVAL),
        ("raise PermissionError", (1, 2), errno.EPERM),
        ("raise lb.Errno(errno.ENODATA)", (1, 2), errno.ENODATA),
        ("raise NotImplementedError()", (1, 2), errno.EOPNOTSUPP),
        ("while True:\n    a += 1\nreturn a", (1, 2), errno.ELOOP),
        ("self.limit = lb.u32(a)\nreturn a", (10, 0), errno.ERANGE),
    ],
)
def test_failures_end_with_their_errno(body: str, arguments: tuple[int, ...], number: int) -> None:
    with pytest.raises(KernelError) as caught:
        _command(body)(*arguments)
    assert caught.value.errno == number


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # The left operand is read before the call on the right changes it.
        ("return self.total + self.bump() * 10", 10),
        ("return self.bump() + self.total * 10", 11),
        ("self.total += self.bump()\nreturn self.total", 1),
        ("return lb.s32(self.total == self.bump())", 0),
        # The call in a part that does not count is not made.
        ("x = a > 5 and self.bump() > 0\nreturn self.total", 0),
        ("x = a > 5 or self.bump() > 0\nreturn self.total", 1),
        ("x = self.bump() if a > 5 else 7\nreturn self.total * 10 + x", 7),
        ("x = 5 < a < self.bump()\nreturn self.total", 0),
        # The divisor is only checked where the division happens.
        ("if b != 0 and a // b > 1:\n    return 1\nreturn 2", 2),
        # The right side runs before the target is looked at.
        ("self.numbers[self.total] = self.bump()\nreturn self.numbers[0] + self.numbers[1]", 11),
        # Struct and Map values are copies; the default is evaluated.
        ("self.seen[1] = 5\nx = self.seen[1]\nself.seen[1] += 1\nreturn x * 10 + self.seen[1]", 56),
        ("return self.seen.get(1, self.bump()) + self.total", 2),
        ("self.seen[1] = 5\nreturn self.seen[1] + self.forget(1) + lb.s32(len(self.seen))", 6),
        ("self.seen[lb.s32(len(self.seen))] = lb.s32(len(self.seen)) + 7\nreturn self.seen[0]", 7),
        # The range is fixed before the loop, and the variable keeps its last value.
        ("n: lb.s32 = 3\nt: lb.s32 = 0\nfor i in range(n):\n    n = 10\n    t += 1\nreturn t", 3),
        ("t: lb.s32 = 0\nfor i in range(5):\n    t += lb.s32(i)\n    i += 2\nreturn t * 10 + lb.s32(i)", 106),
        ("i: lb.s32 = 9\nfor i in range(0):\n    pass\nreturn i", 9),
        ("t: lb.s32 = 0\nfor i in range(a, -4, -2):\n    t = t * 10 + i\nreturn t", -2),
        (
            "t: lb.s32 = 0\nwhile True:\n    t += 1\n    if t == 3:\n        continue\n    if t > 4:\n"
            "        break\nreturn t",
            5,
        ),
        # Arguments may be assigned.
        ("a += 5\nb = a\nreturn a + b", 10),
        ("self.packets += 3\nself.packets += 4\nreturn lb.s32(self.packets)", 7),
        ("x = y = self.bump()\nreturn x + y", 2),
    ],
)
def test_order_of_evaluation_is_that_of_python(body: str, expected: int) -> None:
    assert _command(body)(0, 0) == expected


def test_loops_over_maps_see_entries_in_order_and_may_change_their_values() -> None:
    run = _command(
        "self.seen[7] = 1\nself.seen[3] = 2\nt: lb.s32 = 0\n"
        "for key, value in self.seen.items():\n    self.seen[key] = value + 10\n    t = t * 10 + key\n"
        "for value in self.seen.values():\n    t = t * 100 + value\nreturn t"
    )
    assert run(0, 0) == 731112


def test_enums_and_flags() -> None:
    example = _loaded(
        "class Level(lb.Enum, base=lb.u8):\n    LOW = 1\n    HIGH = 2\n\n"
        "class Bits(lb.Flags, base=lb.u8):\n    A = 1\n    B = 4\n\n"
        "class Example(lb.Interface):\n"
        "    @lb.command\n    def level(self, n: lb.u8) -> Level:\n        return Level(n)\n"
        "    @lb.command\n    def flip(self, bits: Bits) -> Bits:\n        return ~bits & (Bits.A | Bits.B)\n"
        "    @lb.command\n    def has_b(self, bits: Bits) -> bool:\n        return bits & Bits.B != 0\n"
    )
    assert example.level(2) == 2
    with pytest.raises(KernelError) as caught:
        example.level(3)
    assert caught.value.errno == errno.EINVAL
    assert example.flip(1) == 4
    assert example.has_b(4) is True
    assert example.has_b(1) is False


def test_a_class_in_a_function_sees_the_names_around_it() -> None:
    import landbridge as lb  # noqa: PLC0415  # a class in a function is what is tested

    limit = 5

    class Local(lb.Struct):
        n: lb.u32

    class Example(lb.Interface):
        @lb.command
        def over(self, n: lb.u32) -> Local:
            made: Local = Local(n=n + limit)
            return made

    assert load(Example, kernel=SimulatedKernel()).over(2).n == 7
