"""The doctor notes a lab with held data whose workspaces have no origins of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from datasets_mount.catalogue import Tier
from doubles.people import JOBS
from hub.doctor.origins import origins_looked_at
from hub.domain.audit import event
from hub.domain.examinations import Verdict
from hub.services.lab import Lab
from hub.settings import Login, Server, Settings


def settings_with(folder: Path, *, subdomains: bool) -> Settings:
    return Settings(state=folder, login=Login(demo=True), server=Server(subdomains=subdomains))


@pytest.mark.parametrize(
    ("subdomains", "tier", "verdict"),
    [
        (False, Tier.SENSITIVE, Verdict.NOTE),
        (False, Tier.SECRET, Verdict.NOTE),
        (False, Tier.OPEN, Verdict.HOLDS),
        (True, Tier.SECRET, Verdict.HOLDS),
    ],
)
def test_held_data_without_subdomains_are_noted(
    lab: Lab, tmp_path: Path, *, subdomains: bool, tier: Tier, verdict: Verdict
) -> None:
    with lab.store.begin() as records:
        records.save(replace(JOBS, tier=tier), event("test:dataset:make", "test", JOBS.name))
    seen = origins_looked_at(settings_with(tmp_path, subdomains=subdomains), lab)
    assert seen.verdict is verdict
    assert ("subdomains" in seen.seen) == (verdict is Verdict.NOTE)
    assert (JOBS.name in seen.seen) == (verdict is Verdict.NOTE)
