"""The corpus's datasets, made by seeded generators, and the catalogue's real ones.

Each has something that a careless table tells: three people of a region, one person with seventy stays, an enterprise
with nearly all of its branch's turnover, a bonus that all miners get.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path

import polars as pl

from hub.demo.data import DEMO_DATASETS, write_demo_data
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import MountedDataset, from_scans

CANARY = "Zéphyrine Quatrelivres"
NAMES = ("Acacia", "Bouleau", "Charme", "Cyprès", "Frêne", "Genêt", "Hêtre", "Mélèze", "Noisetier", "Olivier")
REGIONS = ("Est", "Ouest", "Sud")
JOBS = ("clerk", "miner", "nurse", "teacher")
YEARS = (2019, 2020, 2021, 2022)
PEOPLE = pl.col("person").n_unique()


def per(rows: pl.DataFrame, *groups: str, **figures: pl.Expr) -> pl.DataFrame:
    """A table with a row for each group."""
    return rows.group_by(groups).agg(**figures).sort(groups)


def with_key(number: str) -> str:
    """A social security number with its key: 97 less the remainder by 97."""
    return f"{number}{97 - int(number) % 97:02d}"


def with_luhn(number: str) -> str:
    """A number with the last digit that Luhn's rule asks for."""
    doubled = (int(d) * 2 if at % 2 == 0 else int(d) for at, d in enumerate(reversed(number)))
    total = sum(d - 9 if d > 9 else d for d in doubled)
    return f"{number}{-total % 10}"


@cache
def survey() -> pl.DataFrame:
    """600 people over four years. Three live in “Nord”; all miners are men with one bonus; one man's wealth is vast."""
    draw = random.Random(11)
    rows = []
    for number in range(600):
        region = "Nord" if number < 3 else draw.choice(REGIONS)
        job = draw.choice(JOBS)
        sex = "m" if job == "miner" else draw.choice("fm")
        commune = f"{1 + ('Nord', *REGIONS).index(region):02d}{draw.randrange(1, 4) * 7:03d}"
        birth = draw.randrange(1940, 2000)
        nir = f"{1 if sex == 'm' else 2}{birth % 100:02d}{draw.randrange(1, 13):02d}{commune}{number % 1000:03d}"
        name = f"{NAMES[number % 10]} {NAMES[number // 10 % 10]} {chr(65 + number // 100)}lix"
        for year in YEARS:
            rows.append(
                {
                    "person": f"P{number * 7919 % 100_000:05d}",
                    "nir": with_key(nir),
                    "full_name": CANARY if number == 17 else name,
                    "region": region,
                    "commune": commune,
                    "sex": sex,
                    "job": job,
                    "smoker": draw.random() < 0.3,
                    "year": year,
                    "income": round(draw.lognormvariate(10, 0.4), 2),
                    "wealth": 990_000_000.0 if number == 4 else round(draw.lognormvariate(12, 0.6), 2),
                    "bonus": 500.0 if job == "miner" else round(draw.uniform(100, 900), 2),
                    "score": round(draw.gauss(50, 9), 3) if job != "clerk" or number % 50 == 1 else None,
                    "rare": round(draw.gauss(0, 1), 4) if number % 100 == 9 else None,
                    "visits": draw.randrange(0, 60),
                    "ill": int(number % 40 == 13),
                }
            )
    return pl.DataFrame(rows)


@cache
def firms() -> pl.DataFrame:
    """320 enterprises. One has nearly all of the mines' turnover; two groups own all of the glass makers."""
    draw = random.Random(12)
    sectors = [*("food", "metal", "textile") * 80, *("mining",) * 51, *("glass",) * 29]
    rows = []
    for number, sector in enumerate(sectors):
        group = f"G{number % 2}" if sector == "glass" else f"H{draw.randrange(60):02d}"
        giant = sector == "mining" and number == 240
        rows.append(
            {
                "siren": with_luhn(f"{draw.randrange(10**7, 10**8)}"),
                "group": group,
                "sector": sector,
                "region": draw.choice(REGIONS),
                "turnover": 9_900_000.0 if giant else float(draw.randrange(1_000, 3_000)),
                "staff": draw.randrange(3, 40),
                "exports": float(draw.randrange(-200, 400)),
                "weight": draw.choice((1, 2, 5)),
            }
        )
    return pl.DataFrame(rows)


@cache
def stays() -> pl.DataFrame:
    """Stays in a hospital: 120 patients in three wards, and one patient with all seventy of the fourth.

    Few have the second outcome, and fees of surgery are nearly the same for all.
    """
    draw = random.Random(13)
    rows = []
    for number in range(120):
        for _ in range(draw.randrange(1, 5)):
            ward = ("medicine", "paediatrics", "surgery")[number % 3]
            rows.append({"patient": f"Q{number:04d}", "ward": ward, "cost": round(draw.lognormvariate(7, 0.5), 2)})
    rows += [{"patient": "Q9999", "ward": "burns", "cost": round(draw.lognormvariate(8, 0.5), 2)} for _ in range(70)]
    number = pl.col("patient").str.slice(1).cast(pl.Int64)
    return pl.DataFrame(rows).with_columns(
        month=pl.int_range(pl.len()) % 12 + 1,
        outcome=pl.when(number % 20 == 7).then(2).otherwise(1),
        fee=pl.when(pl.col("ward") == "surgery").then(800.0 + number % 4).otherwise(500.0 + number * 7 % 300),
    )


