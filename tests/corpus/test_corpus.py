"""Facts about the corpus: no bad output passes, no good one is blocked, and every check has both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from corpus.case import Case, Files
from corpus.catalogue import NEEDED, cases
from corpus.data import DATASETS, mounted
from corpus.judge import body_of, judged
from corpus.page import PAGE, page
from hub.adapters.local_gate import Asked, check_paths
from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.engine import FAILED
from hub.gate.exchange import Verdict
from hub.gate.verdict import verdict_of

BAD = [case for case in cases() if case.is_bad]
GOOD = [case for case in cases() if not case.is_bad]
ORDER = list(Verdict)


def named(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", BAD, ids=named)
def test_no_bad_output_passes(case: Case) -> None:
    said = judged(case)
    by_check = {(found.check, found.severity) for found in said.findings}
    assert (case.finds, case.severity) in by_check, said.findings
    assert ORDER.index(said.verdict) <= ORDER.index(verdict_of(case.severity))


@pytest.mark.parametrize("case", GOOD, ids=named)
def test_no_good_output_is_blocked(case: Case) -> None:
    said = judged(case)
    assert said.verdict is not Verdict.BLOCK, said.findings
    assert (said.verdict is Verdict.REVIEW) is bool(case.review), said.findings


@pytest.mark.parametrize("case", cases(), ids=named)
def test_no_check_fails_on_a_case(case: Case) -> None:
    """One that fails blocks as well as one that finds something, and is no such thing."""
    assert FAILED not in {found.rule for found in judged(case).findings}


@pytest.mark.parametrize(("check", "of_name"), NEEDED)
def test_every_check_has_a_bad_and_a_good_output(check: str, of_name: bool) -> None:
    own = {case.is_bad for case in cases() if (case.check, case.named) == (check, of_name)}
    assert own == {True, False}


def test_there_are_as_many_as_were_asked_for() -> None:
    assert len(BAD) >= 60
    assert len(GOOD) >= 25


def test_every_dataset_is_used() -> None:
    assert {name for case in cases() for name in case.data} == set(DATASETS)


def test_each_case_says_what_it_is_and_has_a_name_of_its_own() -> None:
    assert all(case.says.endswith(".") for case in cases())
    assert len({case.name for case in cases()}) == len(cases())
    assert len({case.says for case in cases()}) == len(cases())


@pytest.mark.parametrize("case", cases(), ids=named)
def test_a_case_is_the_same_each_time(case: Case) -> None:
    one, two = (
        [(path, body_of(content)) for part in (made.files, made.earlier) for path, content in part.items()]
        for made in (case.offered(), case.offered())
    )
    assert one == two


def test_what_stays_behind_is_not_in_the_file_that_leaves() -> None:
    fixed = [case for case in BAD if case.severity is Severity.FIXED or case.check == "picture"]
    assert fixed
    for case in fixed:
        leaves = [file.canonical.content for file in judged(case).files if file.canonical]
        assert leaves
        parts = (
            b"attachments",
            b"widgets",
            b"plotly",
            b"P00012",
            b"Comment",
            "\u200b".encode(),
            b",=HYPER",
            b"\n=HYPER",
        )
        assert not any(part in body for part in parts for body in leaves)


def test_what_colours_spell_in_their_lowest_bits_does_not_leave() -> None:
    case = next(c for c in BAD if c.make.__name__ == "a_picture_with_a_text_in_its_lowest_bits")
    (picture,) = (f.canonical.content for f in judged(case).files if f.canonical and f.canonical.name.endswith(".png"))
    with Image.open(BytesIO(picture)) as shown:
        assert len(set(shown.convert("L").tobytes())) == 1


def test_the_page_shows_what_the_gate_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def _through_the_command(case: Case, folder: Path) -> Verdict:
    """What ``datalab gate check`` says of a case, in its own processes."""
    offered = case.offered()
    _write(folder / "offered", offered.files)
    _write(folder / "earlier", offered.earlier)
    descriptions = tuple(_describe(folder, name, offered.tables) for name in case.data)
    earlier = folder / "earlier" if offered.earlier else None
    return check_paths([folder / "offered"], Asked(descriptions, case.policy, earlier=earlier)).result.verdict


def _write(folder: Path, files: Files) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body_of(content))


def _describe(folder: Path, name: str, tables: Mapping[str, TableContext]) -> Path:
    """Write a dataset and its description, as somebody without a lab would have them."""
    dataset = mounted(name)
    files = []
    for file in dataset.files:
        files.append(f"{len(files)}.parquet")
        file.select(*(pl.col(column) for column in file.schema)).select(list(file.schema)).collect().write_parquet(
            folder / files[-1]
        )
    said = {
        "name": name,
        "files": files,
        "privacy_unit": dataset.privacy_unit,
        "direct_identifiers": list(dataset.direct_identifiers),
        "canaries": list(dataset.canaries),
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in said.items()]
    for path, table in tables.items():
        lines.append(f"[tables.{json.dumps(path)}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in asdict(table).items()]
    (folder / "description.toml").write_text("\n".join(lines))
    return folder / "description.toml"


COMMANDED = {
    "bad-minimum-frequency-counts_by_region",
    "bad-minimum-frequency-counts_of_declared_part",
    "bad-differencing-a_table_after_another",
    "bad-reader-a_picture_with_a_table_behind_it",
    "bad-row-leak-rows_as_web_page",
    "bad-dominance-a_giant_under_french_rules",
    "good-recompute-a_declared_table",
    "good-differencing-the_same_groups_again",
    "good-row-leak-what_describes_a_frame",
}


@pytest.mark.parametrize("case", [case for case in cases() if case.name in COMMANDED], ids=named)
def test_the_command_says_what_the_engine_says(case: Case, tmp_path: Path) -> None:
    assert _through_the_command(case, tmp_path) is judged(case).verdict


def test_the_cases_for_the_command_are_there() -> None:
    assert {case.name for case in cases()} >= COMMANDED
