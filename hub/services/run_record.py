"""The record of a run: what was approved, what was asked, what it ran on, and what came of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from hub.domain.audit import event
from hub.domain.errors import ConflictError
from hub.domain.notebooks import Notebook, Parameter
from hub.domain.reproductions import Repetition
from hub.domain.runs import Run, as_shown
from hub.domain.work import ENDED, Work
from hub.services.lab import Lab
from hub.services.notebooks import load_notebook
from hub.services.reproductions import repetitions_of
from hub.services.run_report import packages_of
from hub.services.runs import load_run


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run with its work and the notebook that was approved; ``lab`` is the lab's title.

    ``packages`` are the image's, as ``name==version``; none where the run did not come to tell them.
    """

    run: Run
    work: Work
    notebook: Notebook
    lab: str
    packages: tuple[str, ...] = ()
    repetitions: tuple[Repetition, ...] = ()

    @property
    def schema_digest(self) -> str:
        """SHA-256 of the approved schema as canonical JSON."""
        return schema_digest(self.notebook.parameters)


def schema_digest(parameters: tuple[Parameter, ...]) -> str:
    """SHA-256 of a parameter schema as canonical JSON: sorted keys, no spaces."""
    entries = [asdict(parameter) for parameter in parameters]
    text = json.dumps(entries, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def run_record(lab: Lab, actor: str, identifier: str) -> RunRecord:
    """Return the record of a run that has ended, for whoever may see the run; that it was taken is recorded."""
    with lab.store.begin() as records:
        run, work = load_run(records, actor, identifier)
        if work.state not in ENDED:
            raise ConflictError(
                "The run {id} has not ended yet; its record is made then.", reason="run-not-ended", id=identifier
            )
        notebook = load_notebook(records, actor, run.notebook)
        repeated = repetitions_of(records, run)
        records.record(event("lab:run:record", actor, identifier, run.project))
    return RunRecord(as_shown(run), work, notebook, lab.settings.title, packages_of(lab, run.packages), repeated)
