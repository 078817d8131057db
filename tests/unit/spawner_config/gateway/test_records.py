"""What the gateway keeps: counts that outlive it, a line for each response, and a share for each server."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from datasets_mount.catalogue import Tier
from hub.domain.errors import InvalidError, UnavailableError
from hub.settings import Browser
from spawner_config.gateway.access_log import AccessLog, Seen
from spawner_config.gateway.bounds import Bucket
from spawner_config.gateway.meter import KEPT_DAYS, Meter
from spawner_config.server_folder import Server, read_card

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SERVER = Server(person="scientist", project="health", tier=Tier.OPEN, uid=200_001)


HELD = SERVER.model_copy(update={"tier": Tier.SECRET})
OTHER = SERVER.model_copy(update={"project": "jobs"})
CAPS = Browser(secret_soft=10, secret_hard=20, sensitive_soft=0, open_soft=0)


def meter(folder: Path, day: int = 23, alarms: list[int] | None = None) -> Meter:
    heard = [] if alarms is None else alarms
    return Meter(folder / "bytes.json", lambda: date(2026, 11, day), CAPS, lambda _, total: heard.append(total))


def test_bytes_are_counted_for_each_person_project_and_day_and_outlive_a_restart(tmp_path: Path) -> None:
    first = meter(tmp_path)
    assert all([first.take(SERVER, 5), first.take(SERVER, 6), first.take(OTHER, 1)])
    first.write()
    second = meter(tmp_path)
    other_person = SERVER.model_copy(update={"person": "researcher"})
    assert [second.total(s) for s in (SERVER, OTHER, other_person)] == [11, 1, 0]
    assert meter(tmp_path, day=24).total(SERVER) == 0


def test_the_hard_cap_ends_the_day_to_the_byte_also_after_a_restart(tmp_path: Path) -> None:
    first = meter(tmp_path)
    assert first.take(HELD, 20)
    first.check_has_left(HELD)
    assert not first.take(HELD, 1)
    assert first.total(HELD) == 20
    first.write()
    second = meter(tmp_path)
    assert not second.take(HELD, 1)
    with pytest.raises(UnavailableError) as raised:
        second.check_has_left(HELD)
    assert raised.value.reason == "day-cap"
    assert meter(tmp_path, day=24).take(HELD, 20)
    assert second.take(SERVER, 10**12)  # open data have no hard cap by default


def test_the_soft_alarm_is_raised_once_a_day_also_over_a_restart(tmp_path: Path) -> None:
    alarms: list[int] = []
    first = meter(tmp_path, alarms=alarms)
    assert all(first.take(HELD, 6) for _ in range(3))
    first.write()
    assert meter(tmp_path, alarms=alarms).take(HELD, 1)
    assert alarms == [12]
    assert meter(tmp_path, day=24, alarms=alarms).take(HELD, 11)
    assert alarms == [12, 11]


def test_counts_that_cannot_be_written_hold_up_what_has_a_cap_until_they_can(tmp_path: Path) -> None:
    made = meter(tmp_path)
    assert made.take(HELD, 1)
    (tmp_path / "bytes.new").mkdir()  # in the way of the draft
    with pytest.raises(OSError, match="directory"):
        made.write()
    assert (made.take(HELD, 1), made.would_take(HELD, 0), made.is_lost) == (False, False, False)
    with pytest.raises(UnavailableError, match="cannot write down") as raised:
        made.check_has_left(HELD)
    assert raised.value.reason == "count-unwritten"
    made.check_has_left(SERVER)
    assert made.take(SERVER, 1)
    (tmp_path / "bytes.new").rmdir()
    made.write()
    made.check_has_left(HELD)
    assert made.take(HELD, 1)


def test_broken_counts_hold_up_what_has_a_cap_until_they_are_taken_away(tmp_path: Path) -> None:
    (tmp_path / "bytes.json").write_bytes(b"\x00{")
    for _ in range(2):  # also after a restart
        made = meter(tmp_path)
        assert (made.is_lost, made.take(HELD, 1), made.would_take(HELD, 0)) == (True, False, False)
        with pytest.raises(UnavailableError, match="is broken") as raised:
            made.check_has_left(HELD)
        assert raised.value.reason == "count-lost"
        made.check_has_left(SERVER)
        assert made.take(SERVER, 1)
        made.write()
    assert meter(tmp_path).total(SERVER) == 2
    assert (tmp_path / "bytes.broken").read_bytes() == b"\x00{"
    (tmp_path / "bytes.broken").unlink()
    made.write()
    made.check_has_left(HELD)
    assert made.take(HELD, 1)


def test_more_days_than_a_month_are_not_kept(tmp_path: Path) -> None:
    days = {f"2026-{month:02}-01": {"a/b": 1} for month in range(1, 12)}
    days |= {f"2026-10-{day:02}": {"a/b": 1} for day in range(2, 32)}
    (tmp_path / "bytes.json").write_text(json.dumps({"bytes": days}))
    made = meter(tmp_path)
    assert made.take(SERVER, 1)
    made.write()
    kept = json.loads((tmp_path / "bytes.json").read_text())["bytes"]
    assert sorted(kept) == sorted([*days, "2026-11-23"])[-KEPT_DAYS:]


def test_a_clock_that_jumps_ahead_and_comes_back_finds_its_day_as_it_was(tmp_path: Path) -> None:
    today = [date(2026, 11, 23)]
    made = Meter(tmp_path / "bytes.json", lambda: today[0], CAPS, lambda *_: None)
    assert made.take(HELD, 15)
    assert not made.take(HELD, 10)
    today[0] = date(2031, 1, 1)
    assert made.take(HELD, 1)
    made.write()
    today[0] = date(2026, 11, 23)
    for seen in (made, Meter(tmp_path / "bytes.json", lambda: today[0], CAPS, lambda *_: None)):
        assert (seen.total(HELD), seen.take(HELD, 1)) == (15, False)


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "gateway-access-2026-11-23.jsonl").read_text().splitlines()]


def test_a_response_leaves_one_line_whatever_its_path_says(tmp_path: Path) -> None:
    log = AccessLog(tmp_path, now=lambda: NOW)
    log.write(Seen("browser", "GET", "/user/a/b/\n\x1b[31m\u2028é?token=secret", SERVER, 200, 7))
    log.write(Seen("hub", "X" * 99, "/" + "y" * 9000, None, 403, 0, "hub-call"))
    first, second = lines(tmp_path)
    assert first["path"] == "/user/a/b/\n\x1b[31m\u2028é"
    assert (first["person"], first["project"], first["status"], first["bytes"]) == ("scientist", "health", 200, 7)
    assert len(str(second["method"])) == 20
    assert len(str(second["path"])) == 1000
    text = (tmp_path / "gateway-access-2026-11-23.jsonl").read_bytes()
    assert text.count(b"\n") == 2
    assert text.isascii()
    assert b"secret" not in text
    assert b"\x1b" not in text


def test_while_the_log_cannot_be_written_nothing_is_shown(tmp_path: Path) -> None:
    log = AccessLog(tmp_path, now=lambda: NOW)
    place = tmp_path / "gateway-access-2026-11-23.jsonl"
    place.mkdir()
    log.check_writable()
    log.write(Seen("browser", "GET", "/"))
    with pytest.raises(UnavailableError):
        log.check_writable()
    place.rmdir()
    log.write(Seen("browser", "GET", "/"))
    log.check_writable()


def test_half_a_line_is_taken_back_so_that_the_next_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, write = AccessLog(tmp_path, now=lambda: NOW), os.write
    monkeypatch.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:20]))
    log.write(Seen("browser", "GET", "/half"))
    with pytest.raises(UnavailableError):
        log.check_writable()
    monkeypatch.undo()
    log.write(Seen("browser", "GET", "/whole"))
    assert [line["path"] for line in lines(tmp_path)] == ["/whole"]


def test_a_restart_after_a_clock_that_went_back_goes_on_in_the_newest_file(tmp_path: Path) -> None:
    AccessLog(tmp_path, now=lambda: NOW).write(Seen("browser", "GET", "/before"))
    AccessLog(tmp_path, now=lambda: NOW - timedelta(days=3)).write(Seen("browser", "GET", "/after"))
    assert [line["path"] for line in lines(tmp_path)] == ["/before", "/after"]


def test_a_bucket_lets_a_burst_through_and_then_so_many_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    bucket = Bucket(3, rate=2)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    clock[0] += 1
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    clock[0] += 1000
    assert sum(bucket.take() for _ in range(10)) == 3


def test_a_card_says_whose_server_it_is_or_nothing_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "servers" / SERVER.id
    folder.mkdir(parents=True)
    with pytest.raises(InvalidError):
        read_card(tmp_path, SERVER.id)
    (folder / "server.json").write_text(SERVER.model_dump_json())
    assert read_card(tmp_path, SERVER.id) == SERVER
    (folder / "server.json").write_text(SERVER.model_copy(update={"person": "steward"}).model_dump_json())
    with pytest.raises(InvalidError):
        read_card(tmp_path, SERVER.id)
    (folder / "server.json").write_text("{}")
    with pytest.raises(InvalidError):
        read_card(tmp_path, SERVER.id)
