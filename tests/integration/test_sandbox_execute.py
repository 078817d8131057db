"""Runs in real containers: the state is what happened, whatever the notebook says or does."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.exchange import PACKAGES_FILE, REPORT_FILE, PackagesReport, RunReport
from hub.sandbox.progress import read_progress
from integration.sandbox_container import LIMITS, Ended, code_cell, execute, notebook_of, on_small_disk, word

AFTER = "print('reached')"


def ended_as(run: Ended, code: SandboxExit) -> bool:
    return (run.code, run.said) == (code, word(code))


def test_a_good_run_leaves_its_notebook_and_outputs(tmp_path: Path) -> None:
    run = execute(tmp_path / "run", notebook_of("open('table.csv', 'w').write('a\\n1\\n')", AFTER))
    assert ended_as(run, SandboxExit.OK)
    assert run.states == ["completed", "completed"]
    assert run.printed() == "reached\n"
    assert (run.root / "outputs" / "table.csv").read_text() == "a\n1\n"
    assert sorted(p.name for p in (run.root / "outputs").iterdir()) == ["executed.ipynb", "table.csv"]
    assert read_progress(run.root / "progress") == (2, 2)


def test_a_good_run_tells_what_it_used_and_its_packages(tmp_path: Path) -> None:
    lie = "import pathlib\nfor name in ('report', 'packages'): pathlib.Path(f'/progress/{name}.json').write_text('{}')"
    run = execute(tmp_path / "run", notebook_of("held = bytearray(2**27)", lie))
    told = RunReport.model_validate_json((run.root / "progress" / REPORT_FILE).read_bytes())
    listed = PackagesReport.model_validate_json((run.root / "progress" / PACKAGES_FILE).read_bytes()).packages
    assert told.memory_allowed == LIMITS.memory
    assert told.memory_peak is not None
    assert 2**27 < told.memory_peak <= LIMITS.memory
    assert told.cpu_seconds is not None
    assert 0.1 < told.cpu_seconds < 60
    assert {"papermill", "polars"} <= {package.partition("==")[0] for package in listed}


def test_what_the_program_leaves_out_is_there_for_the_notebook(tmp_path: Path) -> None:
    imports = "import gc, pyarrow.fs, requests, isoduration\nprint(gc.isenabled(), requests.get.__name__)"
    assert execute(tmp_path / "run", notebook_of(imports)).printed() == "True get\n"


def test_the_same_run_gives_the_same_notebook(tmp_path: Path) -> None:
    first, second = (execute(tmp_path / turn, notebook_of("1 + 1", AFTER)) for turn in ("first", "second"))
    assert first.executed == second.executed


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("1 / 0", SandboxExit.CELL_FAILED),
        ("import sys; sys.exit(0)", SandboxExit.CELL_FAILED),
        ("import os; os._exit(0)", SandboxExit.KERNEL_DIED),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", SandboxExit.KERNEL_DIED),
        ("import time; time.sleep(60)", SandboxExit.CELL_TIMED_OUT),
        ("import signal; signal.pthread_sigmask(2, range(1, 65))\nwhile True: pass", SandboxExit.CELL_TIMED_OUT),
    ],
)
def test_a_run_that_did_not_reach_its_end_says_so(tmp_path: Path, source: str, code: SandboxExit) -> None:
    run = execute(tmp_path / "run", notebook_of("1", source, AFTER), request={"cell_seconds": 2})
    assert ended_as(run, code)
    assert run.states == ["completed", "failed", "pending"]
    assert run.executed.cells[2].outputs == []
    assert run.executed.metadata.papermill.exception is True
    assert read_progress(run.root / "progress") == (1, 3)


def test_an_error_that_a_cell_shows_and_survives_is_still_an_error(tmp_path: Path) -> None:
    shown = "try:\n    1 / 0\nexcept ZeroDivisionError:\n    get_ipython().showtraceback()"
    assert ended_as(execute(tmp_path / "run", notebook_of(shown)), SandboxExit.CELL_FAILED)


def test_out_of_memory_is_no_success(tmp_path: Path) -> None:
    run = execute(tmp_path / "run", notebook_of("b'x' * 10**10"), limits=replace(LIMITS, memory=2**28))
    assert run.code != SandboxExit.OK


def test_values_reach_the_notebook_as_they_are(tmp_path: Path) -> None:
    hostile = "it's \"{by}\" %s \\\" \\\n\t'''; import os; os._exit(0) # é 中 \U0001f600"
    schema = [
        {"name": "text", "type": "choice", "default": hostile, "choices": [hostile]},
        {"name": "rate", "type": "number", "default": 0.1, "minimum": None, "maximum": None},
        {"name": "flag", "type": "boolean", "default": False},
    ]
    body = notebook_of(
        code_cell("text = ''\nrate = 0.0\nflag = True", "parameters"), "print(ascii([text, rate, flag]))"
    )
    run = execute(tmp_path / "run", body, request={"schema": schema, "parameters": {"rate": -1e-7}})
    assert ended_as(run, SandboxExit.OK)
    assert run.printed() == f"{[hostile, -1e-7, False]!a}\n"
    assert [c.metadata.tags for c in run.executed.cells] == [["parameters"], ["injected-parameters"], []]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"digest": "0" * 64}, SandboxExit.DIGEST_MISMATCH),
        ({"parameters": {"x": 1}}, SandboxExit.BAD_REQUEST),
        ({"schema": [{"name": "x=1;import os\nx", "type": "integer", "default": 1}]}, SandboxExit.BAD_REQUEST),
        ({"schema": [{"name": "x", "type": "number", "default": float("nan")}]}, SandboxExit.BAD_REQUEST),
    ],
)
def test_what_was_not_accepted_starts_nothing(tmp_path: Path, change: dict[str, Any], code: SandboxExit) -> None:
    run = execute(tmp_path / "run", notebook_of("open('started', 'w').close()"), request=change)
    assert ended_as(run, code)
    assert list((run.root / "outputs").iterdir()) == []


def test_refused_tags_start_nothing(tmp_path: Path) -> None:
    run = execute(tmp_path / "run", notebook_of(code_cell("open('started', 'w').close()", "skip-execution")))
    assert ended_as(run, SandboxExit.REFUSED_TAG)
    assert list((run.root / "outputs").iterdir()) == []


def test_kernel_and_language_are_forced(tmp_path: Path) -> None:
    spec = {"name": "bash", "display_name": "Bash", "language": "python"}
    run = execute(tmp_path / "run", notebook_of("import sys; print(sys.executable)", kernelspec=spec))
    assert ended_as(run, SandboxExit.OK)
    assert run.printed() == "/opt/datalab/venv/bin/python\n"
    assert run.executed.metadata.kernelspec.name == "python3"


REACH = """
import os
os.write(1, b"leak")
os.system("echo leak; echo leak >&2")
for name, mode in (("fd/1", "w"), ("fd/2", "w"), ("mem", "r+b"), ("environ", "r")):
    try:
        with open(f"/proc/{PROCESS}/{name}", mode) as file:
            if name.startswith("fd"):
                file.write("leak")
            print("opened", name)
    except PermissionError:
        pass
