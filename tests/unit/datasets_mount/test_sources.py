"""Which files of a folder can be offered."""

import os
from pathlib import Path

import pytest

from datasets_mount.sources import local_files
from hub.domain.errors import InvalidError


def reason(folder: Path) -> str:
    with pytest.raises(InvalidError) as caught:
        local_files(folder)
    return caught.value.reason


def test_csv_and_parquet_are_offered_by_name_with_their_sizes(tmp_path: Path) -> None:
    for name, body in (("b.parquet", b"PAR1"), ("a.CSV", b"x\n1\n"), ("c.tsv", b"x"), (".hidden", b"")):
        (tmp_path / name).write_bytes(body)
    assert [(f.name, f.size) for f in local_files(tmp_path)] == [("a.CSV", 4), ("b.parquet", 4), ("c.tsv", 1)]


def test_link_is_refused_even_to_a_good_file(tmp_path: Path) -> None:
    (tmp_path / ".good").write_text("x\n1\n")
    (tmp_path / "a.csv").symlink_to(tmp_path / ".good")
    assert reason(tmp_path) == "source-special"


def test_pipe_and_folder_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    assert reason(tmp_path) == "source-special"
    (tmp_path / "a.csv").unlink()
    (tmp_path / "a.csv").mkdir()
    assert reason(tmp_path) == "source-special"


def test_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    assert reason(tmp_path) == "source-empty"


def test_other_kinds_are_named_rather_than_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "b.xlsx").write_text("x")
    with pytest.raises(InvalidError, match=r"b\.xlsx"):
        local_files(tmp_path)


def test_folder_that_is_missing_empty_or_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".file").touch()
    assert reason(tmp_path / "missing") == "source-folder"
    assert reason(tmp_path / ".file") == "source-folder"
    assert reason(tmp_path) == "source-empty-folder"
