"""Facts about a run, on a project of one module: what is noticed, what is not, and how it goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = '''"""A rule."""
LIMIT = 10
WORDS = {"small": "s", "large": "l"}


def is_small(count: int) -> bool:
    """Whether a count is small."""
    if count < 0:
        raise ValueError("negative")
    return count < LIMIT


def never(count: int) -> int:
    return count + 1
'''
TESTS = """from rules.one import WORDS, is_small

def test_limits():
    assert is_small(9)
    assert not is_small(10)

def test_words():
    assert WORDS["small"] == "s"
"""
RUN = """
import json, sys
from pathlib import Path
from hub.mutants.__main__ import results_of, run
from hub.mutants.modules import Project
project = Project(Path.cwd(), ("rules",), ("checks",))
run(project, project.modules(), Path("cache"), lambda *_: None)
(result,) = results_of(project.modules(), Path("cache")).values()
print(json.dumps([result.tried, result.noticed, result.unexplained]))
"""


PLAIN = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""The small project's tests need no plugin, and each process that runs some of them would import all."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "rules/__init__.py": "",
        "rules/one.py": SOURCE,
        "checks/test_one.py": TESTS,
        "pytest.ini": "[pytest]\npythonpath = .\naddopts = --import-mode=importlib\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def started(project: Path) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-c", RUN]
    return subprocess.run(call, cwd=project, env=PLAIN, capture_output=True, text=True, check=False)


def ran(project: Path) -> tuple[int, int, list[str]]:
    done = started(project)
    assert done.returncode == 0, done.stderr
    changes, killed, left = json.loads(done.stdout.splitlines()[-1])
    return changes, killed, left


def test_what_no_test_notices_is_named_and_a_better_test_is_enough(project: Path) -> None:
    changes, killed, left = ran(project)
    named = {words.partition(" #")[0] for words in left}
    assert changes == killed + len(left)
    assert "is_small: raise ValueError('negative') → left out" in named
    assert "is_small: if count < 0 → if False" in named
    assert "module: 'large': 'l' → left out" in named
    assert "never: count + 1 → count - 1" in named
    assert not {"is_small: count < LIMIT → count <= LIMIT", "module: LIMIT = 10 → left out"} & named
    assert "module: 'small': 's' → left out" not in named
    better = (
        TESTS + "\ndef test_negative():\n    import pytest\n    with pytest.raises(ValueError):\n        is_small(-1)\n"
    )
    (project / "checks/test_one.py").write_text(better)
    _, more, _ = ran(project)
    assert more > killed
    assert (project / "rules/one.py").read_text() == SOURCE


def test_what_is_called_while_a_module_is_imported_is_tried_too(project: Path) -> None:
    made = "\n\ndef _made(count: int) -> int:\n    return count + 2\n\n\nTWELVE = _made(10)\n"
    more = f"{made}\n\ndef twelve() -> int:\n    return TWELVE\n"
    (project / "rules/one.py").write_text(SOURCE + more)
    test = "\n\ndef test_twelve():\n    from rules.one import twelve\n    assert twelve() == 12\n"
    (project / "checks/test_one.py").write_text(TESTS + test)
    _, _, left = ran(project)
    assert not [words for words in left if words.startswith("_made")]


def test_a_class_is_made_of_those_that_it_stands_below(project: Path) -> None:
    classes = "\n\nclass Base:\n    SIZE = 3\n\n\nclass Below(Base):\n    pass\n"
    function = "\n\ndef size() -> int:\n    return Below.SIZE\n"
    (project / "rules/one.py").write_text(SOURCE + classes + function)
    test = "\n\ndef test_size():\n    from rules.one import size\n    assert size() == 3\n"
    (project / "checks/test_one.py").write_text(TESTS + test)
    _, _, left = ran(project)
    assert not [words for words in left if words.startswith("Base")]


def test_a_test_that_fails_anyway_says_nothing(project: Path) -> None:
    (project / "checks/test_one.py").write_text(TESTS + "\ndef test_wrong():\n    assert not is_small(1)\n")
    done = started(project)
    assert done.returncode != 0
    assert "fails as things are" in done.stderr


def test_what_the_tests_of_a_file_reach_is_kept_though_a_later_one_fails(project: Path) -> None:
    (project / "checks/test_two.py").write_text("def test_never():\n    raise AssertionError\n")
    done = started(project)
    assert "fails as things are" in done.stderr
    kept = [json.loads(note.read_text(encoding="utf-8")) for note in (project / "cache/reach").iterdir()]
    assert [sorted(tests) for tests in kept] == [["checks/test_one.py::test_limits", "checks/test_one.py::test_words"]]
