"""Facts about changes: what is changed, what is left alone, and by what words a change is known."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from hub.mutants.changes import changes_of
from hub.mutants.modules import Module


def words(source: str) -> list[str]:
    return [change.words for change in changes_of(ast.parse(source))]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", "a < b → a <= b"),
        ("a >= b", "a >= b → a > b"),
        ("a == b", "a == b → a != b"),
        ("a not in b", "a not in b → a in b"),
        ("a and b", "a and b → a or b"),
        ("not a", "not a → a"),
        ("a - b", "a - b → a + b"),
        ("f(3)", "f(3) → f(4)"),
        ("f(0.5)", "f(0.5) → f(1.0)"),
        ("f(0.0)", "f(0.0) → f(1.0)"),
        ("f(True)", "f(True) → f(False)"),
        ("f('word')", "f('word') → f('XXword')"),
        ("f(b'PK')", "f(b'PK') → f(b'XXPK')"),
        ("f(strict=False)", "f(strict=False) → left out"),
        ("any(a)", "any(a) → all(a)"),
        ("a.max()", "a.max() → a.min()"),
        ("sorted(a)", "sorted(a) → list(a)"),
        ("{a, b}", "b → left out"),
        ("{a: b}", "a: b → left out"),
        ("a if b else c", "a if b else c → c"),
        ("[a for a in b if c]", "if c → left out"),
        ("if a:\n    b", "if a → if True"),
        ("if a:\n    b", "if a → if False"),
        ("raise a", "raise a → left out"),
        ("yield a", "yield a → left out"),
    ],
)
def test_this_is_changed(source: str, expected: str) -> None:
    body = source.replace("\n", "\n    ")
    assert f"f: {expected}" in words(f"def f():\n    {body}\n")


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring."""',
        "def f():\n    'A docstring.'",
        "a: int",
        "def f(a: int | str) -> None: pass",
        "a = 'two words'",
        "a = f'{b}word{c:>3}'",
        "import a",
        "d = a(b, c, strict=True)",
        "if __name__ == '__main__':\n    f(1)",
    ],
)
def test_this_is_left_alone(source: str) -> None:
    assert words(source) == []


def test_a_range_in_an_annotation_is_a_rule() -> None:
    found = words("class A:\n    a: Annotated[int, Field(ge=1, le=5)]\n")
    assert "A: ge=1 → ge=2" in found or any("2" in each for each in found)
    assert any("left out" in each for each in found)


def test_a_default_belongs_to_what_stands_around_a_function() -> None:
    made = changes_of(ast.parse("@known(1)\ndef f(a=2):\n    return 3\n"))
    by_import = {change.words: change.at_import for change in made}
    assert by_import == {
        "f: return 3 → left out": False,
        "f: 3 → 4": False,
        "module: 2 → 3": True,
    }
    assert all("f" in change.binds for change in made if change.at_import)


def test_equal_changes_of_one_place_are_told_apart() -> None:
    keys = [change.key for change in changes_of(ast.parse("def f():\n    return a < b, a < b\n"))]
    assert len(keys) == len(set(keys))


def test_each_change_gives_other_code_and_leaves_the_tree_as_it_was(tmp_path: Path) -> None:
    """Every module of the gate would take long; this one has most kinds of changes."""
    file = Path(__file__).parents[4] / "hub/gate/verdict.py"
    module = Module("hub/gate/verdict.py", file)
    before = ast.dump(module.tree)
    real = compile(module.tree, str(file), "exec", dont_inherit=True)
    assert module.changes
    for change in module.changes:
        assert module.changed(change) != real, change.words
    assert ast.dump(module.tree) == before
