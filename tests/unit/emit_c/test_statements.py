"""How single statements and expressions of kernel Python read in C."""

from __future__ import annotations

import textwrap
from typing import Annotated

import pytest

import landbridge as lb
from landbridge.compiler import compile_interface
from landbridge.compiler.emit_c import emit_handlers
from landbridge.declare import Interface
from landbridge.errors import CompileError

Text = Annotated[str, lb.Chars(16)]


def body(cls: type[Interface], name: str = "run") -> str:
    """The statements of a function, one per line, declarations left out."""
    lines = [each.text for each in emit_handlers(compile_interface(cls)).body]
    start = next(
        i for i, text in enumerate(lines) if f"_{name}" in text and text[0] not in " \t/*#" and ";" not in text
    )
    opened = lines.index("{", start)
    inner = lines[opened + 1 : lines.index("}", opened)]
    return textwrap.dedent("\n".join(inner))


class Numbers(lb.Interface):
    @lb.command
    def run(self, a: lb.u8, b: lb.u8, c: lb.s64, d: lb.u64) -> lb.u64:
        x = a + b
        wide = lb.u64(a + b) + lb.u64(x)
        y = (a + b) >> 1
        z = c // 3
        return wide + lb.u64(y) + lb.u64(z) + d // 10 + (lb.u64(1) << 40)


def test_narrow_sums_are_cut_only_where_it_matters() -> None:
    text = body(Numbers)
    assert "x = request->a + request->b;" in text
    assert "wide = (u64)(u8)(request->a + request->b) + x;" in text
    assert "y = (u8)(request->a + request->b) >> 1;" in text


def test_wide_divisions_link_on_any_machine() -> None:
    text = body(Numbers)
    assert "z = numbers_floordiv_s64(request->c, 3);" in text
    assert "div_u64(request->d, 10)" in text
    assert "1099511627776ULL" in text


class Places(lb.Interface):
    total = lb.State(lb.u32)
    limit = lb.Param(lb.u32, default=7)
    name = lb.State(lb.Chars(16))

    @lb.command
    def run(self, text: Text, n: lb.u32) -> lb.u32:
        self.name = text
        if self.name != "root" and n > self.limit:
            raise PermissionError
        self.total += n
        self.total -= 1
        return self.total

    @lb.command
    def peek(self) -> lb.u32:
        return self.limit


def test_text_is_copied_with_its_bound() -> None:
    text = body(Places)
    assert "strscpy_pad(places_name, request->text, sizeof(places_name));" in text
    assert 'if (strcmp(places_name, "root") != 0 && request->n > ' in text


def test_places_are_changed_in_place() -> None:
    text = body(Places)
    assert "places_total += request->n;" in text
    assert "places_total--;" in text


def test_a_word_that_is_read_without_the_lock_is_read_once() -> None:
    assert "reply->value = READ_ONCE(places_limit);" in body(Places, "peek")
    assert "WRITE_ONCE(places_limit, param->value);" in body(Places, "limit_set")


class Loops(lb.Interface):
    items = lb.State(lb.Array(lb.u16, 8))

    @lb.command
    def run(self, n: lb.u8) -> lb.u32:
        total: lb.u32 = 0
        for i in range(8):
            total += lb.u32(self.items[i])
        for j in range(0, n, 3):
            total += lb.u32(j)
        while total > 1000:
            total = total // 2
        return total


def test_a_counter_in_range_is_not_checked_again() -> None:
    text = body(Loops)
    assert "for (i = 0; i < 8; i++)\n\ttotal += loops_items[i];" in text
    assert "ERANGE" not in text


def test_a_step_cannot_pass_the_largest_number() -> None:
    assert "s64 j_at;" in body(Loops)
    assert "for (j_at = 0; j_at < request->n; j_at += 3) {" in body(Loops)


def test_loops_of_unknown_length_have_a_budget() -> None:
    assert "if (!turns--)\n\t\treturn -ELOOP;" in body(Loops)


class Strange(lb.Interface):
    @lb.command
    def run(self, request: lb.u32, err: lb.u32, N: lb.u32) -> lb.u32:
        n = N + request
        jiffies_ = n
        camelCase = jiffies_ + err
        camelCase += 1
        return camelCase


def test_names_that_c_has_other_uses_for_are_changed() -> None:
    text = body(Strange)
    assert "n = request->N + request->request;" in text
    assert "camel_case = jiffies_ + request->err;" in text


class Log(lb.Interface):
    @lb.command(capability=None)
    def run(self, text: Text, where: lb.ipv4, big: lb.u64, flag: bool) -> None:
        lb.pr_warn("%s from %s: %x%% %s", text, where, big, flag)


def test_log_lines_escape_what_users_wrote_and_are_limited() -> None:
    text = " ".join(body(Log).split())
    assert 'pr_warn_ratelimited("%*pE from %pI4: %llx%% %s\\n", log_line_length(request->text), request->text,' in text
    assert '&request->where, request->big, request->flag ? "True" : "False");' in text


class InC(lb.Interface):
    @lb.command
    def run(self, text: Text, n: lb.u32) -> lb.u32:
        lb.c("""
            if (n > 7)
                return -EINVAL;
            reply->value = strlen(text) + n;
            return 0;
        """)


def test_a_body_in_c_sees_the_arguments() -> None:
    text = body(InC)
    assert "u32 n = request->n;" in text
    assert "const char *text = request->text;" in text
    assert text.index("memset(reply") < text.index("if (n > 7)")
    assert "reply->value = strlen(text) + n;" in text


def test_emission_is_deterministic() -> None:
    program = compile_interface(Numbers)
    assert emit_handlers(program) == emit_handlers(program)


def test_what_does_not_compile_is_not_emitted() -> None:
    class Wrong(lb.Interface):
        @lb.command
        def run(self, n: lb.u32) -> lb.u32:
            return n / 2

    with pytest.raises(CompileError):
        compile_interface(Wrong)
