"""What a container of work is described as."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.domain.work import WorkKind
from hub.services.recipe import limits_of, spec_of
from hub.settings import Login, ReaderLimits, Settings
from spawner_config.isolation import Purpose


class Image:
    def image_digest(self, image: str) -> str:
        return f"sha256:{image}"


class Lab:
    engine = Image()

    def __init__(self, runtime: str) -> None:
        reader = ReaderLimits(runtime=runtime)
        self.settings = Settings(state=Path("/srv/lab"), login=Login(demo=True), reader=reader)


class Work:
    id = "w1"

    def __init__(self, kind: WorkKind) -> None:
        self.kind = kind


KINDS = {
    Purpose.RUN: WorkKind.RUN,
    Purpose.READER: WorkKind.READ,
    Purpose.CHECKER: WorkKind.CHECK,
}


@pytest.mark.parametrize(
    ("purpose", "runtime"), [(Purpose.RUN, ""), (Purpose.READER, "runsc"), (Purpose.CHECKER, "runsc")]
)
def test_only_what_reads_foreign_bytes_gets_the_other_runtime(purpose: Purpose, runtime: str) -> None:
    spec = spec_of(Lab("runsc"), Work(KINDS[purpose]), purpose, "read", ())
    assert spec.runtime == runtime
    assert spec_of(Lab(""), Work(KINDS[purpose]), purpose, "read", ()).runtime == ""


def test_a_reader_has_two_minutes_unless_lab_toml_says_otherwise() -> None:
    assert limits_of(Lab(""), WorkKind.READ).seconds == 120
    assert (
        Settings.model_validate({"state": "/s", "login": {"demo": True}, "reader": {"cpus": 2}}).reader.seconds == 120
    )
