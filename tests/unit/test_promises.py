"""The security model names only tests that exist, and every promise has one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (P\d) \| .* \| (.*) \|$", re.MULTILINE)


def test_every_promise_names_a_test_that_exists() -> None:
    rows = dict(ROW.findall((ROOT / "docs/explanation/security-model.md").read_text()))
    assert sorted(rows) == [f"P{n}" for n in range(1, 10)]
    named = {promise: re.findall(r"`(tests/[^`]+)`", cell) for promise, cell in rows.items()}
    assert [p for p, files in named.items() if not files] == []
    missing = [f for files in named.values() for f in files if "def test_" not in _text(f)]
    assert missing == []


def test_every_file_of_attacks_is_named_in_the_security_model() -> None:
    model = (ROOT / "docs/explanation/security-model.md").read_text()
    there = [f"tests/attacks/{path.name}" for path in (ROOT / "tests/attacks").glob("test_*.py")]
    assert sorted(name for name in there if f"`{name}`" not in model) == []


def _text(name: str) -> str:
    path = ROOT / name
    return path.read_text() if path.is_file() else ""
