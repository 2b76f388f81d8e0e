"""Frames, and the agent's C header that must agree with them."""

import re
import struct
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge.lab import wire
from landbridge.lab.wire import Frame, FrameReader, Kind

frames = st.builds(Frame, st.sampled_from(Kind), st.integers(0, 0xFFFF), st.binary(max_size=300))


@given(st.lists(frames, max_size=8), st.lists(st.integers(1, 50), min_size=1))
def test_frames_survive_any_cut(sent: list[Frame], cuts: list[int]) -> None:
    stream = b"".join(wire.pack(each.kind, each.id, each.payload) for each in sent)
    reader, received, place = FrameReader(), [], 0
    while place < len(stream):
        size = cuts[len(received) % len(cuts)]
        received += reader.feed(stream[place : place + size])
        place += size
    assert received == sent


def test_a_frame_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="the most is 1048576"):
        list(FrameReader().feed(struct.pack("<IHH", wire.MAX_PAYLOAD + 1, Kind.STDOUT, 1)))


def test_the_agent_has_the_same_numbers() -> None:
    header = (resources.files("landbridge.lab") / "agent" / "agent.h").read_text()
    in_c = {name: int(value) for name, value in re.findall(r"\bFRAME_(\w+) = (\d+)", header)}
    assert in_c == {kind.name: kind.value for kind in Kind}
    assert f"#define FRAME_MAX (1u << {wire.MAX_PAYLOAD.bit_length() - 1})" in header


def test_start_carries_all_that_the_command_needs() -> None:
    payload = wire.pack_start(["a", "b c"], {"X": "1"}, cwd="/tmp", uid=5, gid=6, stdin=True, terminal=(24, 80))
    assert struct.unpack_from("<IIIIIHH", payload) == (3, 5, 6, 2, 1, 24, 80)
    assert payload[24:] == b"/tmp\0a\0b c\0X=1\0"