@cache
def calls() -> pl.DataFrame:
    """Calls for an ambulance, with columns of types that few datasets have: lengths, times of a zone, bytes, lists."""
    draw = random.Random(17)
    rows = [
        {
            "caller": f"C{number % 300:04d}",
            "district": ("north", "south", "harbour")[number % 3],
            "began": datetime(2021, 1, 1, tzinfo=UTC) + timedelta(seconds=draw.randrange(31_536_000)),
            "waited": timedelta(milliseconds=draw.randrange(60_000, 4_000_000)),
            "asked_at": time(draw.randrange(24), draw.randrange(60), draw.randrange(60)),
            "voice": draw.randbytes(8),
            "pulses": [draw.randrange(50, 180) for _ in range(draw.randrange(3))],
        }
        for number in range(900)
    ]
    return pl.DataFrame(rows).with_columns(pl.col("began").dt.convert_time_zone("Europe/Paris"))


@cache
def real() -> dict[str, dict[str, pl.DataFrame]]:
    """The catalogue's datasets, file by file."""
    read: dict[str, Callable[[Path], pl.DataFrame]] = {
        ".csv": lambda path: pl.read_csv(path, infer_schema_length=None),
        ".parquet": pl.read_parquet,
    }
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        write_demo_data(Path(folder))
        return {
            demo.dataset.name: {
                name: read[Path(name).suffix](Path(folder) / demo.dataset.name / name) for name in demo.files
            }
            for demo in DEMO_DATASETS
        }


@cache
def farms() -> pl.DataFrame:
    """Farms: two hundred grow wheat, and sixty maize, of which two bring in nearly all and one has a large loss."""
    draw = random.Random(14)
    rows = []
    for number in range(260):
        crop, place = ("maize", number) if number < 60 else ("wheat", number - 60)
        small = round(draw.uniform(0.8, 1.6), 3)
        large = crop == "maize" and place < 2
        rows.append(
            {
                "farm": f"F{number:03d}",
                "crop": crop,
                "watered": "no" if (place < 12 if crop == "wheat" else place % 2 == 0) else "yes",
                "harvest": 1_000.0 - 100 * place if large else small,
                "known": 1_000.0 - 100 * place if large else 2 * small,
                "gain": -5_000.0 if crop == "maize" and place == 5 else small,
                "area": round(draw.uniform(5, 9), 2),
                "soil": round(draw.uniform(4, 8), 2) if number % 45 == 7 else None,
            }
        )
    return pl.DataFrame(rows)


def votes() -> pl.DataFrame:
    """Votes of the members of two clubs, twenty and sixty, of whom half agreed."""
    members = (("chess", n, 20) for n in range(20)), (("rowing", n, 60) for n in range(60))
    rows = [
        {"member": f"{club[0]}{n:03d}", "club": club, "agreed": int(n < size // 2)}
        for some in members
        for club, n, size in some
    ]
    return pl.DataFrame(rows)


def jobs() -> pl.DataFrame:
    """The catalogue's wages of 545 young men over eight years."""
    return real()["jobs"]["wage_panel.csv"]


def health() -> pl.DataFrame:
    """The catalogue's 20,190 person-years of health care."""
    return real()["health"]["randhie.csv"]


def flights() -> pl.DataFrame:
    """The catalogue's 336,776 flights of 16 carriers, which are its units."""
    return real()["transport"]["flights.parquet"]


_DECLARED: dict[str, tuple[DatasetDescription, Callable[[], pl.DataFrame]]] = {
    "survey": (
        DatasetDescription(
            name="survey",
            folder="/data/survey",
            privacy_unit="person",
            direct_identifiers=("nir", "full_name"),
            canaries=(CANARY,),
        ),
        survey,
    ),
    "survey with zeros": (
        DatasetDescription(
            name="survey with zeros",
            folder="/data/survey",
            privacy_unit="person",
            direct_identifiers=("nir", "full_name"),
            structural_zeros=({"sex": "f", "job": "miner"},),
        ),
        survey,
    ),
    "survey with planted rows": (
        DatasetDescription(
            name="survey with planted rows",
            folder="/data/survey",
            privacy_unit="person",
            canary_rows=({"full_name": CANARY},),
        ),
        survey,
    ),
    "firms": (
        DatasetDescription(
            name="firms",
            folder="/data/firms",
            privacy_unit="siren",
            direct_identifiers=("siren",),
            group_columns=("group",),
        ),
        firms,
    ),
    "votes": (DatasetDescription(name="votes", folder="/data/votes", privacy_unit="member"), votes),
    "farms": (DatasetDescription(name="farms", folder="/data/farms", privacy_unit="farm"), farms),
    "calls": (DatasetDescription(name="calls", folder="/data/calls", privacy_unit="caller"), calls),
    "stays": (DatasetDescription(name="stays", folder="/data/stays", privacy_unit="patient"), stays),
}
DATASETS = (*_DECLARED, "health", "transport", "jobs")


@cache
def mounted(name: str) -> MountedDataset:
    """A dataset as the gate mounts it."""
    if name in _DECLARED:
        description, rows = _DECLARED[name]
        return from_scans(description, {"part.parquet": rows().lazy()})
    demo = next(demo.dataset for demo in DEMO_DATASETS if demo.dataset.name == name)
    declared = DatasetDescription(
        name=name,
        folder=f"/data/{name}",
        privacy_unit=demo.privacy_unit,
        direct_identifiers=demo.direct_identifiers,
    )
    return from_scans(declared, {file: rows.lazy() for file, rows in real()[name].items()})
