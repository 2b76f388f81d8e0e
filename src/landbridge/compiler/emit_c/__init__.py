"""From the typed tree to kernel C.

- :mod:`source` puts ``P_handlers.c`` together; :mod:`functions` and :mod:`entries` make its functions,
  :mod:`statements`, :mod:`loops`, :mod:`printing` and :mod:`expressions` (with :mod:`arithmetic`,
  :mod:`compare`, :mod:`convert`, :mod:`constants`) what is in them;
- :mod:`memory`, :mod:`params`, :mod:`maps`: the kernel end's own memory; :mod:`validate`: what users send;
  :mod:`headers`, :mod:`helpers`: small functions, where they are used;
- :mod:`code`, :mod:`wrap`, :mod:`cexpr`, :mod:`names`, :mod:`ctype`, :mod:`structs`: C as such.
"""

from landbridge.compiler.emit_c.code import Line
from landbridge.compiler.emit_c.source import Handlers, emit_dumps, emit_handlers, emit_uapi

__all__ = ["Handlers", "Line", "emit_dumps", "emit_handlers", "emit_uapi"]
