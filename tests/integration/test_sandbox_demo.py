"""The demonstration's data and notebooks do in real containers what the story says of them."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from datasets_mount.sources import local_files
from hub.demo.data import DEMO_DATASETS, NOTEBOOKS, DemoDataset, write_demo_data
from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.exchange import ParameterEntry, SnapshotResult
from hub.sandbox.inspect_notebook import inspection
from integration.sandbox_container import execute, read, word

BY = {"name": "by", "type": "choice", "default": "educ", "choices": ["educ", "occupation", "year"]}
MINIMUM = {"name": "minimum", "type": "integer", "default": 11, "minimum": 1, "maximum": 100}
ROWS = {"health": [20_190], "transport": [336_776, 26_115], "jobs": [4_360]}


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("offered")
    write_demo_data(folder)
    return folder


@pytest.fixture(scope="module")
def jobs(offered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshot of the dataset, as it is mounted."""
    folder = tmp_path_factory.mktemp("mounted")
    pl.read_csv(offered / "jobs" / "wage_panel.csv").write_parquet(folder / "wage_panel.parquet")
    folder.chmod(0o755)
    return folder


def test_the_description_says_what_was_written(offered: Path) -> None:
    described = json.loads((offered / "datasets.json").read_text())
    assert [d["name"] for d in described] == ["health", "transport", "jobs"]
    for dataset in described:
        assert [f.name for f in local_files(offered / dataset["name"])] == dataset["files"]
        assert {"title", "title_fr", "owner", "tier", "privacy_unit", "direct_identifiers", "profile"} <= set(dataset)


def test_the_data_are_written_the_same_each_time(offered: Path, tmp_path: Path) -> None:
    write_demo_data(tmp_path)
    for file in (f for f in offered.rglob("*") if f.is_file()):
        assert (tmp_path / file.relative_to(offered)).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("demo", DEMO_DATASETS, ids=lambda demo: demo.dataset.name)
def test_each_dataset_becomes_a_snapshot(offered: Path, tmp_path: Path, demo: DemoDataset) -> None:
    files = local_files(offered / demo.dataset.name)
    inside = {f"{n:04d}": file.path.read_bytes() for n, file in enumerate(files, 1)}
    request = {
        "files": [{"index": n, "name": file.name} for n, file in enumerate(files, 1)],
        "privacy_unit": demo.dataset.privacy_unit,
        "direct_identifiers": demo.dataset.direct_identifiers,
    }
    done = read(tmp_path / "work", "snapshot", {**inside, "request.json": json.dumps(request).encode()})
    assert done.said == word(SandboxExit.OK)
    result = SnapshotResult.model_validate_json((done.root / "out" / "result.json").read_bytes())
    assert [f.rows for f in result.files] == ROWS[demo.dataset.name]


def wages(root: Path, jobs: Path, **parameters: object) -> pl.DataFrame:
    body = (NOTEBOOKS / "wages.ipynb").read_bytes()
    run = execute(root, body, request={"schema": [BY, MINIMUM], "parameters": parameters}, data={"jobs": jobs})
    assert run.said == word(SandboxExit.OK)
    assert run.printed() == "The table is in wages.csv.\n"
    return pl.read_csv(run.root / "outputs" / "wages.csv")


def test_wages_by_education_have_a_small_cell_until_the_minimum_takes_it_away(jobs: Path, tmp_path: Path) -> None:
    small = wages(tmp_path / "small", jobs, by="educ", minimum=1)
    mended = wages(tmp_path / "mended", jobs, by="educ", minimum=11)
    assert small.columns == mended.columns == ["educ", "persons", "mean_lwage"]
    assert small["persons"].min() == 1
    assert mended.equals(small.filter(pl.col("persons") >= 11))
    assert mended.height >= 5


def test_wages_by_year_count_persons_and_not_rows(jobs: Path, tmp_path: Path) -> None:
    table = wages(tmp_path / "year", jobs, by="year")
    assert table["persons"].to_list() == [545] * 8


def test_the_drafted_schema_of_wages_is_the_approved_one_but_for_its_ranges() -> None:
    drafted = inspection((NOTEBOOKS / "wages.ipynb").read_bytes()).parameters
    wanted = [ParameterEntry.model_validate_json(json.dumps(p)) for p in (BY, MINIMUM)]
    assert [(p.name, p.type, p.default) for p in drafted] == [(p.name, p.type, p.default) for p in wanted]


def test_notebooks_are_stored_without_outputs() -> None:
    for path in NOTEBOOKS.glob("*.ipynb"):
        cells: list[dict[str, Any]] = json.loads(path.read_text())["cells"]
        assert [c.get("outputs", []) for c in cells] == [[]] * len(cells)
        assert inspection(path.read_bytes()).cells


def test_from_a_run_nothing_but_the_data_can_be_reached(jobs: Path, tmp_path: Path) -> None:
    run = execute(tmp_path / "run", (NOTEBOOKS / "isolation.ipynb").read_bytes(), data={"jobs": jobs})
    assert run.said == word(SandboxExit.OK)
    seen = json.loads((run.root / "outputs" / "isolation.json").read_text())
    assert {name for name, answer in seen.items() if answer} == {"reads_data"}
    assert len(seen) == 14


def test_the_workspaces_notebook_shows_rows(jobs: Path, tmp_path: Path) -> None:
    run = execute(tmp_path / "run", (NOTEBOOKS / "explore.ipynb").read_bytes(), data={"jobs": jobs})
    assert run.said == word(SandboxExit.OK)
    assert "lwage" in run.executed.cells[-1].outputs[0].data["text/html"]
