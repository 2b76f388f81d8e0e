"""Places in Python source."""

from __future__ import annotations

import ast
import linecache
from dataclasses import dataclass

from landbridge.errors import Where


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one Python file.

    Attributes:
        file: Path of the file.
        line, end_line: First and last line, from 1.
        column, end_column: First column and the one after the last, from 1, in characters.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of(cls, node: ast.AST, file: str) -> Span:
        """The span of a node whose positions are those of the file."""
        line, end_line = getattr(node, "lineno", 1), getattr(node, "end_lineno", None)
        column, end_column = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", None)
        end_line = end_line or line
        return cls(
            file,
            line,
            _characters(file, line, column) + 1,
            end_line,
            _characters(file, end_line, column if end_column is None else end_column) + 1,
        )

    @property
    def where(self) -> Where:
        return Where(self.file, self.line, self.column)

    @property
    def text(self) -> str:
        """The first line of the source, stripped."""
        return linecache.getline(self.file, self.line).strip()


def _characters(file: str, line: int, byte_offset: int) -> int:
    # ast counts UTF-8 bytes; people and editors count characters.
    text = linecache.getline(file, line)
    return len(text.encode()[:byte_offset].decode("utf-8", "replace")) if text else byte_offset
