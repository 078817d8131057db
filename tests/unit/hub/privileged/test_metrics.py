"""Numbers of the privileged process: what is counted, and that its labels are words of the lab's own."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from hub.accounts import Account
from hub.privileged.calls import Act
from hub.privileged.metrics import DoorName, Measured
from hub.privileged.seen_processes import Used, processes_seen, used_by

LINE = "{pid} ({name}) S 1 1 1 0 -1 0 0 0 0 0 250 50 0 0 20 0 3 0 100 5000 40 0 0 0"
"""Of ``proc(5)``: time 250 and 50 ticks, three threads, 40 pages resident."""


def lines_of(measured: Measured) -> list[str]:
    return [line for line in measured.text().decode().splitlines() if not line.startswith("#")]


def test_verbs_calls_and_refusals_are_counted() -> None:
    measured = Measured()
    measured.verb("open-project", 0.02)
    measured.call(Act.CREATE, 201)
    measured.call(Act.CREATE, 409)
    measured.refused(DoorName.ENGINE, "order-image")
    said = lines_of(measured)
    assert 'datalab_verbs_total{verb="open-project"} 1.0' in said
    assert 'datalab_verb_seconds_bucket{le="0.05",verb="open-project"} 1.0' in said
    assert 'datalab_engine_calls_total{act="create",kind="2xx"} 1.0' in said
    assert 'datalab_engine_calls_total{act="create",kind="4xx"} 1.0' in said
    assert 'datalab_privileged_refusals_total{door="engine",reason="order-image"} 1.0' in said


def process(folder: Path, number: int, name: str = "python") -> Path:
    place = folder / str(number)
    place.mkdir()
    (place / "stat").write_text(LINE.format(pid=number, name=name))
    return place


@pytest.mark.parametrize("name", ["python", "a) S 9 9 (b", "x\ny"])
def test_what_processes_of_an_account_use_is_summed_up_whatever_they_call_themselves(tmp_path: Path, name: str) -> None:
    own = tmp_path.stat().st_uid
    places = [process(tmp_path, 1, name), process(tmp_path, 2), tmp_path / "3"]
    page, ticks = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
    found = used_by({own: Account.PROXY, own + 1: Account.IDENTITY}, places)
    assert found == {Account.PROXY: Used(2, 80 * page, 6, 600 / ticks), Account.IDENTITY: Used()}


def test_processes_are_told_by_the_words_that_the_lab_has_for_them() -> None:
    said = lines_of(Measured(lambda: {account: Used(1, 4096, 2, 0.5) for account in Account}))
    counted = {
        match[1] for line in said if (match := re.fullmatch(r'datalab_process_count\{process="(.+)"\} 1.0', line))
    }
    assert counted == {"hub", "portal", "worker", "gateway", "proxy", "identity"}
    assert 'datalab_process_resident_bytes{process="identity"} 4096.0' in said


def test_where_one_account_runs_the_lab_no_process_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert processes_seen() == {}
