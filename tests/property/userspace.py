"""Emitted handlers, compiled for user space with the sanitizers on, and driven through a pipe.

The text of ``P_handlers.c``, ``P.h`` and ``P_internal.h`` is what a module is built from, to the letter; only the
kernel's own headers are replaced, by ``shim.h``. This runs a million cases in the time that one guest takes to boot.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from landbridge.channels.placement import place
from landbridge.compiler.ir import Program
from landbridge.module.tree import emit
from landbridge.spec import CommandSpec, InterfaceSpec, ParamSpec, TableSpec

SHIM = Path(__file__).with_name("shim.h")
# As the kernel compiles: signed arithmetic wraps, what is stored may be read as another type. What a handler's author
# left unused, or compares in vain, is not the emitter's fault.
FLAGS = [
    *("-std=gnu11", "-O1", "-g", "-fno-strict-overflow", "-fno-strict-aliasing", "-funsigned-char"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    *("-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-sign-compare", "-Wno-type-limits"),
    *("-Wno-unused-but-set-variable", "-Wno-unused-variable", "-Wno-unused-function"),
    "-Wno-tautological-compare",
    "-Wno-bool-compare",
    "-Wno-int-in-bool-context",
    "-Wno-overflow",
    "-Wno-div-by-zero",
    "-Wno-shift-count-overflow",
    # The sanitizers make gcc see uninitialized variables where there are none; real ones are filled with a pattern.
    *("-Wno-maybe-uninitialized", "-ftrivial-auto-var-init=pattern"),
]
_ERRNO = struct.Struct("=i")
_INCLUDE = re.compile(r"^#include <([^>]+/[^>]+)>", re.MULTILINE)
# Headers that mean the same in user space.
_SHARED = frozenset(["linux/types.h", "linux/in6.h", "linux/if_ether.h", "linux/errno.h"])


# Every dump struct has the same fields in the same places; the context carries the size of a row.
_KEEP_ROW = """
struct any_dump { u64 position, index, anchor; bool moved; void *row, *context; };
static unsigned char kept[1 << 22];
static int rows;
static int keep_row(struct any_dump *dump, const void *row)
{
	size_t size = (size_t)dump->context;

	assert((rows + 1) * size <= sizeof(kept));
	memcpy(kept + rows++ * size, row, size);
	return 0;
}
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One function that the driver can call.

    Attributes:
        request, reply: Bytes; a table's reply has as many rows of that size as there are.
        is_table: Whether it is a table.
    """

    name: str
    call: str
    request: int
    reply: int
    is_table: bool = False


def entries(spec: InterfaceSpec) -> dict[str, Entry]:
    """The functions of an interface, by member: commands, and ``name=`` and ``name`` of Params."""
    found = {}
    p = spec.c_name
    for each in spec.of(CommandSpec):
        arguments = ["(const void *)request"] if each.request else []
        arguments += ["(void *)reply"] if each.reply else []
        request, reply = each.request.size if each.request else 0, each.reply.size if each.reply else 0
        found[each.name] = Entry(each.name, f"return {p}_{each.name}({', '.join(arguments)});", request, reply)
    for param in spec.of(ParamSpec):
        size = param.value.size
        found[f"{param.name}="] = Entry(param.name, f"return {p}_{param.name}_set((const void *)request);", size, 0)
        found[param.name] = Entry(param.name, f"{p}_{param.name}_get((void *)reply); return 0;", 0, size)
    for table in spec.of(TableSpec):
        members = f".row = (void *)keep_row, .context = (void *){table.row.size}UL"
        call = f"struct {p}_{table.name}_dump dump = {{ {members} }}; return {p}_{table.name}(&dump);"
        found[table.name] = Entry(table.name, call, 0, table.row.size, is_table=True)
    return found


class Userspace:
    """Several interfaces as one program.

    Args:
        folder: Where to build.
        programs: What the front end made of the interfaces.
    """

    def __init__(self, folder: Path, programs: Sequence[Program]) -> None:
        self._folder = folder
        self._specs = [program.spec for program in programs]
        self._trees = [emit(program, place(program.spec, None)) for program in programs]
        self._tables = [list(entries(spec).values()) for spec in self._specs]
        self._keys = [{key: i for i, key in enumerate(entries(spec))} for spec in self._specs]

    def text(self, index: int) -> str:
        """The handlers of an interface in C."""
        return self._trees[index].files[f"{self._specs[index].c_name}_handlers.c"]

    def build(self) -> None:
        """Compile and link; any warning is an error."""
        shutil.copy(SHIM, self._folder / "shim.h")
        sources = ["driver.c"]
        for spec, tree in zip(self._specs, self._trees, strict=True):
            for name in (f"{spec.c_name}.h", f"{spec.c_name}_internal.h", f"{spec.c_name}_handlers.c"):
                self._write(name, tree.files[name])
            sources.append(f"{spec.c_name}_handlers.c")
        self._write("driver.c", self._driver())
        wrong = [text for source in sources if (text := self._compile(source))]
        if wrong:
            raise AssertionError("\n".join(wrong))
        self._run(["gcc", "-fsanitize=address,undefined", "-o", "driver", *[f"{each[:-2]}.o" for each in sources]])

    def calls(self, cases: Iterable[tuple[int, str, bytes]]) -> Iterator[tuple[int, bytes]]:
        """Call functions in order: (interface, member, request); gives each errno and reply."""
        stream = bytearray()
        expected = []
        for index, key, request in cases:
            number = self._keys[index][key]
            stream += struct.pack("=HH", index, number) + request
            expected.append((self._tables[index][number].reply, self._tables[index][number].is_table))
        done = subprocess.run(
            ["./driver"], cwd=self._folder, input=bytes(stream), capture_output=True, timeout=300, check=False
        )
        if done.returncode:
            raise AssertionError(f"the handlers died, {done.returncode}:\n{done.stderr.decode()}")
        position = 0
        for size, is_table in expected:
            (errno,) = _ERRNO.unpack_from(done.stdout, position)
            position += _ERRNO.size
            rows = 1
            if is_table and not errno:
                (rows,) = _ERRNO.unpack_from(done.stdout, position)
                position += _ERRNO.size
            reply = b"" if errno else done.stdout[position : position + rows * size]
            position += len(reply)
            yield -errno, reply

    def _write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text)
        for header in _INCLUDE.findall(text):
            if header not in _SHARED:
                path = self._folder / "headers" / header
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text('#include "shim.h"\n')

    def _compile(self, source: str) -> str:
        """Compile one file; gives what the compiler complains about."""
        command = ["gcc", *FLAGS, "-include", "shim.h", "-I.", "-Iheaders", "-c", source]
        return subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, timeout=300, check=False
        ).stderr

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise AssertionError(f"{' '.join(command)}:\n{done.stderr}")

    def _driver(self) -> str:
        """Reads calls from standard input and writes answers to standard output."""
        text = ["#include <stdio.h>", '#include "shim.h"', _KEEP_ROW]
        rows = []
        for i, (spec, table) in enumerate(zip(self._specs, self._tables, strict=True)):
            text.append(f'#include "{spec.c_name}_internal.h"')
            for j, each in enumerate(table):
                text.append(f"static int call_{i}_{j}(void *request, void *reply) {{ {each.call} }}")
                rows.append(f"\t[{i}][{j}] = {{ call_{i}_{j}, {each.request}, {each.reply}, {each.is_table:d} }},")
        most = max(len(table) for table in self._tables)
        text += ["static const struct { int (*call)(void *, void *); size_t request, reply; int is_table; }"]
        text += [f"calls[{len(self._specs)}][{most}] = {{", *rows, "};"]
        internals = [tree.files[f"{tree.name}_internal.h"] for tree in self._trees]
        taking = [tree.name for tree, text in zip(self._trees, internals, strict=True) if "_memory_init" in text]
        text += ["int main(void)", "{", "\tu16 which[2];"]
        text += [f"\tif ({each}_memory_init())\n\t\treturn 1;" for each in taking]
        # Buffers of the exact size, so that the address sanitizer sees one byte too many.
        text += [
            "\twhile (fread(which, sizeof(which), 1, stdin) == 1) {",
            "\t\tsize_t in = calls[which[0]][which[1]].request, out = calls[which[0]][which[1]].reply;",
            "\t\tvoid *request = malloc(in), *reply = malloc(out);",
            "\t\tint err;",
            "\t\trows = 0;",
            "\t\tmemset(reply, 0xa5, out);",
            "\t\tif (in && fread(request, in, 1, stdin) != 1)\n\t\t\treturn 2;",
            "\t\terr = calls[which[0]][which[1]].call(request, reply);",
            "\t\tfwrite(&err, sizeof(err), 1, stdout);",
            "\t\tif (!err && calls[which[0]][which[1]].is_table) {",
            "\t\t\tfwrite(&rows, sizeof(rows), 1, stdout);",
            "\t\t\tfwrite(kept, out, rows, stdout);",
            "\t\t} else if (!err && out) {\n\t\t\tfwrite(reply, out, 1, stdout);\n\t\t}",
            "\t\tfree(request);",
            "\t\tfree(reply);",
            "\t}",
        ]
        text += [f"\t{each}_memory_exit();" for each in taking]
        return "\n".join([*text, "\treturn 0;", "}", ""])
