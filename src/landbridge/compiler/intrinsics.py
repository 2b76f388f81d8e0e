"""What handlers may ask of the kernel: the one table that the front end and all targets read.

The Python names that users see are in :mod:`landbridge.intrinsics`; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from landbridge.types import Chars, Type, boolean, s32, u32, u64

COMM = Chars(16)
"""Type of a task's name: TASK_COMM_LEN bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntrinsicSpec:
    """One kernel function as handlers see it.

    Attributes:
        name: As in Python; also the name of the method that the simulated kernel answers with, which takes
            the arguments' values and returns the result's (int, bool, str).
        parameters: Names and types.
        result: Type of the result; None: called for its effect, an ``ir.Do`` instead of an ``ir.Intrinsic``.
        c: What it becomes in C: an expression, or, with ``into``, a statement without its semicolon. ``{0}``,
            ``{1}`` stand for the arguments, ``{result}`` for the place that gets the result.
        headers: Kernel headers that the C needs.
        doc: One line, for editors and ``explain``.
        into: The result is not a C value; ``c`` is a statement that fills ``{result}``.
        sleeps: It may sleep, so no hook, timer or RCU section may reach it.
        volatile: Two calls in a handler may differ, or a call has an effect: the front end puts each call into an
            ``ir.Set`` of its own.
        needs_caller: It speaks about the process that called; no hook or timer may reach it.
        is_public: Users call it by this name; else the front end makes it from something else.
    """

    name: str
    parameters: tuple[tuple[str, Type], ...] = ()
    result: Type | None
    c: str
    headers: tuple[str, ...]
    doc: str
    into: bool = False
    sleeps: bool = False
    volatile: bool = False
    needs_caller: bool = False
    is_public: bool = True


_TABLE = (
    IntrinsicSpec(
        name="ktime_get_ns",
        result=u64,
        c="ktime_get_ns()",
        headers=("linux/timekeeping.h",),
        doc="Nanoseconds since boot, without the time that the machine was suspended.",
        volatile=True,
    ),
    IntrinsicSpec(
        name="ktime_get_real_ns",
        result=u64,
        c="ktime_get_real_ns()",
        headers=("linux/timekeeping.h",),
        doc="Nanoseconds since 1970; jumps when the clock is set.",
        volatile=True,
    ),
    IntrinsicSpec(
        name="jiffies",
        result=u64,
        c="get_jiffies_64()",
        headers=("linux/jiffies.h",),
        doc="Timer ticks since about boot (the kernel starts at minus five minutes); their rate is the kernel's HZ.",
        volatile=True,
    ),
    IntrinsicSpec(
        name="get_random_u32",
        result=u32,
        c="get_random_u32()",
        headers=("linux/random.h",),
        doc="A random number from the kernel's generator.",
        volatile=True,
    ),
    IntrinsicSpec(
        name="smp_processor_id",
        result=u32,
        c="raw_smp_processor_id()",
        headers=("linux/smp.h",),
        doc="Number of the CPU that runs this; it may change wherever the handler may be preempted.",
        volatile=True,
    ),
    IntrinsicSpec(
        name="current_pid",
        result=s32,
        c="task_pid_nr(current)",
        headers=("linux/sched.h",),
        doc="Thread ID of the caller, as the initial PID namespace counts.",
        needs_caller=True,
    ),
    IntrinsicSpec(
        name="current_tgid",
        result=s32,
        c="task_tgid_nr(current)",
        headers=("linux/sched.h",),
        doc="Process ID of the caller (what os.getpid() gives), as the initial PID namespace counts.",
        needs_caller=True,
    ),
    IntrinsicSpec(
        name="current_uid",
        result=u32,
        c="from_kuid(&init_user_ns, current_uid())",
        headers=("linux/cred.h", "linux/uidgid.h", "linux/user_namespace.h"),
        doc="User ID of the caller, as the initial user namespace counts.",
        needs_caller=True,
    ),
    IntrinsicSpec(
        name="current_comm",
        result=COMM,
        c="strscpy_pad({result}, current->comm, sizeof({result}))",
        headers=("linux/sched.h", "linux/string.h"),
        doc="Name of the calling thread.",
        into=True,
        volatile=True,
        needs_caller=True,
    ),
    IntrinsicSpec(
        name="capable",
        parameters=(("capability", s32),),
        result=boolean,
        c="capable({0})",
        headers=("linux/capability.h",),
        doc="Whether the caller has a capability in the initial user namespace.",
        volatile=True,
        needs_caller=True,
    ),
    IntrinsicSpec(
        name="msleep",
        parameters=(("milliseconds", u32),),
        result=None,
        c="msleep({0})",
        headers=("linux/delay.h",),
        doc="Sleep for at least this many milliseconds.",
        sleeps=True,
        volatile=True,
    ),
    IntrinsicSpec(
        name="strlen",
        parameters=(("text", Chars(4096)),),
        result=u32,
        c="strlen({0})",
        headers=("linux/string.h",),
        doc="Bytes of a text, from len(text): any Chars, up to its NUL.",
        is_public=False,
    ),
)

INTRINSICS: Mapping[str, IntrinsicSpec] = {each.name: each for each in _TABLE}
"""By name."""

LOG_LEVELS: tuple[str, ...] = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")
"""Levels of ``pr_emerg`` to ``pr_debug`` (``ir.Print``), most urgent first: KERN_EMERG is 0."""

ITERATORS: Mapping[str, str] = {"for_each_process": "Task", "for_each_netdev": "NetDevice"}
"""Kernel lists that a ``for`` may walk (``ir.ForProcess``, ``ir.ForNetdev``), and the class of what they give;
their attributes are in :mod:`landbridge.compiler.objects`."""
