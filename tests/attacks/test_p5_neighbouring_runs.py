"""Promise 5: runs whose parameters cut neighbouring cohorts do not leave, whoever asks for their outputs."""

from __future__ import annotations

from typing import Any

import pytest

from attacks.living import Living, acting, schema_of
from hub.cli.client import Json, place
from hub.demo.people import RESEARCHER, SCIENTIST

RULE = "differencing"
TABLES = {"table.csv": {"dataset": "jobs", "dimensions": ["occupation"]}}


def count(most: int) -> Any:
    """Count the people of each occupation who worked at most so many hours in a year."""
    import pathlib

    import polars as pl

    data = pl.read_parquet(next(pathlib.Path("/data/jobs").rglob("*.parquet")))
    chosen = data.filter(pl.col("hours") <= most)
    table = chosen.group_by("occupation").agg(pl.col("nr").n_unique().alias("n")).sort("occupation")
    table.filter(pl.col("n") >= 11).write_csv("/outputs/table.csv")
    return table.height


def up_to_2600() -> Any:
    return count(2_600)


def up_to_2610() -> Any:
    """Two people more than the cohort of the other run."""
    return count(2_610)


def up_to_2000() -> Any:
    """Many people fewer than either."""
    return count(2_000)


ACTS = (up_to_2600, up_to_2610, up_to_2000)


def blocked_by(request: Json) -> set[str]:
    return {f["check"] for file in request["files"] for f in file["findings"] if f["severity"] == "block"}


@pytest.fixture(scope="module")
def project(living: Living) -> str:
    """A project of two members, whose notebook has a run for each cohort."""
    name = "quokkas"
    living.found_project(name)
    return name


@pytest.fixture(scope="module")
def notebook(living: Living, project: str) -> str:
    return living.approved(acting(*ACTS, count), schema_of(*ACTS), project=project, name="hours")


@pytest.fixture(scope="module")
def harmless(living: Living, project: str, notebook: str) -> str:
    """Two runs far apart, before there is a third: the harmless twin."""
    living.acted(notebook, up_to_2000)
    found, _ = living.acted(notebook, up_to_2600)
    return str(found["run"]["id"])


def test_a_cohort_whose_neighbour_ran_in_the_same_project_is_blocked_and_its_harmless_twin_is_not(
    living: Living, project: str, notebook: str, harmless: str
) -> None:
    """The neighbour's outputs were never asked for, and still count: they lie where people read them."""
    passed = living.checked(harmless, "table.csv", project=project, tables=TABLES)
    assert RULE not in blocked_by(passed), passed["files"]
    found, _ = living.acted(notebook, up_to_2610)
    blocked = living.checked(str(found["run"]["id"]), "table.csv", project=project, tables=TABLES)
    assert blocked["state"] == "blocked"
    assert RULE in blocked_by(blocked)
    again = living.checked(harmless, "table.csv", project=project, tables=TABLES)
    assert RULE in blocked_by(again), "the first run is blocked as well, now that its neighbour exists"


def test_two_people_gain_nothing_over_one(living: Living, project: str, notebook: str, harmless: str) -> None:
    """The second member runs the neighbouring cohort, and asks for it."""
    living.portal(SCIENTIST).put(place("projects", project, "members", RESEARCHER))
    found, _ = living.acted(notebook, up_to_2610, RESEARCHER)
    blocked = living.checked(str(found["run"]["id"]), "table.csv", project=project, tables=TABLES, by=RESEARCHER)
    assert RULE in blocked_by(blocked)
