"""The codes of what can be wrong in kernel Python. A code keeps its meaning for ever; new ones get new numbers."""

from __future__ import annotations

import enum


class Code(enum.StrEnum):
    """Codes of diagnostics; each has a page, see :mod:`landbridge.compiler.explain`."""

    # The source and its names
    NO_SOURCE = "LB201"
    UNSUPPORTED_CONSTRUCT = "LB202"
    UNSUPPORTED_OPERATOR = "LB203"
    UNKNOWN_NAME = "LB204"
    NOT_A_VALUE = "LB205"
    UNKNOWN_ATTRIBUTE = "LB206"
    NOT_CALLABLE = "LB207"
    WRONG_ARGUMENTS = "LB208"
    MISSING_ANNOTATION = "LB209"

    # Types
    LITERAL_WITHOUT_TYPE = "LB210"
    LITERAL_OUT_OF_RANGE = "LB211"
    MIXED_TYPES = "LB212"
    WRONG_TYPE = "LB213"
    CONDITION_NOT_BOOL = "LB214"
    WRONG_OPERAND = "LB215"
    NO_CONVERSION = "LB216"
    TYPE_CHANGED = "LB217"
    TEXT_TOO_LONG = "LB218"
    WRONG_LENGTH = "LB219"

    # Flow
    UNASSIGNED = "LB220"
    MISSING_RETURN = "LB221"
    WRONG_RETURN = "LB222"
    NOT_ASSIGNABLE = "LB223"
    KERNEL_OBJECT_ESCAPES = "LB224"
    WRONG_YIELD = "LB225"
    INLINE_C_NOT_ALONE = "LB226"

    # Failures
    UNKNOWN_EXCEPTION = "LB230"
    MESSAGE_DROPPED = "LB231"
    WRONG_ERRNO = "LB232"
    ALWAYS_FAILS = "LB233"

    # Loops
    NOT_ITERABLE = "LB240"
    WRONG_RANGE = "LB241"
    MAP_CHANGED_IN_LOOP = "LB242"

    # Context
    SLEEPS_IN_ATOMIC = "LB250"
    SLEEPS_IN_RCU = "LB251"
    SLEEPS_UNDER_SPINLOCK = "LB252"
    NO_CALLER = "LB253"
    RECURSION = "LB254"
    STACK_TOO_LARGE = "LB255"

    # The kernel log
    FORMAT_NOT_LITERAL = "LB260"
    FORMAT_ARGUMENTS = "LB261"
    FORMAT_CONVERSION = "LB262"
