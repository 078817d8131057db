"""Published tables before the gate: datasets made to give them, and a policy of single rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.engine import Judgement, check_request
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import MountedDataset, from_scans
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile
from hub.policy.model import Policy

Files = Mapping[str, pl.DataFrame | str]


def dataset(rows: pl.DataFrame, unit: str, **declared: Any) -> MountedDataset:
    description = DatasetDescription(name="d", folder="/data/d", privacy_unit=unit, **declared)
    return from_scans(description, {"d.parquet": rows.lazy()})


def policy(profile: str, **parameters: object) -> Policy:
    return load_profile(profile).model_copy(update=parameters)


def judge(
    files: Files, rules: Policy, *datasets: MountedDataset, said: Mapping[str, TableContext] | None = None
) -> list[Judgement]:
    read = [
        (
            read_file(at, name, (text if isinstance(text, str) else text.write_csv()).encode()),
            (said or {}).get(name, TableContext()),
        )
        for at, (name, text) in enumerate(files.items(), start=1)
    ]
    return check_request(read, rules, datasets)


def blocks(judgement: Judgement) -> set[str]:
    return {found.check for found in judgement.findings if found.severity is Severity.BLOCK}


def details(judgement: Judgement) -> str:
    return " ".join(found.detail for found in judgement.findings)
