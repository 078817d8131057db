"""Which files of a project's other requests count together with those of the request that is checked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.domain.exports import ExportFile, ExportRequest, ExportState
from hub.services.other_requests import COUNTED, LARGEST, MOST, MOST_BYTES, others_of

SNAPSHOTS = {"wages": "a" * 64}


def request(name: str, state: ExportState = ExportState.RELEASED, **changes: Any) -> ExportRequest:
    digest = name[-1] * 64
    file = ExportFile(f"{name}.csv", sha256="0" * 63 + name[-1], size=30, canonical=digest, canonical_size=20)
    file = replace(file, canonical_name=f"{name}.csv")
    made = ExportRequest(name, "care", "ann", "run-1", "why", datetime(2026, 3, 2, tzinfo=UTC), SNAPSHOTS, (file,))
    return replace(made, state=state, **changes)


class Known:
    """A store of requests alone."""

    def __init__(self, *requests: ExportRequest) -> None:
        self.requests = requests

    def find(self, kind: type[object], **equal: object) -> list[ExportRequest]:
        assert (kind, equal) == (ExportRequest, {"project": "care"})
        return list(self.requests)


PRESENT = request("export-p", ExportState.CHECKING)


def paths(*requests: ExportRequest) -> list[str]:
    reading: Any = Known(*requests)
    return [file.path for file, _, _ in others_of(reading, PRESENT).files]


def all_count(*requests: ExportRequest) -> bool:
    reading: Any = Known(*requests)
    return others_of(reading, PRESENT).all_count


def test_what_would_leave_of_others_counts_newest_first_after_the_own_files() -> None:
    reading: Any = Known(request("export-1"), PRESENT, request("export-2", ExportState.IN_REVIEW))
    found = others_of(reading, PRESENT).files
    assert [(f.index, f.path, sha256, size) for f, sha256, size in found] == [
        (2, "under-way/export-2/export-2.csv", "2" * 64, 20),
        (3, "left/export-1/export-1.csv", "1" * 64, 20),
    ]


@pytest.mark.parametrize("state", ExportState)
def test_what_left_or_is_under_way_counts(state: ExportState) -> None:
    assert bool(paths(request("export-1", state))) is (state in COUNTED)
    assert not {ExportState.DRAFT, ExportState.BLOCKED, ExportState.REJECTED, ExportState.WITHDRAWN} & COUNTED
    assert {ExportState.CHECKING, ExportState.IN_REVIEW, ExportState.RELEASED, ExportState.REVOKED} <= COUNTED


def test_of_a_half_that_the_gate_reads_just_now_what_was_taken_in_counts() -> None:
    raw = replace(request("export-1").files[0], canonical="", canonical_name="", canonical_size=0)
    reading: Any = Known(request("export-1", ExportState.CHECKING, files=(raw,)))
    ((file, sha256, size),) = others_of(reading, PRESENT).files
    assert (file.path, sha256, size) == ("under-way/export-1/export-1.csv", raw.sha256, raw.size)
    assert paths(request("export-1", ExportState.IN_REVIEW, files=(raw,))) == []


def test_other_datasets_and_pictures_do_not_count() -> None:
    assert paths(request("export-1", snapshots={"health": "b" * 64})) == []
    picture = replace(request("export-1").files[0], canonical_name="figure.png")
    assert paths(request("export-1", files=(picture,))) == []
    assert paths(request("export-1", snapshots={"health": "b" * 64, "wages": "c" * 64})) != []


def test_the_same_bytes_count_once() -> None:
    again = request("export-2", files=request("export-1").files)
    assert paths(request("export-1"), again) == ["left/export-2/export-1.csv"]


def files(count: int, size: int) -> tuple[ExportFile, ...]:
    return tuple(
        ExportFile(f"{n}.csv", canonical=f"{n:064d}", canonical_name=f"{n}.csv", canonical_size=size)
        for n in range(count)
    )


def test_the_work_is_bounded() -> None:
    assert len(paths(request("export-1", files=files(MOST + 1, 10)))) == MOST
    assert len(paths(request("export-1", files=files(MOST, LARGEST)))) == MOST_BYTES // LARGEST
    assert paths(request("export-1", files=files(1, LARGEST + 1))) == []
    reading: Any = Known(request("export-1", files=files(MOST, 10)))
    assert len(others_of(reading, replace(PRESENT, files=files(450, 10))).files) == 50


def test_what_had_no_room_is_told() -> None:
    half = request("export-1")
    assert all_count(half)
    assert all_count(half, request("export-2", files=files(MOST - 1, 10)))
    pushed = (half, request("export-2", files=files(MOST, 10)))
    assert "left/export-1/export-1.csv" not in paths(*pushed)
    assert not all_count(*pushed)
    assert not all_count(half, request("export-2", files=files(1, LARGEST + 1)))
    assert not all_count(half, request("export-2", files=files(MOST_BYTES // LARGEST, LARGEST)))
    # The same bytes once more need no room.
    assert all_count(request("export-2", files=files(MOST, 10)), request("export-3", files=files(MOST, 10)))
