"""Promise 4: outputs of a run on secret data are seen by nobody before no check of the gate blocks them."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from attacks.living import CONTEXT, Living, acting, schema_of
from hub.cli.client import Json
from hub.demo.people import SCIENTIST
from hub.domain.errors import LabError
from hub.domain.work import ENDED
from waiting import wait_for_end

PROJECT, DATASET = "quillon", "quarantined"
TABLES = {"table.csv": {"dataset": DATASET, "dimensions": ["district"]}}
CSV = "person,district,income\n" + "".join(f"P{n:04d},D{n % 4},{1000 + n % 97}\n" for n in range(800))


def count_districts() -> Any:
    """A table of large groups."""
    import pathlib

    import polars as pl

    data = pl.read_parquet(next(pathlib.Path("/data/quarantined").rglob("*.parquet")))
    table = data.group_by("district").agg(pl.col("person").n_unique().alias("n")).sort("district")
    table.write_csv("/outputs/table.csv")
    return 0


def all_but_one() -> Any:
    """The same table without one person: beside the other it tells of them."""
    import pathlib

    import polars as pl

    data = pl.read_parquet(next(pathlib.Path("/data/quarantined").rglob("*.parquet")))
    table = data.slice(1).group_by("district").agg(pl.col("person").n_unique().alias("n")).sort("district")
    table.write_csv("/outputs/table.csv")
    return 0


def write_people() -> Any:
    """The rows of people, in a file whose very name tells of one."""
    import pathlib

    import polars as pl

    data = pl.read_parquet(next(pathlib.Path("/data/quarantined").rglob("*.parquet")))
    data.head(20).write_csv(f"/outputs/{data['person'][0]}.csv")
    return 0


def hide_people() -> Any:
    """A table of large groups, and beside it people in a hidden file and in what a link is said to lead to."""
    import pathlib

    import polars as pl

    data = pl.read_parquet(next(pathlib.Path("/data/quarantined").rglob("*.parquet")))
    data.group_by("district").agg(pl.col("person").n_unique().alias("n")).write_csv("/outputs/table.csv")
    data.head(20).write_csv("/outputs/.people.csv")
    pathlib.Path("/outputs/link.csv").symlink_to(f"{data['person'][0]} {data['income'][0]}")
    return 0


def say_otherwise() -> Any:
    """Say what was read by the memory that is used, by the progress, and by how many links there are."""
    import pathlib
    import time

    held = b"x" * 300 * 2**20
    for number in range(30):
        pathlib.Path("/progress/told").write_text(f"{100 + number}/999")
        pathlib.Path("/progress/told").rename("/progress/progress")
        pathlib.Path(f"/outputs/link-{number}").symlink_to("/data")
        time.sleep(0.2)
    return len(held)


@pytest.fixture(scope="module")
def notebook(living: Living) -> str:
    """Approved to run on a secret dataset that the project's workspaces do not see."""
    living.found_project(PROJECT)
    living.grant_dataset(PROJECT, DATASET, "secret", CSV)
    acts = (count_districts, all_but_one, write_people, hide_people, say_otherwise)
    return living.approved(acting(*acts), schema_of(*acts), project=PROJECT, name="held", datasets=(DATASET,))


def screened(living: Living, notebook: str, act: str) -> Json:
    """Run an act, and wait until the gate has looked at its outputs."""
    run = living.start(notebook, act=act)
    assert living.ended(run)["work"]["state"] == "succeeded"
    return looked_at(living, run)


def looked_at(living: Living, run: str) -> Json:
    """Wait until the gate has looked at the outputs of a run."""

    def look() -> Json | None:
        found = living.look(run)
        return found if found["run"]["screening"] != "waiting" else None

    return dict(wait_for_end(look, 90, "the outputs are not looked at"))


def test_rows_of_people_are_held_back_with_the_names_of_their_files(living: Living, notebook: str) -> None:
    found = screened(living, notebook, write_people.__name__)
    run = found["run"]
    assert (run["screening"], run["outputs"]) == ("held", [])
    assert run["screened_by"]
    assert "P0000" not in json.dumps(found)
    of_project = living.state / "projects" / PROJECT
    assert not (of_project / "runs" / run["id"]).exists()
    assert list((of_project / "held" / run["id"]).glob("P*.csv"))
    with pytest.raises(LabError, match="are held back"):
        living.portal(SCIENTIST).post(
            "/exports",
            {"project": PROJECT, "source": run["id"], "files": {"executed.ipynb": {}}, "context": CONTEXT},
        )


def test_what_lies_hidden_beside_harmless_outputs_is_shown_to_nobody(living: Living, notebook: str) -> None:
    run = screened(living, notebook, hide_people.__name__)["run"]
    assert (run["screening"], run["screened_by"], run["outputs"]) == ("held", ["unlisted"], [])
    of_project = living.state / "projects" / PROJECT
    assert not (of_project / "runs" / run["id"]).exists()
    assert (of_project / "held" / run["id"] / ".people.csv").is_file()


def test_a_table_of_large_groups_is_shown(living: Living, notebook: str) -> None:
    """The harmless twin."""
    run = screened(living, notebook, count_districts.__name__)["run"]
    assert run["screening"] == "shown", run["screened_by"]
    assert "table.csv" in [file["path"] for file in run["outputs"]]
    assert (living.state / "projects" / PROJECT / "runs" / run["id"] / "table.csv").is_file()


def test_what_was_shown_is_not_compared_with_what_is_held_back_so_that_nobody_learns_of_it(
    living: Living, notebook: str
) -> None:
    """Whoever asks for what they see, again and again, would be told what the table that is held back says."""
    shown = screened(living, notebook, count_districts.__name__)["run"]
    asked = partial(living.checked, shown["id"], "table.csv", project=PROJECT, tables=TABLES)
    before = asked()
    held = screened(living, notebook, all_but_one.__name__)["run"]
    assert (held["screening"], held["screened_by"]) == ("held", ["differencing"])
    after = asked()
    assert (before["state"], after["state"]) == ("submitted", "submitted")
    assert [file["findings"] for file in before["files"]] == [file["findings"] for file in after["files"]]
    assert held["id"] not in json.dumps(after)


def test_what_code_chooses_of_a_run_on_secret_data_is_told_to_nobody(living: Living, notebook: str) -> None:
    run, told = living.start(notebook, act=say_otherwise.__name__), list[Json]()

    def look() -> Json | None:
        told.append(living.look(run))
        return told[-1] if told[-1]["work"]["state"] in ENDED else None

    assert dict(wait_for_end(look, 90, "the run does not end"))["work"]["state"] == "succeeded"
    assert "running" in [found["work"]["state"] for found in told]
    assert {found["memory"] for found in told} == {None}
    assert {found["progress"] for found in told} == {None}
    assert "30" not in told[-1]["work"]["reason"]
    resources = looked_at(living, run)["run"]["resources"]
    assert (resources["memory_peak"], resources["cpu_seconds"]) == (None, None)
    record = living.answer(SCIENTIST, "GET", f"/runs/{run}/record").text
    assert "memory_allowed" in record
    assert "memory_peak" not in record
    assert "cpu_seconds" not in record
