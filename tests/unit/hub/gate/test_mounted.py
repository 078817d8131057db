"""Facts about datasets that are opened below a folder: all of their files and no others, or none at all."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from hub.domain.errors import InvalidError
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import from_scans, mount

PEOPLE = pl.DataFrame({"u": ["P2", "P1"], "name": ["Zoé B.", "Ann A."], "g": ["x", "y"]})


def described(folder: Path | str = "/", **declared: object) -> DatasetDescription:
    return DatasetDescription.model_validate({"name": "care", "folder": str(folder)} | declared)


def test_all_parquet_files_below_the_folder_are_opened_by_their_names_alone(tmp_path: Path) -> None:
    for name in ("b.parquet", "a[1]*.parquet", "sub/c.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        PEOPLE.with_columns(g=pl.lit(name)).write_parquet(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no data")
    opened = mount(described(tmp_path, privacy_unit="u"))
    assert [file.name for file in opened.files] == ["a[1]*.parquet", "b.parquet", "sub/c.parquet"]
    assert [file.texts("g").to_list() for file in opened.files] == [[file.name] for file in opened.files]
    assert {(file.dataset, file.unit) for file in opened.files} == {("care", "u")}


def test_a_folder_without_any_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a\n1\n")
    with pytest.raises(InvalidError, match="The dataset care has no Parquet file") as caught:
        mount(described(tmp_path))
    assert caught.value.reason == "dataset-missing"


@pytest.mark.parametrize(
    "declared",
    [
        {"privacy_unit": "no"},
        {"direct_identifiers": ("name", "no")},
        {"group_columns": ("no",)},
        {"structural_zeros": ({"g": "x", "no": "y"},)},
    ],
)
def test_what_is_declared_of_a_column_that_is_not_there_is_refused(declared: dict[str, object]) -> None:
    with pytest.raises(InvalidError, match="The dataset care has no column") as caught:
        from_scans(described(**declared), {"a.parquet": PEOPLE.lazy()})
    assert caught.value.reason == "dataset-columns"


def test_a_column_of_one_file_is_enough(tmp_path: Path) -> None:
    other = pl.DataFrame({"k": [1]})
    made = from_scans(described(direct_identifiers=("name", "u")), {"b": PEOPLE.lazy(), "a": other.lazy()})
    assert [file.name for file in made.files] == ["a", "b"]
    assert [(name, known.to_list()) for name, known in made.identifier_keys] == [
        ("name", ["Ann A.", "Zoé B."]),
        ("u", ["P1", "P2"]),
    ]
    assert [known.to_list() for known in made.plain_identifiers] == [["anna", "zoeb"], ["p1", "p2"]]


def test_identifiers_without_a_letter_are_no_words() -> None:
    dataset = from_scans(described(direct_identifiers=("name",)), {"a": pl.DataFrame({"name": ["-", "..."]}).lazy()})
    (words,) = dataset.plain_identifiers
    assert (words.to_list(), words.dtype) == ([], pl.String)
