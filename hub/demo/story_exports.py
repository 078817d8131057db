"""The story's fourth part: outputs go to the gate, which blocks three of them and lets one pass to review."""

from __future__ import annotations

from hub.cli import export as exports
from hub.cli.client import Json, Portal
from hub.cli.statement import send
from hub.demo.people import CARE, RESEARCHER, SCIENTIST
from hub.demo.story_runs import MENDED, SMALL, find_run
from hub.demo.story_stage import Seen, Stage, check
from hub.domain.errors import ConflictError

TABLE = {"dataset": "jobs", "dimensions": ["educ"], "measure": "lwage", "aggregate": "mean"}
CONTEXT = (
    "Mean logarithm of the hourly wage by years of schooling, of the 545 men of the panel over 1980 to 1987, "
    "for the partners' yearly report on schooling and wages."
)
ROWS_CONTEXT = "Forty person-years of the panel, to look at them at home: it shows that the gate does not let rows out."
EXPLORE_CONTEXT = "A first look at the panel with df.head() in it: it shows that the gate looks into notebooks."
PASSED = ("submitted", "in_review", "approved", "rechecking", "releasing", "released")
GOING_ON = ("draft", "checking", "blocked", *PASSED)


def find_request(lab: Portal, author: str, source: str, path: str) -> Json | None:
    """The newest request of one file that is not withdrawn, returned or failed."""
    for found in lab.get("/exports", project=CARE):
        named = [file["path"] for file in found["files"]]
        theirs = found["author"] == author and found["source"] == source and named == [path]
        if theirs and found["state"] in GOING_ON:
            return dict(found)
    return None


def _through_the_gate(stage: Stage, author: str, source: str, path: str, table: Json, context: str) -> Json:
    """Make a request and submit it, unless that was done; return it with the gate's findings."""
    lab = stage.portal(author)
    found = find_request(lab, author, source, path)
    if found is None:
        found = exports.create_request(lab, CARE, source, {path: table}, context)
    if found["state"] == "draft":
        send(lab, found["id"])
    return exports.wait_for_gate(lab, found["id"], stage.tell)


def _run_of(stage: Stage, words: tuple[str, ...]) -> str:
    found = find_run(stage.portal(RESEARCHER), words, "succeeded")
    if found is None:
        raise ConflictError("The run {words} has not succeeded.", reason="story", words=" ".join(words))
    return str(found["run"]["id"])


def _blocked(found: Json, *checks: str) -> Seen:
    """The gate blocked it for one of the reasons that were expected, the best of them first, and says where."""
    findings = [f for file in found["files"] for f in file["findings"] if f["severity"] == "block"]
    named = {f["check"] for f in findings}
    check(found["state"] == "blocked", f"the gate blocks it (it is {found['state']})")
    check(bool(named & set(checks)), f"it is blocked by one of {', '.join(checks)} (it was {', '.join(sorted(named))})")
    first = min((f for f in findings if f["check"] in checks), key=lambda f: checks.index(f["check"]))
    return Seen("blocked", f"{first['check']} at {first['place']}: {first['sentence']}")


def small_table(stage: Stage) -> Seen:
    """A table with a small cell is blocked, with the reason and the place."""
    source = _run_of(stage, SMALL)
    found = _through_the_gate(stage, RESEARCHER, source, "wages.csv", TABLE, CONTEXT)
    return _blocked(found, "minimum-frequency")


def mended_table(stage: Stage) -> Seen:
    """The mended table passes to review."""
    found = mended_request(stage)
    findings = sorted({f["check"] for file in found["files"] for f in file["findings"]})
    why = [f"{f['check']}: {f['sentence']}" for file in found["files"] for f in file["findings"]]
    check(found["state"] in PASSED, f"the mended table passes (it is {found['state']}; {'; '.join(why)})")
    file = found["files"][0]
    noted = f"; noted: {', '.join(findings)}" if findings else ""
    return Seen("passes", f"canonical {file['canonical_name']}, sha256 {file['canonical'][:12]}…{noted}")


def mended_request(stage: Stage) -> Json:
    """The request with the mended table, through the gate."""
    source = _run_of(stage, MENDED)
    return _through_the_gate(stage, RESEARCHER, source, "wages.csv", TABLE, CONTEXT)


def rows_file(stage: Stage) -> Seen:
    """A file of rows is blocked."""
    found = _through_the_gate(stage, SCIENTIST, "workspace", "rows.csv", {}, ROWS_CONTEXT)
    return _blocked(found, "row-leak", "direct-identifiers")


def explore_notebook(stage: Stage) -> Seen:
    """A notebook with df.head() in it is blocked."""
    found = _through_the_gate(stage, SCIENTIST, "workspace", "explore.ipynb", {}, EXPLORE_CONTEXT)
    return _blocked(found, "row-leak", "direct-identifiers")
