"""What the command prints of an examination: for each promise a table, then one sentence that says it all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC

from pydantic import TypeAdapter
from rich.table import Table
from rich.text import Text

from hub.domain.examinations import SENTENCES, Examination, Promise, Verdict, together
from hub.web.api.answers import ExaminationAnswer, answer_of
from hub.web.languages import Language
from hub.web.marks import N_
from hub.web.models.texts import is_plain

BROKEN, UNSEEN = 1, 3
"""Exit codes: a promise does not hold; one could not be looked at."""
SIGNS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.HOLDS: ("✓", "green"),
    Verdict.BROKEN: ("✗", "bold red"),
    Verdict.UNSEEN: ("?", "bold yellow"),
    Verdict.NOT_YET: ("–", "yellow"),
    Verdict.NOTE: ("·", "dim"),
}
SUMMARY = N_("{moment}: {count} attempts in {seconds} s. {verdicts}.")


def exit_code(examination: Examination, wanted: Iterable[Promise]) -> int:
    """A promise that does not hold counts more than one that could not be looked at; only what holds is fine."""
    verdicts = {examination.verdict(promise) for promise in wanted}
    if Verdict.BROKEN in verdicts:
        return BROKEN
    return UNSEEN if Verdict.UNSEEN in verdicts else 0


def as_text(examination: Examination) -> str:
    """Return the examination as JSON, in ASCII; its form is the API's ``ExaminationAnswer``."""
    body = TypeAdapter(ExaminationAnswer).dump_python(answer_of(examination), mode="json")
    return json.dumps(body, indent=2)


def title(examination: Examination, promise: Promise, spoken: Language) -> Text:
    """Return the promise with its verdict."""
    verdict = examination.verdict(promise)
    number = "" if promise is Promise.MACHINE else f"{promise} "
    sign, style = SIGNS[verdict]
    said = f" {number}{spoken.text(SENTENCES[promise])} — {spoken.label(verdict)}"
    return Text.assemble((sign, style), (said, "bold"))


def rows(examination: Examination, promise: Promise, spoken: Language, *, notes: bool) -> Table:
    """Return what was tried of a promise; the same outcome in several containers is one row."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 2))
    for name in ("", N_("tried"), N_("where"), N_("seen")):
        table.add_column(spoken.text(name), overflow="fold")
    for attempt, places in together(examination.of(promise)):
        if notes or attempt.verdict is not Verdict.NOTE:
            where = ", ".join(spoken.text(place) for place in places)
            said = (plain(spoken.stored(text)) for text in (attempt.tried, attempt.seen))
            tried, seen = said
            table.add_row(Text(*SIGNS[attempt.verdict]), tried, where, seen)
    return table


PLACES = (N_("host"), N_("flood"), N_("workspace"), N_("run"), N_("reader"), N_("checker"))
"""Where something is tried, as people read it."""


def facts(examination: Examination) -> Table:
    """Return what it was tried on."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in examination.machine.items():
        table.add_row(Text(name, "bold"), plain(value))
    return table


def summary(examination: Examination, wanted: Iterable[Promise], spoken: Language) -> str:
    """Say in one sentence what holds and what does not."""
    chosen = [promise for promise in Promise if promise in set(wanted)]
    named = {v: [spoken.label(p) for p in chosen if examination.verdict(p) is v] for v in Verdict}
    verdicts = "; ".join(f"{spoken.label(v)}: {', '.join(names)}" for v, names in named.items() if names)
    values = {"count": len(examination.attempts), "seconds": examination.seconds, "verdicts": verdicts}
    return spoken.text(SUMMARY, values | {"moment": spoken.moment(examination.began.astimezone(UTC))})


def plain(text: str) -> str:
    """Show nothing of what is invisible: an engine's or a program's words stand in what was seen."""
    return "".join(c if is_plain(c) else "�" for c in text)
