"""Facts about which changes are tried where not all are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hub.mutants.modules import Module
from hub.mutants.picking import one_a_line

SOURCE = '''"""A rule."""
LIMIT = 10
WORDS = {"small": "s", "large": "l"}


def is_small(count: int) -> bool:
    if count < 0:
        raise ValueError("negative")
    return count < LIMIT and count != 7
'''


def module(tmp_path: Path, text: str = SOURCE) -> Module:
    file = tmp_path / "one.py"
    file.write_text(text)
    return Module("rules/one.py", file)


def test_each_line_that_can_be_changed_is_changed_once(tmp_path: Path) -> None:
    one = module(tmp_path)
    assert len(one.changes) > 12
    picked = one_a_line(one)
    assert Counter(change.line for change in picked) == Counter({2: 1, 3: 1, 7: 1, 8: 1, 9: 1})
    assert [change for change in one.changes if change in picked] == picked


def test_other_lines_do_not_alter_what_is_picked(tmp_path: Path) -> None:
    keys = {change.key for change in one_a_line(module(tmp_path))}
    longer = module(tmp_path, '"""A rule."""\nMOST = 3\n' + SOURCE + "\n\ndef other() -> int:\n    return MOST\n")
    assert keys < {change.key for change in one_a_line(longer)}


def test_a_higher_limit_adds_to_what_a_lower_one_picks(tmp_path: Path) -> None:
    one = module(tmp_path)
    few, more = one_a_line(one, 2), one_a_line(one, 4)
    assert (len(few), len(more)) == (2, 4)
    assert all(change in more for change in few)
