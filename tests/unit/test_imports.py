"""The shape of the repository: imports go downwards only, importing is fast, files are small."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "landbridge"

# From the ground up. A unit (a package or module directly in landbridge) may import from lower rows only.
# "landbridge" is what the package itself gives: its __init__.py.
LAYERS = (
    {"errors"},
    {"types"},
    {"spec", "scalars", "events"},
    {"declare", "constants", "intrinsics"},
    {"compiler", "netlink"},
    {"channels", "kernel"},
    {"module", "sim"},
    {"client", "lab"},
    {"landbridge"},
    {"testing"},
    {"cli"},
    {"__main__"},
)
RANK = {unit: rank for rank, units in enumerate(LAYERS) for unit in units}
IMPORT_LIMIT_MS = 60
LINE_LIMIT = 500


def unit_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "landbridge"


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")


def running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those under ``if TYPE_CHECKING``, which never run."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for other in child.orelse:
                yield from running_nodes(other)
        else:
            yield from running_nodes(child)


def imports_of(file: Path) -> Iterator[tuple[int, str]]:
    """Each (line, module of landbridge) that a file imports, in functions too."""
    for node in running_nodes(ast.parse(file.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are absolute"
            assert node.module is not None
            names = [node.module]
            if node.module == "landbridge":
                # "from landbridge import lab" is about landbridge.lab.
                names = [f"landbridge.{each.name}" if each.name in RANK else "landbridge" for each in node.names]
        for name in names:
            if name.split(".")[0] == "landbridge":
                yield node.lineno, name


def sources() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def tracked() -> list[Path]:
    """The repository's text files: what git knows, and what it would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_every_unit_has_a_layer() -> None:
    units = {unit_of(module_of(file)) for file in sources()}
    assert units <= set(RANK), f"give these a place in LAYERS: {units - set(RANK)}"


@pytest.mark.parametrize("unit", sorted(RANK, key=lambda name: RANK[name]))
def test_imports_go_downwards(unit: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{line}: {unit} imports {imported}"
        for file in sources()
        if unit_of(module_of(file)) == unit
        for line, imported in imports_of(file)
        if unit_of(imported) != unit and RANK[unit_of(imported)] >= RANK[unit]
    ]
    assert not wrong, "\n".join(wrong)


def test_the_walk_sees_imports_in_functions(tmp_path: Path) -> None:
    file = tmp_path / "sample.py"
    file.write_text("if TYPE_CHECKING:\n    import landbridge.cli\ndef f():\n    from landbridge.lab import run\n")
    assert list(imports_of(file)) == [(4, "landbridge.lab")]


def measure(statement: str) -> tuple[float, set[str]]:
    """Milliseconds of processor time that a statement takes in a fresh Python, and the modules there are then."""
    program = (
        "import json, sys, time\n"
        "begin = time.process_time()\n"
        f"{statement}\n"
        "print(json.dumps([(time.process_time() - begin) * 1e3, sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    seconds, modules = json.loads(done.stdout)
    return seconds, set(modules)


def test_importing_landbridge_is_fast() -> None:
    # The best of some, of processor time: the machine may be busy with other things.
    best = min(measure("import landbridge")[0] for _ in range(12))
    assert best < IMPORT_LIMIT_MS


def test_importing_landbridge_leaves_heavy_modules_alone() -> None:
    _, modules = measure("import landbridge")
    heavy = {
        *("click", "rich", "jinja2", "asyncio", "subprocess", "multiprocessing", "concurrent.futures", "pytest"),
        *("urllib.request", "http.client", "email", "tarfile", "logging"),
    }
    assert not modules & heavy
    assert not [name for name in modules if name.startswith(("landbridge.cli", "landbridge.lab", "landbridge.module"))]


def test_help_leaves_heavy_modules_alone() -> None:
    _, modules = measure(
        "from click.testing import CliRunner\n"
        "from landbridge.cli.root import landbridge\n"
        "assert CliRunner().invoke(landbridge, ['--help']).exit_code == 0"
    )
    assert not modules & {"rich", "jinja2", "landbridge.lab", "landbridge.module", "landbridge.compiler.frontend"}


def test_files_are_small() -> None:
    kinds = {".py", ".c", ".h", ".j2", ".sh", ".toml"}
    long = {
        str(file.relative_to(ROOT)): count
        for file in tracked()
        if file.suffix in kinds and (count := len(file.read_text().splitlines())) > LINE_LIMIT
    }
    assert not long, f"look for the second noun in these: {long}"


def test_nothing_names_a_machine() -> None:
    # Spelt so that this file does not find itself.
    absolute = re.compile(rb"(?<![\w.])/(?:wo" rb"rk|ro" rb"ot|ho" rb"me/\w+)/")
    registry = re.compile(rb"py" rb"pi\.org|python" rb"hosted|index" rb"-url", re.IGNORECASE)
    wrong = [
        f"{file.relative_to(ROOT)}:{number}: {line.decode(errors='replace').strip()}"
        for file in tracked()
        for number, line in enumerate(file.read_bytes().splitlines(), start=1)
        if absolute.search(line) or registry.search(line)
    ]
    assert not wrong, "\n".join(wrong)
