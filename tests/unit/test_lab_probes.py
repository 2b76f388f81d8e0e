"""What the running kernel allows: three answers, and a target that says no in time."""

from pathlib import Path

import pytest

from landbridge.errors import UnsupportedError
from landbridge.kernel import KernelTarget, probes
from landbridge.kernel.probes import Answer
from landbridge.kernel.target import version_of


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_an_answer_is_no_truth_value() -> None:
    with pytest.raises(TypeError, match="three values"):
        bool(Answer.NO)


def test_loadable_modules(tmp_path: Path) -> None:
    assert probes.loadable_modules(tmp_path) is Answer.UNKNOWN
    put(tmp_path, "version", "Linux")
    assert probes.loadable_modules(tmp_path) is Answer.NO
    put(tmp_path, "modules", "")
    assert probes.loadable_modules(tmp_path) is Answer.YES


@pytest.mark.parametrize(
    ("text", "answer"), [("none [integrity] confidentiality", Answer.YES), ("[none] integrity", Answer.NO)]
)
def test_lockdown(tmp_path: Path, text: str, answer: Answer) -> None:
    put(tmp_path, "kernel/security/lockdown", text)
    assert probes.locked_down(tmp_path) is answer
    assert probes.locked_down(tmp_path / "elsewhere") is Answer.UNKNOWN


@pytest.mark.parametrize(("text", "answer"), [("Y\n", Answer.YES), ("N\n", Answer.NO)])
def test_signatures(tmp_path: Path, text: str, answer: Answer) -> None:
    put(tmp_path, "module/module/parameters/sig_enforce", text)
    assert probes.signature_enforced(tmp_path) is answer
    assert probes.signature_enforced(tmp_path / "elsewhere") is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("probe", "answer", "words"),
    [
        ("loadable_modules", Answer.NO, "cannot load modules"),
        ("modules_disabled", Answer.YES, "switched off"),
        ("signature_enforced", Answer.YES, "signed modules only"),
        ("locked_down", Answer.YES, "locked down"),
    ],
)
def test_a_kernel_that_refuses_modules(monkeypatch: pytest.MonkeyPatch, probe: str, answer: Answer, words: str) -> None:
    for name in ("modules_disabled", "signature_enforced", "locked_down"):
        monkeypatch.setattr(probes, name, lambda: Answer.UNKNOWN)
    monkeypatch.setattr(probes, "loadable_modules", lambda: Answer.YES)
    monkeypatch.setattr(probes, probe, lambda: answer)
    with pytest.raises(UnsupportedError, match=words) as caught:
        KernelTarget.here()
    assert "landbridge run" in str(caught.value)


@pytest.mark.parametrize(
    ("release", "version"), [("6.1.0-56-cloud-amd64", (6, 1)), ("5.10", (5, 10)), ("7.3.4+deb13-amd64", (7, 3))]
)
def test_versions(release: str, version: tuple[int, int]) -> None:
    assert version_of(release) == version


def test_no_version() -> None:
    with pytest.raises(ValueError, match="'linux'"):
        version_of("linux")
