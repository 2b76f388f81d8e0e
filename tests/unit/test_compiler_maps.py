"""Maps against dicts: the same statements, run by Python and in the simulation, give the same."""

from __future__ import annotations

import errno
import textwrap
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge.client import load
from landbridge.errors import KernelError
from landbridge.sim import SimulatedKernel
from tests.diagnostics.source import load_text

_KEYS = st.sampled_from(["a", "b", "1", "2", "self.m.get(a, 1)"])
_VALUES = st.sampled_from(
    ["a", "5", "self.m[a]", "self.m[b] + self.drop(a)", "t", "self.size() * 2", "self.m.get(b, 3)"]
)
_SIMPLE = st.one_of(
    st.builds("self.m[{}] = {}".format, _KEYS, _VALUES),
    st.builds("self.m[{}] += {}".format, _KEYS, _VALUES),
    st.builds("t += {}".format, _VALUES),
    st.builds("a = {}".format, st.sampled_from(["b", "1", "self.m.get(b, 2)"])),
    st.builds("del self.m[{}]".format, _KEYS),
    st.just("self.m.clear()"),
    st.builds("t += self.drop({})".format, _KEYS),
)
_CONDITIONS = st.builds(
    "{} {} {}".format,
    st.builds("{} {} self.m".format, _KEYS, st.sampled_from(["in", "not in"])),
    st.sampled_from(["and", "or"]),
    st.sampled_from(["t > 3", "b in self.m", "self.drop(b) > 0", "a != b"]),
)


def _indented(lines: list[str]) -> str:
    return textwrap.indent("\n".join(lines), "    ")


_BLOCKS = st.recursive(
    st.lists(_SIMPLE, min_size=1, max_size=4),
    lambda inner: st.one_of(
        st.builds(lambda c, x, y: [f"if {c}:", _indented(x), "else:", _indented(y)], _CONDITIONS, inner, inner),
        st.builds(lambda x, y: [*x, *y], inner, inner),
        st.builds(lambda x: ["for i in range(2):", _indented(x)], inner),
        st.builds(
            lambda x: ["for k, v in self.m.items():", _indented(["self.m[k] = v + 1", "t += v * 3 + k", *x])],
            st.lists(st.sampled_from(["t += self.m[k]", "t += self.m.get(a, 1)", "b = k"]), min_size=1, max_size=2),
        ),
    ),
    max_leaves=6,
)

_CLASS = """
class Example(lb.Interface):
    m = lb.Map(lb.u64, lb.u64, entries=64)

    @lb.command
    def run(self, a: lb.u64, b: lb.u64) -> lb.u64:
{body}

    @lb.command
    def dump(self) -> lb.u64:
        t: lb.u64 = 7
        for k, v in self.m.items():
            t = t * 31 + k * 5 + v
        return t

    def drop(self, key: lb.u64) -> lb.u64:
        if key in self.m:
            value = self.m[key]
            del self.m[key]
            return value
        return 0

    def size(self) -> lb.u64:
        return lb.u64(len(self.m))
"""


def _in_python(body: str, a: int, b: int) -> tuple[int | str, int]:
    """What Python makes of it, with a dict."""
    scope: dict[str, object] = {}
    exec(f"def run(self, a, b):\n{body}", scope)
    map_: dict[int, int] = {}
    this = SimpleNamespace(m=map_, drop=lambda key: map_.pop(key, 0), size=lambda: len(map_))
    run = scope["run"]
    assert callable(run)
    try:
        result: int | str = run(this, a, b) % 2**64
    except KeyError:
        result = "ENOENT"
    total = 7
    for key, value in map_.items():
        total = total * 31 + key * 5 + value
    return result, total % 2**64


def _in_the_kernel(body: str, a: int, b: int) -> tuple[int | str, int]:
    (cls,) = load_text(_CLASS.format(body=textwrap.indent(body, "    ")))
    example = load(cls, kernel=SimulatedKernel())
    try:
        result: int | str = example.run(a, b)
    except KernelError as error:
        result = errno.errorcode[error.errno]
    return result, example.dump()


@settings(max_examples=300, deadline=None)
@given(_BLOCKS, st.integers(0, 4), st.integers(0, 4))
def test_maps_behave_as_dicts(lines: list[str], a: int, b: int) -> None:
    body = _indented(["t = 0", *lines, "return t"])
    typed = body.replace("t = 0", "t: lb.u64 = 0", 1)
    assert _in_the_kernel(typed, a, b) == _in_python(body, a, b)
