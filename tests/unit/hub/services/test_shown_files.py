"""Facts about what a container answers of supporting files: each is shown or refused, as what is there says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from doubles.people import CONTEXT, finished_run, play, registered_dataset, submit, work_off
from doubles.sandbox import GoodPrograms, mounted
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.table_context import TableContext
from hub.domain.work import WorkKind
from hub.gate.refusals import SENTENCES, RefusalReason
from hub.services import exports
from hub.services.lab import Lab
from hub.services.recipe import limits_of

BOOK = "codes.xlsx"
Shown = list[dict[str, Any]]


@pytest.fixture
def programs(lab: Lab) -> GoodPrograms:
    made = play(lab)
    registered_dataset(lab)
    made.outputs |= {BOOK: b"a workbook"}
    return made


def checked(lab: Lab, programs: GoodPrograms, change: Callable[[Shown], Shown]) -> ExportRequest:
    """A request whose container answered something else of its supporting file."""
    whole = programs.check

    def check(body: dict[str, Any]) -> None:
        whole(body)
        kept = mounted(body, "/out") / "result.json"
        answer = json.loads(kept.read_text())
        kept.write_text(json.dumps(answer | {"shown": change(answer["shown"])}))

    programs.check = check  # type: ignore[method-assign]
    request = exports.create_request(
        lab,
        "researcher",
        "wages",
        source=finished_run(lab).id,
        files={"table.csv": TableContext()},
        context=CONTEXT,
        supporting=[BOOK],
    )
    submit(lab, "researcher", request.id)
    work_off(lab)
    return exports.request(lab, "researcher", request.id)


def without_bytes(shown: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name not in ("sha256", "size")} | more


def sheets(shown: Shown, *names: tuple[int, str]) -> Shown:
    return [without_bytes(shown[0], part=part, path=path, refusal="encrypted") for part, path in names]


def test_what_is_shown_is_taken_in_and_what_is_refused_says_why(lab: Lab, programs: GoodPrograms) -> None:
    [shown] = checked(lab, programs, lambda shown: shown).supporting
    assert (bool(shown.shown), shown.refusal) == (True, "")
    [refused] = checked(lab, programs, lambda shown: [without_bytes(shown[0], refusal="encrypted")]).supporting
    assert (refused.shown, refused.refusal) == ("", SENTENCES[RefusalReason.ENCRYPTED])


@pytest.mark.parametrize(
    "change",
    [
        lambda shown: [without_bytes(shown[0])],
        lambda shown: [shown[0] | {"refusal": "encrypted"}],
        lambda shown: [shown[0] | {"sha256": "0" * 64}],
        lambda shown: [shown[0] | {"size": shown[0]["size"] + 1}],
        lambda shown: [],
        lambda shown: shown * 2,
        lambda shown: [shown[0] | {"path": "table.csv"}],
        lambda shown: [shown[0] | {"index": 1}],
        lambda shown: [*shown, shown[0] | {"index": 3}],
        lambda shown: sheets(shown, (1, f"{BOOK}!A")),
        lambda shown: sheets(shown, (1, f"{BOOK}!A"), (1, f"{BOOK}!B")),
        lambda shown: sheets(shown, (1, f"{BOOK}!A"), (2, f"{BOOK}!A")),
        lambda shown: sheets(shown, (1, f"{BOOK}!A"), (2, "other.xlsx!B")),
        lambda shown: sheets(shown, (0, BOOK), (1, f"{BOOK}!A")),
    ],
)
def test_an_answer_that_is_not_of_every_file_or_agrees_with_none_fails_the_request(
    lab: Lab, programs: GoodPrograms, change: Callable[[Shown], Shown]
) -> None:
    request = checked(lab, programs, change)
    assert request.state is ExportState.FAILED
    assert request.reason.startswith("The container's result does not ")


def test_a_workbook_is_shown_sheet_by_sheet(lab: Lab, programs: GoodPrograms) -> None:
    request = checked(lab, programs, lambda shown: sheets(shown, (1, f"{BOOK}!A"), (2, f"{BOOK}!B")))
    assert [file.path for file in request.supporting] == [f"{BOOK}!A", f"{BOOK}!B"]


def test_the_reader_is_told_which_files_are_only_shown_and_how_long_it_has(lab: Lab, programs: GoodPrograms) -> None:
    whole, asked = programs.read, list[dict[str, Any]]()

    def read(body: dict[str, Any]) -> None:
        asked.append(json.loads((mounted(body, "/in") / "request.json").read_text()))
        whole(body)

    programs.read = read  # type: ignore[method-assign]
    checked(lab, programs, lambda shown: shown)
    last = asked[-1]
    assert [f["path"] for f in last["files"] if f["index"] not in last["supporting"]] == ["table.csv"]
    assert [f["path"] for f in last["files"] if f["index"] in last["supporting"]] == [BOOK]
    assert last["seconds"] == limits_of(lab, WorkKind.READ).seconds