"""


@pytest.mark.parametrize("process", ["os.getppid()", "1"])
def test_a_cell_reaches_neither_the_runner_nor_the_first_process(tmp_path: Path, process: str) -> None:
    run = execute(tmp_path / "run", notebook_of(REACH.replace("PROCESS", process), "import os; print(os.getppid())"))
    assert ended_as(run, SandboxExit.OK)
    assert "opened" not in run.printed(0)


def test_a_module_that_a_cell_plants_is_not_imported_by_the_runner(tmp_path: Path) -> None:
    plant = """
import os, pathlib, sys
for folder in ("/tmp", "/outputs"):
    for name in ("nbformat", "papermill", "json", "encodings", "zmq", "tempfile", "hub", "secrets"):
        pathlib.Path(folder, name + ".py").write_text("import os; os._exit(0)")
"""
    run = execute(tmp_path / "run", notebook_of(plant, "1 / 0"))
    assert ended_as(run, SandboxExit.CELL_FAILED)


def test_progress_that_a_cell_forges_is_replaced(tmp_path: Path) -> None:
    forgeries = (
        "import os; open('/progress/progress', 'w').write('7/7')",
        "os.remove('/progress/progress'); os.mkfifo('/progress/progress')",
        "os.remove('/progress/progress'); os.symlink('/outputs/executed.ipynb', '/progress/progress')",
        "os.mkfifo('/progress/.progress')",
    )
    run = execute(tmp_path / "run", notebook_of(*forgeries, AFTER))
    assert ended_as(run, SandboxExit.OK)
    assert read_progress(run.root / "progress") == (5, 5)
    assert run.printed() == "reached\n"


def test_progress_that_cannot_be_told_neither_fails_nor_holds_the_run(tmp_path: Path) -> None:
    blocked = "import os; os.remove('/progress/progress'); os.makedirs('/progress/progress/x')"
    run = execute(tmp_path / "run", notebook_of(blocked, AFTER))
    assert ended_as(run, SandboxExit.OK)
    assert read_progress(run.root / "progress") is None


@pytest.mark.parametrize(
    "trap",
    [
        "import os; os.mkfifo('executed.ipynb')",
        "import os; os.symlink('/progress/stolen', 'executed.ipynb')",
    ],
)
def test_what_stands_in_the_executed_notebooks_place_is_replaced(tmp_path: Path, trap: str) -> None:
    run = execute(tmp_path / "run", notebook_of(trap, AFTER))
    assert ended_as(run, SandboxExit.OK)
    assert run.printed() == "reached\n"
    assert not (run.root / "outputs" / "executed.ipynb").is_symlink()
    assert not (run.root / "progress" / "stolen").exists()


def test_a_folder_in_the_executed_notebooks_place_fails_the_run(tmp_path: Path) -> None:
    run = execute(tmp_path / "run", notebook_of("import os; os.makedirs('executed.ipynb/x')"))
    assert ended_as(run, SandboxExit.CRASHED)


def test_nothing_that_a_cell_leaves_running_can_change_the_executed_notebook(tmp_path: Path) -> None:
    lurker = "import time\nwhile True:\n    open('executed.ipynb', 'a').write('forged')\n    time.sleep(0.001)"
    left = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {lurker!r}], start_new_session=True)"
    run = execute(tmp_path / "run", notebook_of(left, "import time; time.sleep(1)"))
    assert ended_as(run, SandboxExit.OK)
    assert "forged" not in json.dumps(run.executed.cells[1:])


def test_full_disk_is_said_when_the_notebook_does_not_fit(tmp_path: Path) -> None:
    run = execute(tmp_path / "run", notebook_of("print('x' * 10**6)"), change=on_small_disk("/outputs"))
    assert ended_as(run, SandboxExit.OUTPUT_FULL)


def test_full_disk_is_said_when_a_cell_fills_it(tmp_path: Path) -> None:
    run = execute(
        tmp_path / "run", notebook_of("open('a', 'wb').write(b'x' * 10**6)"), change=on_small_disk("/outputs")
    )
    assert ended_as(run, SandboxExit.OUTPUT_FULL)


def test_limit_of_a_files_size_is_said(tmp_path: Path) -> None:
    run = execute(tmp_path / "run", notebook_of("print('x' * 10**6)"), limits=replace(LIMITS, file_size=10**5))
    assert ended_as(run, SandboxExit.OUTPUT_FULL)
    assert list((run.root / "outputs").iterdir()) == []
