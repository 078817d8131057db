"""What the gateway wrote down becomes audit events, and its edit is found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from doubles.lab import make_lab
from hub.adapters.access_log import FolderAccessLog
from hub.domain.audit import event
from hub.domain.errors import ConflictError
from hub.services import access_log
from hub.services.access_log import events_of, fold, verify_access_log
from hub.services.audit import verify_audit
from hub.services.lab import Lab
from hub.services.ports import pages

TODAY, TOMORROW = "gateway-access-2026-03-02.jsonl", "gateway-access-2026-03-03.jsonl"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    (tmp_path / "logs").mkdir()
    return replace(make_lab(tmp_path / "lab"), access_log=FolderAccessLog(tmp_path / "logs"))


def line(**fields: object) -> bytes:
    plain = {"side": "browser", "person": "scientist", "asker": "scientist", "project": "care", "status": 200}
    return json.dumps(plain | {"reason": "", "bytes": 0, "path": "/user/scientist/care/x"} | fields).encode() + b"\n"


def act(kind: str, phase: str, name: str = "a.ipynb", **fields: object) -> bytes:
    return (
        line(act=kind, name=name, phase=phase, received=0, **fields)
        if "received" not in fields
        else line(act=kind, name=name, phase=phase, **fields)
    )


def write(tmp_path: Path, *lines: bytes, name: str = TODAY) -> None:
    with (tmp_path / "logs" / name).open("ab") as file:
        file.write(b"".join(lines))


def folded(lab: Lab) -> None:
    while fold(lab):
        pass


def told(lab: Lab) -> list[tuple[str, str, str, dict[str, str]]]:
    with lab.store.read() as reading:
        found = [entry.event for entry in pages(reading) if entry.event.name != access_log.SEAL]
    return [(e.name, e.actor, e.subject, dict(e.details)) for e in found]


def test_contents_uploads_kernels_refusals_and_alarms_are_audit_events(lab: Lab, tmp_path: Path) -> None:
    write(
        tmp_path,
        line(path="/user/scientist/care/api/status"),
        act("read", "begin"),
        act("read", "end", bytes=500),
        act("read", "begin", name="b.csv"),
        act("write", "begin"),
        act("write", "end", received=70),
        act("kernel", "begin", name="k1", side="websocket"),
        act("kernel", "end", name="k1", side="websocket", status=101),
        act("kernel", "end", name="k1", side="websocket", status=101, reason="closed", bytes=9000),
        line(reason="download", status=403),
        line(reason="not-theirs", asker="researcher", person="", project="", status=302),
        line(side="alarm", reason="day-alarm", asker="", bytes=10**6),
        line(side="hub", reason="hub-call", asker="", status=403),
    )
    folded(lab)
    assert told(lab) == [
        ("gateway:file:read", "scientist", "a.ipynb", {"times": "1", "bytes": "500"}),
        ("gateway:file:read", "scientist", "b.csv", {"times": "1", "bytes": "0"}),
        ("gateway:file:write", "scientist", "a.ipynb", {"times": "1", "bytes": "0", "received": "70"}),
        ("gateway:kernel:open", "scientist", "k1", {"times": "1", "bytes": "0"}),
        ("gateway:kernel:close", "scientist", "k1", {"times": "1", "bytes": "9000"}),
        ("gateway:workspace:refuse", "scientist", "care", {"times": "1", "bytes": "0", "reason": "download"}),
        (
            "gateway:workspace:refuse",
            "researcher",
            "/user/scientist/care/x",
            {"times": "1", "bytes": "0", "reason": "not-theirs"},
        ),
        ("gateway:workspace:alarm", "scientist", "care", {"times": "1", "bytes": "1000000", "reason": "day-alarm"}),
        ("gateway:hub:refuse", "scientist", "care", {"times": "1", "bytes": "0", "reason": "hub-call"}),
    ]


def test_like_acts_are_one_event_with_how_often(lab: Lab, tmp_path: Path) -> None:
    write(tmp_path, *(act("read", phase, bytes=10) for _ in range(500) for phase in ("begin", "end")))
    folded(lab)
    assert told(lab) == [("gateway:file:read", "scientist", "a.ipynb", {"times": "500", "bytes": "5000"})]


def test_lines_are_read_once_across_files_restarts_and_halves(lab: Lab, tmp_path: Path) -> None:
    whole = act("read", "begin")
    write(tmp_path, whole[:20])
    assert not fold(lab)
    write(tmp_path, whole[20:])
    folded(lab)
    write(tmp_path, act("read", "begin", name="late"))
    write(tmp_path, act("read", "begin", name="next"), name=TOMORROW)
    folded(lab)
    assert not fold(lab)
    assert [subject for _, _, subject, _ in told(lab)] == ["a.ipynb", "late", "next"]
    assert verify_access_log(lab) == access_log.Checked(2, 3)


def test_the_last_seal_is_found_behind_many_other_entries(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_log, "PAGE", 7)
    write(tmp_path, act("read", "begin"))
    folded(lab)
    with lab.store.begin() as records:
        for number in range(30):
            records.record(event("lab:test:act", "tester", str(number)))
    assert not fold(lab)


EDITS = {
    "a line is changed": lambda lines: [lines[0].replace(b"a.ipynb", b"x.ipynb"), *lines[1:]],
    "a line is taken out": lambda lines: lines[1:],
    "a line is put in": lambda lines: [lines[0], *lines],
    "the last line is taken out": lambda lines: lines[:-1],
    "all is taken out": lambda lines: [],
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_the_access_log_is_found(lab: Lab, tmp_path: Path, edit: str) -> None:
    file = tmp_path / "logs" / TODAY
    write(tmp_path, *(act("read", "begin", name=name) for name in ("a.ipynb", "b.csv", "c.csv")))
    folded(lab)
    assert verify_audit(lab) is not None
    file.write_bytes(b"".join(EDITS[edit](file.read_bytes().splitlines(keepends=True))))
    with pytest.raises(ConflictError, match=TODAY):
        verify_audit(lab)


def test_a_file_that_is_gone_or_grew_after_its_day_is_found(lab: Lab, tmp_path: Path) -> None:
    write(tmp_path, act("read", "begin"))
    write(tmp_path, act("read", "begin"), name=TOMORROW)
    folded(lab)
    write(tmp_path, line())
    with pytest.raises(ConflictError):
        verify_access_log(lab)
    (tmp_path / "logs" / TODAY).unlink()
    with pytest.raises(ConflictError):
        verify_access_log(lab)


def test_what_is_no_line_is_sealed_and_tells_nothing() -> None:
    assert list(events_of([b"", b"{", b"[1]", b"null", b'{"act": 7, "name": []}', b"\xff\xfe"])) == []


def test_a_line_that_stands_for_many_refusals_counts_as_many(lab: Lab, tmp_path: Path) -> None:
    stranger = {"asker": "researcher", "person": "", "project": "", "status": 302, "reason": "not-theirs"}
    write(tmp_path, line(**stranger), line(**stranger, times=41), line(**stranger | {"path": ""}, times=7))
    folded(lab)
    assert told(lab) == [
        ("gateway:workspace:refuse", "researcher", "/user/scientist/care/x",
         {"times": "42", "bytes": "0", "reason": "not-theirs"}),
        ("gateway:workspace:refuse", "researcher", "gateway", {"times": "7", "bytes": "0", "reason": "not-theirs"}),
    ]  # fmt: skip
