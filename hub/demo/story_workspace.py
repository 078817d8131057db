"""The story's second part: a scientist in a workspace, and what cannot be reached from there."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from hub.cli.client import place
from hub.demo.people import CARE, MOBILITY, RESEARCHER, SCIENTIST
from hub.demo.story_stage import Seen, Stage, check, refused
from hub.demo.workspace_client import Cell, Workspace, code_cells, executed
from hub.domain.errors import InvalidError

READ = """\
import polars as pl
panel = pl.read_parquet("/data/jobs/wage_panel.parquet")
print(panel.height, panel["nr"].n_unique())"""
WRITE = """\
open("/data/jobs/mine.txt", "w")"""
CHANGE = """\
open("/data/jobs/wage_panel.parquet", "r+b")"""
LIST_DATA = """\
from pathlib import Path
print(*sorted(p.name for p in Path("/data").iterdir()))"""
ROWS = """\
from pathlib import Path
if not Path("/outputs/rows.csv").exists():
    panel.head(40).write_csv("/outputs/rows.csv")
print(Path("/outputs/explore.ipynb").exists())"""
KEEP_EXPLORE = """\
import shutil
shutil.copyfile("explore.ipynb", "/outputs/explore.ipynb")"""
ANSWERS = """\
print(Path("/outputs/isolation.json").read_text())"""
ISOLATED = {"reads_data": True}
"""What the notebook isolation.ipynb must answer with yes; everything else with no."""
SEEN_BY_NOBODY_ELSE = frozenset({403, 404})


def load_notebook(name: str) -> dict[str, Any]:
    """One of the demonstration's notebooks."""
    text = files("hub.demo").joinpath("notebooks", name).read_text(encoding="utf-8")
    return dict(json.loads(text))


def open_workspace(stage: Stage) -> Seen:
    """The scientist logs in on the web, starts the workspace, and a cell reads the data with Polars."""
    workspace = Workspace(stage.visitor(SCIENTIST), CARE)
    stage.tell("starting the workspace")
    seconds = workspace.open()
    read, rows = workspace.run([READ, ROWS])
    check(not read.error and read.text.split()[0].isdigit(), "a notebook reads /data with Polars")
    check(not rows.error, "a notebook writes to /outputs")
    if rows.text != "True":
        _keep_explore(workspace)
    height, people = read.text.split()
    return Seen("reads data", f"open after {seconds:.1f} s; Polars read {height} rows of {people} people in /data/jobs")


def _keep_explore(workspace: Workspace) -> None:
    """The scientist runs explore.ipynb in JupyterLab, saves it with its outputs, and puts it into /outputs."""
    notebook = load_notebook("explore.ipynb")
    cells = workspace.run(code_cells(notebook))
    check(not any(cell.error for cell in cells), "the notebook explore.ipynb runs in the workspace")
    workspace.save("explore.ipynb", executed(notebook, cells))
    check(not workspace.run([KEEP_EXPLORE])[0].error, "a notebook is put into /outputs")


def cannot_write(stage: Stage) -> Seen:
    """A write to the data fails, a new file as well as a changed one."""
    wrote, changed = Workspace(stage.visitor(SCIENTIST), CARE).run([WRITE, CHANGE])
    check(wrote.error in ("OSError", "PermissionError"), "a new file below /data is refused")
    check(changed.error in ("OSError", "PermissionError"), "a change of a file below /data is refused")
    return Seen("refused", f"a new file: {_evalue(wrote)}; a change: {_evalue(changed)}")


def _evalue(cell: Cell) -> str:
    """The system's words about an error, without the path."""
    said = next(str(o["evalue"]) for o in cell.outputs if o["output_type"] == "error")
    return said.partition("] ")[2].partition(":")[0] or said


def is_isolated(stage: Stage) -> Seen:
    """The notebook isolation.ipynb tries what must not work: network, system, engine, other people, the hub."""
    probes = code_cells(load_notebook("isolation.ipynb"))
    cells = Workspace(stage.visitor(SCIENTIST), CARE).run([*probes, ANSWERS])
    check(not any(cell.error for cell in cells), "the notebook isolation.ipynb runs in the workspace")
    answers = _answers(cells[-1].text)
    wrong = sorted(name for name, answer in answers.items() if answer is not ISOLATED.get(name, False))
    check(not wrong, f"the workspace is shut in ({', '.join(wrong)})")
    return Seen("shut in", f"no network device, address or name; {len(answers)} attempts, all as promised")


def _answers(text: str) -> dict[str, object]:
    try:
        return dict(json.loads(text))
    except ValueError:
        raise InvalidError("isolation.ipynb left no answers.", reason="isolation") from None


def cannot_see_the_other_project(stage: Stage) -> Seen:
    """A colleague works in the other project meanwhile; the scientist sees neither server, files, page nor name."""
    colleague = Workspace(stage.visitor(RESEARCHER), MOBILITY)
    stage.tell("a colleague starts the other project's workspace")
    colleague.open()
    theirs, ours = (
        workspace.run([LIST_DATA])[0].text.split()
        for workspace in (colleague, Workspace(stage.visitor(SCIENTIST), CARE))
    )
    check(theirs != [] and not set(theirs) & set(ours), "each project sees its own datasets alone")
    pages = (f"{colleague.path}lab", f"{colleague.path}api/contents", f"/hub/spawn/{SCIENTIST}/{MOBILITY}")
    statuses = [stage.visitor(SCIENTIST).get(page).status_code for page in pages]
    check(set(statuses) <= SEEN_BY_NOBODY_ELSE, f"the other server is refused ({statuses})")
    sentence = refused(lambda: stage.portal(SCIENTIST).get(place("projects", MOBILITY)), "unknown-project")
    return Seen("not seen", f"/data has {' '.join(ours)}; their server: {statuses[0]}; “{sentence}”")
