"""Promise 5: tables that are harmless one by one do not leave where they tell of few people together."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from attacks.living import PROJECT, Living, acting, schema_of
from hub.cli.client import Json, place
from hub.demo.people import HEALTH_STEWARD, JOBS_STEWARD, SCIENTIST
from hub.domain.errors import LabError

RULE = "differencing"
OTHER = "yucatan"
"""A second project on the same data; its name stands nowhere else."""


def make_tables() -> Any:
    """Write for two attributes the cells that may leave, and totals that differ from them by few people, or by none."""
    import pathlib

    import polars as pl

    data = (
        pl.read_csv(next(pathlib.Path("/data/jobs").rglob("*.csv")))
        if not list(pathlib.Path("/data/jobs").rglob("*.parquet"))
        else pl.read_parquet(next(pathlib.Path("/data/jobs").rglob("*.parquet")))
    )
    count, out, said = pl.col("nr").n_unique().alias("n"), pathlib.Path("/outputs"), {}
    for name, by in (("one", "exper"), ("two", "occupation")):
        every = data.group_by(by, "black").agg(count).sort(by, "black")
        cells = every.filter(pl.col("n") >= 11)
        totals = data.group_by(by).agg(count).sort(by).filter(pl.col("n") >= 22)
        small = every.filter(pl.col("n") < 11)[by].unique().to_list()
        near = totals.filter(pl.col(by).is_in(small))
        cells.write_csv(out / f"{name}-cells.csv")
        near.write_csv(out / f"{name}-near.csv")
        cells.filter(~pl.col(by).is_in(small)).write_csv(out / f"{name}-safe.csv")
        near.reverse().select(pl.col(by).alias("kind"), pl.col("n").alias("people")).write_csv(
            out / f"{name}-renamed.csv"
        )
        near.select(by, (pl.col("n") * 100 / 545).round(2).alias("percent")).write_csv(out / f"{name}-percent.csv")
        said[name] = near.height
    return said


@pytest.fixture(scope="module")
def source(living: Living) -> str:
    """A run whose outputs are the tables."""
    notebook = living.approved(acting(make_tables), schema_of(make_tables), name="tables")
    found, said = living.acted(notebook, make_tables)
    assert found["work"]["state"] == "succeeded"
    assert all(said.values()), said
    return str(found["run"]["id"])


@pytest.fixture(scope="module")
def released(living: Living, source: str) -> Json:
    """The cells by experience and one attribute, which left first."""
    request = living.checked(source, "one-cells.csv")
    assert request["state"] == "submitted", found_in_all(request)
    return living.released(request)


def found_in_all(request: Json) -> list[tuple[str, str, str]]:
    """Every finding of a request, for a test that fails."""
    return [(f["check"], f["severity"], f["place"]) for file in request["files"] for f in file["findings"]]


def found_in(request: Json) -> list[Json]:
    return [f for file in request["files"] for f in file["findings"] if f["check"] == RULE]


def test_a_total_after_its_cells_is_blocked_and_its_harmless_twin_is_not(
    living: Living, source: str, released: Json
) -> None:
    blocked = living.checked(source, "one-near.csv")
    assert blocked["state"] == "blocked"
    assert {f["severity"] for f in found_in(blocked)} == {"block"}
    assert found_in(living.checked(source, "one-safe.csv")) == []


def test_its_author_learns_no_number_and_the_steward_which_release_it_was(
    living: Living, source: str, released: Json
) -> None:
    blocked = living.checked(source, "one-near.csv")
    assert {f["detail"] for f in found_in(blocked)} == {""}
    seen = found_in(living.portal(HEALTH_STEWARD).get(place("exports", blocked["id"])))
    assert any(released["id"] in f["detail"] for f in seen)


def test_other_names_order_or_percentages_do_not_pass_unseen(living: Living, source: str, released: Json) -> None:
    for name in ("one-renamed.csv", "one-percent.csv"):
        request = living.checked(source, name)
        severities = {f["severity"] for file in request["files"] for f in file["findings"]}
        assert severities & {"block", "review"}, (name, request)


def test_two_files_of_one_request_are_compared(living: Living, source: str) -> None:
    together = living.checked(source, "two-cells.csv", "two-near.csv")
    assert together["state"] == "blocked"
    assert found_in(together)


def test_another_project_is_compared_and_named_to_nobody_but_stewards(living: Living, released: Json) -> None:
    living.found_project(OTHER)
    notebook = living.approved(acting(make_tables), schema_of(make_tables), project=OTHER, name="tables")
    found, _ = living.acted(notebook, make_tables)
    blocked = living.checked(str(found["run"]["id"]), "one-near.csv", project=OTHER)
    assert blocked["state"] == "blocked"
    seen = json.dumps(living.portal(SCIENTIST).get(place("exports", blocked["id"])))
    assert PROJECT not in seen
    assert released["id"] not in seen
    (mine,) = found_in(blocked)
    assert mine["place"].endswith("the whole table")
    (theirs,) = found_in(living.portal(HEALTH_STEWARD).get(place("exports", blocked["id"])))
    assert released["id"] in theirs["detail"]


def test_of_two_requests_that_are_released_at_once_only_one_leaves(living: Living, source: str) -> None:
    """Both passed when neither had left; the second is checked again, and then is blocked."""
    pair = [living.checked(source, "two-cells.csv"), living.checked(source, "two-near.csv")]
    assert [r["state"] for r in pair] == ["submitted", "submitted"], [found_in_all(r) for r in pair]
    for request in pair:
        for steward in (JOBS_STEWARD, HEALTH_STEWARD):
            living.vote(steward, request)

    def release(request: Json) -> str:
        try:
            return str(living.portal(HEALTH_STEWARD).post(place("exports", request["id"], "release"))["id"])
        except LabError as error:
            return error.reason

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(release, pair))
    assert sorted(outcomes).count("registry-moved") == 1, outcomes
    late = pair[outcomes.index("registry-moved")]
    assert living.judged(late["id"])["state"] == "blocked"
    assert len(living.audit("export:release:make", subject=late["id"])) == 0
