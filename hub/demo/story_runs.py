"""The story's third part: a notebook is approved and run in batch."""

from __future__ import annotations

import hashlib
from importlib.resources import as_file, files

from hub.cli import notebook as notebooks
from hub.cli import run as runs
from hub.cli.client import Json, Portal, place
from hub.cli.waiting import Tell
from hub.demo.people import CARE, JOBS_STEWARD, RESEARCHER, SCIENTIST
from hub.demo.story_stage import Seen, Stage, check, refused
from hub.domain.errors import ConflictError

NAME, FILE = "wages", "wages.ipynb"
PURPOSE = "Mean wage by one characteristic, for groups that are large enough"
SCHEMA = [
    {
        "name": "by",
        "type": "choice",
        "default": "educ",
        "choices": ["educ", "occupation", "year", "union", "married", "black", "hisp"],
    },
    {"name": "minimum", "type": "integer", "default": 11, "minimum": 1, "maximum": 50},
]
"""What the steward approves: narrower than the notebook's own draft, which knows types and defaults only."""
SMALL, MENDED = ("by=educ", "minimum=1"), ("by=educ", "minimum=11")
"""The two parameter sets: with the first, one group is too small to leave the lab."""
OUTSIDE = ("by=educ", "minimum=1000")
UNFINISHED = ("queued", "starting", "running")


def find_notebook(lab: Portal, *states: str) -> Json | None:
    """The story's notebook in one of these states, known by its exact bytes."""
    digest = hashlib.sha256(files("hub.demo").joinpath("notebooks", FILE).read_bytes()).hexdigest()
    listed = lab.get("/notebooks", project=CARE)
    fitting = [n for n in listed if n["name"] == NAME and n["digest"] == digest and n["state"] in states]
    return dict(max(fitting, key=lambda n: n["created"])) if fitting else None


def submit_notebook(stage: Stage) -> Seen:
    """The scientist submits a notebook; a container reads its source and drafts its parameters."""
    lab = stage.portal(SCIENTIST)
    found = find_notebook(lab, "approved") or find_notebook(lab, "inspecting", "submitted")
    if found is None:
        with as_file(files("hub.demo").joinpath("notebooks", FILE)) as file:
            found = notebooks.submit_file(lab, file, CARE, NAME, PURPOSE, ("jobs",))
    found = notebooks.wait_for_inspection(lab, found, stage.tell)
    names = [p["name"] for p in found["parameters"]]
    check(set(names) == {"by", "minimum"}, "the notebook's parameters are found")
    return Seen("inspected", f"{found['id']}, sha256 {found['digest'][:12]}…, parameters {', '.join(names)}")


def approve_notebook(stage: Stage) -> Seen:
    """Its author cannot approve it; a steward approves these bytes with the schema of their parameters."""
    waiting = find_notebook(stage.portal(SCIENTIST), "submitted")
    approved = find_notebook(stage.portal(SCIENTIST), "approved")
    found = waiting or approved
    if found is None:
        raise ConflictError("The notebook wages is neither submitted nor approved.", reason="story")
    path = place("notebooks", found["id"], "approve")
    sentence = refused(lambda: stage.portal(SCIENTIST).post(path), "not-an-approver", "own-notebook")
    if waiting:
        approved = stage.portal(JOBS_STEWARD).post(path, {"parameters": SCHEMA})
    check((approved or {}).get("decided_by") == JOBS_STEWARD, "a steward approved the notebook")
    return Seen("approved", f"by {JOBS_STEWARD}; its author: “{sentence}”")


def find_run(lab: Portal, words: tuple[str, ...], *states: str) -> Json | None:
    """The newest run of the approved notebook with these parameters."""
    approved = find_notebook(lab, "approved")
    wanted = dict(word.split("=") for word in words)
    for found in lab.get("/runs", project=CARE):
        given = {name: str(value) for name, value in found["run"]["parameters"].items()}
        fits = approved is not None and found["run"]["notebook"] == approved["id"] and given == wanted
        if fits and found["work"]["state"] in states:
            return dict(found)
    return None


def run_small(stage: Stage) -> Seen:
    """A lab researcher runs the notebook so that a small group stays in."""
    return _run(stage, SMALL)


def run_mended(stage: Stage) -> Seen:
    """The same with a larger minimum; a value outside the approved schema is refused."""
    lab = stage.portal(RESEARCHER)
    approved = notebooks.find(lab, f"{CARE}/{NAME}", "approved")
    sentence = refused(lambda: runs.start_run(lab, approved, list(OUTSIDE)), "parameter-value")
    seen = _run(stage, MENDED)
    return Seen(seen.verdict, f"{seen.particulars}; minimum=1000: “{sentence}”")


def _run(stage: Stage, words: tuple[str, ...]) -> Seen:
    """Run in a container of its own, unless that was done; watch its progress."""
    lab = stage.portal(RESEARCHER)
    watched: list[tuple[int, int]] = []
    found = find_run(lab, words, "succeeded", *UNFINISHED)
    if found is None:
        approved = notebooks.find(lab, f"{CARE}/{NAME}", "approved")
        found = runs.start_run(lab, approved, list(words))
    ended = runs.wait_for_run(lab, found["run"]["id"], _watching(stage.tell, watched))
    runs.check_succeeded(ended)
    outputs = [file["path"] for file in ended["run"]["outputs"]]
    check("wages.csv" in outputs and any(path.endswith(".ipynb") for path in outputs), "the run left its outputs")
    progress = f"; progress seen: {', '.join(f'{done}/{of}' for done, of in watched)}" if watched else ""
    return Seen("succeeded", f"{ended['run']['id']} ({' '.join(words)}): {', '.join(outputs)}{progress}")


def _watching(tell: Tell, watched: list[tuple[int, int]]) -> Tell:
    def told(state: str, progress: tuple[int, int] | None = None, left: int | None = None, memory: str = "") -> None:
        if progress and progress not in watched:
            watched.append(progress)
        tell(state, progress, left, memory)

    return told
