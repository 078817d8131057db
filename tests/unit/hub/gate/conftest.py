"""A small survey with people in it, and the engine at hand for one file."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl
import pytest
from hypothesis import settings
from PIL import Image

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.engine import FAILED, Judgement, check_file
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import MountedDataset, from_scans
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile
from hub.policy.model import Policy

# Other work on the machine makes examples slow now and then; time limits are tested where they matter.
settings.register_profile("gate", deadline=None)
settings.load_profile("gate")

NAMES = ("Acacia", "Bouleau", "Charme", "Cyprès", "Frêne", "Genêt", "Hêtre", "Mélèze", "Noisetier", "Olivier")


def survey() -> pl.DataFrame:
    """500 people over four years; region “Nord” has three of them, and one income in “Sud” is beyond all others."""
    draw = random.Random(7)
    rows = []
    for number in range(500):
        region = "Nord" if number < 3 else draw.choice(("Est", "Ouest", "Sud"))
        sex = draw.choice(("f", "m"))
        for year in (2019, 2020, 2021, 2022):
            income = 99_000_000.0 if number == 3 else round(draw.lognormvariate(10, 0.4), 2)
            rows.append(
                {
                    "person": f"P{number * 7919 % 100_000:05d}",
                    "social": f"{draw.randrange(1, 3)}{number * 104_729_317 % 10**12:012d}",
                    "full_name": f"{NAMES[number % 10]} {NAMES[number // 10 % 10]} {chr(65 + number // 100)}lix",
                    "region": "Sud" if number == 3 else region,
                    "sex": sex,
                    "year": year,
                    "income": income,
                    "visits": draw.randrange(0, 60),
                }
            )
    return pl.DataFrame(rows)


@dataclass(frozen=True)
class Gate:
    """The engine for one file at a time."""

    policy: Policy
    datasets: tuple[MountedDataset, ...]

    def judge(self, name: str, content: str | bytes, table: TableContext | None = None) -> Judgement:
        """What the engine says; a check that failed blocks, too, and found nothing."""
        body = content.encode() if isinstance(content, str) else content
        judged = check_file(read_file(1, name, body), table or TableContext(), self.policy, self.datasets)
        assert FAILED not in {found.rule for found in judged.findings}
        return judged

    def under(self, **parameters: object) -> Gate:
        return replace(self, policy=self.policy.model_copy(update=parameters))

    def without_data(self) -> Gate:
        return replace(self, datasets=())


def checks(judgement: Judgement, severity: Severity = Severity.BLOCK) -> set[str]:
    return {f.check for f in judgement.findings if f.severity is severity}


def sentences(judgement: Judgement) -> str:
    return "\n".join(f"{f.place} {f.sentence} {f.rule}" for f in judgement.findings)


def notebook(*cells: tuple[str, Iterable[dict[str, object]]], **metadata: object) -> bytes:
    made = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {},
            "source": source,
            "execution_count": n,
            "outputs": list(outs),
        }
        for n, (source, outs) in enumerate(cells)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made}).encode()


def shown(**data: object) -> dict[str, object]:
    """An output with representations: ``plain``, ``html``, ``png`` and so on."""
    media = {"plain": "text/plain", "html": "text/html", "png": "image/png", "markdown": "text/markdown"}
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {media.get(k, k): v for k, v in data.items()},
    }


def png(width: int = 8, height: int = 6, colour: tuple[int, ...] = (200, 30, 30), mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), colour if mode != "L" else colour[0]).save(out, format="PNG")
    return out.getvalue()


class Make:
    """Shapes that the tests of the gate share; test modules cannot import a conftest."""

    checks = staticmethod(checks)
    sentences = staticmethod(sentences)
    notebook = staticmethod(notebook)
    shown = staticmethod(shown)
    png = staticmethod(png)


@pytest.fixture(scope="session")
def data() -> pl.DataFrame:
    return survey()


@pytest.fixture(scope="session")
def people(data: pl.DataFrame) -> MountedDataset:
    description = DatasetDescription(
        name="survey",
        folder="/data/survey",
        privacy_unit="person",
        direct_identifiers=("social", "full_name"),
        profile="uk-sacro",
    )
    return from_scans(description, {"survey.parquet": data.lazy()})


@pytest.fixture(scope="session")
def gate(people: MountedDataset) -> Gate:
    return Gate(load_profile("uk-sacro"), (people,))


@pytest.fixture(scope="session")
def make() -> type[Make]:
    return Make
