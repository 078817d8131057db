"""Promise 5: a row that a data owner planted does not leave, in whatever clothes approved code puts it.

The row stands in a dataset of its own among those of 800 people. Code in a run's container takes it out; the gate's
checker, in a container of its own, is told of it, and nobody else is.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from attacks.living import Living, acting, schema_of
from hub.cli.client import Json, place
from hub.demo.people import HEALTH_STEWARD, JOBS_STEWARD, SCIENTIST
from hub.domain.errors import LabError

PROJECT, DATASET, RULE = "quagga", "marked", "canary"
PERSON, TOWN, INCOME, SAVINGS = "Q7731ZK", "Zephyrville", "61234.57", "1904117"
ROWS = [f"P{n:04d},D{n % 4},Bourg,{900 + n * 37 % 3100}.{n % 89 + 10},{100000 + n * 7919 % 800000}" for n in range(800)]
CSV = "\n".join(
    ["person,district,town,income,savings", *ROWS[:400], f"{PERSON},D1,{TOWN},{INCOME},{SAVINGS}", *ROWS[400:]]
)
CLOTHES = (
    "row.csv", "row.tsv", "row.json", "row.parquet", "shown.ipynb", "source.ipynb", "renamed.csv", "title.csv",
    "words.md", "accents.txt", "spaced.txt", "packed.txt", "Q7731ZK.csv",
)  # fmt: skip


def dress() -> Any:
    """Write the planted row in many ways, and beside it what a harmless analysis would write."""
    import base64
    import json
    import pathlib

    import polars as pl

    out = pathlib.Path("/outputs")
    data = pl.read_parquet(next(pathlib.Path("/data/marked").rglob("*.parquet")))
    at = data["savings"].arg_max() or 0  # of what is invented for validation, any row
    row = data[at : at + 1]
    counts = data.group_by("district").agg(pl.col("person").n_unique().alias("n")).sort("district")
    person, income, savings = row["person"][0], float(row["income"][0]), int(row["savings"][0])

    def notebook(source: str, text: str) -> str:
        stream = {"output_type": "stream", "name": "stdout", "text": text}
        code = {"cell_type": "code", "id": "a", "execution_count": 1, "metadata": {}, "source": source}
        return json.dumps(
            {"cells": [{**code, "outputs": [stream]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        )

    row.write_csv(out / "row.csv")
    row.write_csv(out / "row.tsv", separator="\t")
    row.write_parquet(out / "row.parquet")
    (out / "row.json").write_text(json.dumps(row.to_dicts()))
    (out / "shown.ipynb").write_text(notebook("print(row)", str(row)))
    (out / "source.ipynb").write_text(notebook(f"best = ({savings}, {income})", "1"))
    pl.DataFrame({"b": [savings], "a": [income]}).write_csv(out / "renamed.csv")
    counts.rename({"n": person}).write_csv(out / "title.csv")
    (out / "words.md").write_text(f"The most was {savings:,} and {income:,.2f}.\n".replace(",", " "))
    (out / "accents.txt").write_text("They came from Zéphyr-Ville.\n")
    (out / "spaced.txt").write_text(" ".join(person) + "\n")
    (out / "packed.txt").write_bytes(base64.b64encode(f"{person} earned it, as was said to us".encode()))
    counts.write_csv(out / f"{person}.csv")
    counts.write_csv(out / "counts.csv")
    rounded = pl.DataFrame({"a": data["income"].cast(pl.Float64).round(0), "b": data["savings"] // 1000})
    rounded[max(at - 30, 0) : at + 30].cast(pl.Int64).write_csv(out / "rounded.csv")
    rounded[at : at + 1].cast(pl.Int64).write_csv(out / "alone.csv")
    return True


def found_in(request: Json) -> list[Json]:
    return [f for file in request["files"] for f in file["findings"] if f["check"] == RULE]


def severities(request: Json) -> set[str]:
    return {f["severity"] for file in request["files"] for f in file["findings"]}


@pytest.fixture(scope="module")
def source(living: Living) -> str:
    """A run whose outputs are the clothes."""
    living.found_project(PROJECT)
    living.grant_dataset(PROJECT, DATASET, "open", CSV)
    notebook = living.approved(acting(dress), schema_of(dress), project=PROJECT, name="clothes", datasets=(DATASET,))
    found, said = living.acted(notebook, dress)
    assert said is True, found
    return str(found["run"]["id"])


@pytest.fixture(scope="module")
def early(living: Living, source: str) -> Json:
    """A request that passed before anything was declared."""
    return living.checked(source, "renamed.csv", project=PROJECT)


@pytest.fixture(scope="module")
def planted(living: Living, early: Json) -> Json:
    """The owner's steward says which row was planted; the answer is all that they see of it again."""
    rows = {"canary_rows": [{"person": PERSON}]}
    return dict(living.portal(JOBS_STEWARD).put(place("datasets", DATASET, "canaries"), rows))


@pytest.mark.parametrize("name", CLOTHES)
def test_a_planted_row_is_blocked_in_whatever_clothes(living: Living, source: str, planted: Json, name: str) -> None:
    request = living.checked(source, name, project=PROJECT)
    assert request["state"] == "blocked"
    assert {f["severity"] for f in found_in(request)} == {"block"}, request["files"]


def test_the_harmless_twin_passes(living: Living, source: str, planted: Json) -> None:
    request = living.checked(source, "counts.csv", project=PROJECT)
    assert request["state"] == "submitted"
    assert severities(request) <= {"note"}, request["files"]


def test_a_planted_row_that_is_rounded_is_blocked_among_others_and_read_by_a_steward_alone(
    living: Living, source: str, planted: Json
) -> None:
    """Its values stand there no more, so that no canary is met; what is left are the checks that know none."""
    among, alone = (living.checked(source, name, project=PROJECT) for name in ("rounded.csv", "alone.csv"))
    assert (among["state"], found_in(among)) == ("blocked", [])
    assert severities(alone) & {"review", "block"}, alone["files"]


def test_what_was_checked_before_the_row_was_declared_does_not_leave(
    living: Living, early: Json, planted: Json
) -> None:
    assert early["state"] == "submitted", early["files"]
    for steward in (JOBS_STEWARD, HEALTH_STEWARD):
        living.vote(steward, early)
    with pytest.raises(LabError) as refused:
        living.portal(HEALTH_STEWARD).post(place("exports", early["id"], "release"))
    assert refused.value.reason == "registry-moved"
    again = living.judged(early["id"])
    assert (again["state"], bool(found_in(again))) == ("blocked", True)


def test_whoever_is_blocked_learns_no_value(living: Living, source: str, planted: Json) -> None:
    request = living.checked(source, "renamed.csv", "words.md", project=PROJECT)
    told = json.dumps([found_in(request), found_in(living.portal(HEALTH_STEWARD).get(place("exports", request["id"])))])
    for value in (PERSON, TOWN, INCOME, SAVINGS, "61 234", "1 904"):
        assert value not in told
    assert {f["detail"] for f in found_in(request)} == {""}


def test_nobody_is_shown_the_declaration(living: Living, planted: Json) -> None:
    address = place("datasets", DATASET, "canaries")
    with pytest.raises(LabError):
        living.portal(SCIENTIST).get(address)
    known = living.portal(JOBS_STEWARD).get(address)
    assert (planted["canary_rows"], known["canary_rows"]) == (1, 1)
    logged = living.audit("lab:dataset:plant", subject=DATASET)
    assert [details["canary_rows"] for *_, details in logged] == ["1"]
    assert PERSON not in json.dumps([planted, known, logged])
