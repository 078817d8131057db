"""What the docs show of models, done with scikit-learn and safetensors, and judged by the gate."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.array_types import ArrayType
from hub.gate.arrays import array_of
from hub.gate.canonical_arrays import write_safetensors
from hub.gate.engine import Judgement, check_request
from hub.gate.exchange import DatasetDescription, Verdict
from hub.gate.fragments import ArraysFragment
from hub.gate.mounted import MountedDataset, from_scans
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile
from hub.setup.places import here

HOW_TO = Path(__file__).parents[2] / "docs/how-to"
ENGLISH, FRENCH = HOW_TO / "release-a-model.md", HOW_TO / "publier-un-modele.md"
TRAINED = TableContext("clinic", filter="year <= 2020")
READ = """
import json, sys
import numpy as np
from safetensors.numpy import load_file
arrays = load_file(sys.argv[1])
told = {name: [str(a.dtype), list(a.shape), a.astype("float64").ravel().tolist()] for name, a in arrays.items()}
json.dump(told, sys.stdout)
"""


def snippets(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def patients(count: int = 3_000) -> pl.DataFrame:
    draw = np.random.default_rng(12)
    age, visits = draw.integers(20, 80, count), draw.poisson(4, count)
    risk = 1 / (1 + np.exp(-(age - 50) / 15 - (visits - 4) / 4))
    return pl.DataFrame(
        {
            "patient": [f"p{n}" for n in range(count)],
            "age": age,
            "visits": visits,
            "ill": np.where(draw.random(count) < risk, "yes", "no"),
            "year": draw.choice([2019, 2020, 2021], count),
        }
    )


@pytest.fixture(scope="module")
def clinic() -> MountedDataset:
    description = DatasetDescription(name="clinic", folder="/data/clinic", privacy_unit="patient")
    return from_scans(description, {"clinic.parquet": patients().lazy()})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the snippets write, run one after the other."""
    folder = tmp_path_factory.mktemp("models")
    patients().write_csv(folder / "clinic.csv")
    begin = "import warnings\nwarnings.simplefilter('ignore')\nimport pandas\nrows = pandas.read_csv('clinic.csv')\n"
    run(folder, begin + "\n".join(snippets(ENGLISH)))
    return folder


def run(folder: Path, program: str, *words: str) -> str:
    command = [here().oracle / "bin/python", "-c", program, *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def judged(path: Path, table: TableContext, dataset: MountedDataset) -> Judgement:
    (found,) = check_request(
        [(read_file(1, path.name, path.read_bytes()), table)], load_profile("uk-sacro"), (dataset,)
    )
    return found


@pytest.mark.parametrize("name", ["tree.json", "logistic.json"])
def test_a_document_of_the_docs_is_run_again_and_attacked(written: Path, clinic: MountedDataset, name: str) -> None:
    found = judged(written / name, TRAINED, clinic)
    assert found.verdict is Verdict.REVIEW, found.findings
    said = {f.check: f for f in found.findings}
    assert set(said) == {"model", "membership"}
    assert said["membership"].severity is Severity.NOTE


def test_a_network_of_the_docs_is_read_by_a_steward(written: Path, clinic: MountedDataset) -> None:
    found = judged(written / "network.safetensors", TableContext(), clinic)
    assert {f.check for f in found.findings if f.severity is not Severity.FIXED} == {"model"}


def test_a_tree_of_the_docs_is_blocked_for_other_rows(written: Path, clinic: MountedDataset) -> None:
    found = judged(written / "tree.json", TableContext("clinic", filter="year = 2021"), clinic)
    assert "model-training" in {f.check for f in found.findings if f.severity is Severity.BLOCK}


def test_the_french_page_has_the_same_programs() -> None:
    assert snippets(FRENCH) == snippets(ENGLISH)
    assert len(snippets(ENGLISH)) == 4


@pytest.mark.parametrize("kind", [k for k in ArrayType if k is not ArrayType.BF16])
def test_the_library_reads_what_the_gate_writes(tmp_path: Path, kind: ArrayType) -> None:
    numbers = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    parts = (array_of("a.é", np.ones(3), ArrayType.U8), array_of("w", numbers, kind))
    (tmp_path / "m.safetensors").write_bytes(write_safetensors(ArraysFragment(arrays=parts)))
    told = run(tmp_path, READ, "m.safetensors")
    assert f"[3, 2], {numbers.ravel().tolist()}" in told
    assert '"a.\\u00e9": ["uint8", [3], [1.0, 1.0, 1.0]]' in told
