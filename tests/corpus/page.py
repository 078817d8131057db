"""The page of the docs that shows what the gate says of each case of the corpus.

``PYTHONPATH=tests .venv/bin/python -m corpus.page`` writes ``docs/reference/corpus.md``; a test fails when the two
differ.
"""

from __future__ import annotations

from pathlib import Path

from corpus.case import Case
from corpus.catalogue import cases
from corpus.judge import Judged, judged
from hub.gate.exchange import Verdict
from hub.gate.verdict import verdict_of

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/corpus.md"
HEAD = """# What the gate says of bad and of good outputs

This page is made by `PYTHONPATH=tests .venv/bin/python -m corpus.page`, which lets the gate judge every case of
`tests/corpus`; a test fails when the two differ. {bad} outputs are bad: each is made for the [check](checks.md) before
it, and does not pass. {good} are harmless and look like them: none is blocked, and where a steward has to read one all
the same, the row says why. Cases are judged under the profile `uk-sacro` where they name no other.

| check | | what is offered | verdict | found by |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    """Return the page: a row for each case, by check."""
    found = cases()
    head = HEAD.format(bad=sum(case.is_bad for case in found), good=sum(not case.is_bad for case in found))
    return head + "".join(_row(case, judged(case)) for case in found)


def _row(case: Case, said: Judged) -> str:
    name = f"`{case.check}`" + (", in a file’s name" if case.named else "")
    review = f" (read by a steward: {case.review})" if case.review else ""
    profile = "" if case.policy == "uk-sacro" else f" (`{case.policy}`)"
    what = case.says.replace("|", "\\|").replace("``", "`").rstrip(".") + profile + review
    cells = (name, "bad" if case.is_bad else "good", what, str(said.verdict), ", ".join(_by(said)))
    return f"| {' | '.join(cells)} |\n"


def _by(said: Judged) -> list[str]:
    """The checks whose word the verdict is."""
    names = {found.check for found in said.findings if verdict_of(found.severity) is said.verdict}
    return sorted(f"`{name}`" for name in names) if said.verdict is not Verdict.NONE else []


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
