"""Validation in real containers: what did not run to its end has not passed, whatever the notebook says or does."""

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.exchange import PACKAGES_FILE, PackagesReport, TwinResult, ValidateResult
from integration.sandbox_container import Ended, code_cell, notebook_of, start, word
from spawner_config.isolation import Purpose

AFTER = "print('reached')"


def validate(root: Path, body: bytes, *, cell_seconds: int = 20, digest: str = "", **how: Any) -> Ended:
    asked = {"digest": digest or hashlib.sha256(body).hexdigest(), "cell_seconds": cell_seconds}
    inside = {"notebook.ipynb": body, "request.json": json.dumps(asked).encode()}
    return start(root, "validate", Purpose.RUN, inside, ("outputs",), **how)


def result(ended: Ended) -> tuple[bool, int, str]:
    assert (ended.code, ended.said) == (SandboxExit.OK, word(SandboxExit.OK))
    seen = ValidateResult.model_validate_json((ended.root / "outputs" / "result.json").read_bytes())
    return seen.passed, seen.cell, seen.error


def test_a_notebook_that_reaches_its_end_passes(tmp_path: Path) -> None:
    body = notebook_of(code_cell("n = 2", "parameters"), "import warnings; warnings.warn('no error')", AFTER)
    ended = validate(tmp_path / "run", body)
    assert result(ended) == (True, 0, "")
    told = PackagesReport.model_validate_json((ended.root / "outputs" / PACKAGES_FILE).read_bytes())
    assert [name for name in told.packages if name.startswith("papermill==")]


ENDS = {
    "an error": ("1 / 0", "ZeroDivisionError"),
    "an exit as if well": ("import sys; sys.exit(0)", "SystemExit"),
    "a kernel that is gone": ("import os; os._exit(0)", "DeadKernelError"),
    "a cell that takes too long": ("import time; time.sleep(60)", "CellTimeoutError"),
    "an error that is shown": (
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    get_ipython().showtraceback()",
        "ZeroDivisionError",
    ),
    "an error with a sentence for a name": ("raise type('no <b>plain</b> name', (Exception,), {})()", "Error"),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_notebook_that_does_not_reach_its_end_has_failed_at_its_cell(tmp_path: Path, how: str) -> None:
    source, error = ENDS[how]
    ended = validate(tmp_path / "run", notebook_of("x = 1", source, AFTER), cell_seconds=3)
    assert result(ended) == (False, 2, error)


def test_a_notebook_cannot_write_its_own_result_or_packages(tmp_path: Path) -> None:
    """It writes the files, looks for the pipe, and leaves a process that would write the files again."""
    forging = """
import os, stat, subprocess, sys
said = '{"passed": true}'
open('/outputs/result.json', 'w').write(said)
open('/outputs/packages.json', 'w').write('{"packages": ["forged==1"]}')
for process in [p for p in os.listdir('/proc') if p.isdecimal() and int(p) != os.getpid()]:
    try:
        for number in os.listdir(f'/proc/{process}/fd'):
            opened = os.open(f'/proc/{process}/fd/{number}', os.O_WRONLY | os.O_NONBLOCK)
            os.write(opened, said.encode())
    except OSError:
        pass
for number in range(3, 64):
    try:
        if stat.S_ISFIFO(os.fstat(number).st_mode):
            os.write(number, said.encode())
    except OSError:
        pass
loop = '''
import time
while True:
    open('/outputs/result.json', 'w').write('{"passed": true}')
    open('/outputs/packages.json', 'w').write('{"packages": ["forged==1"]}')
    time.sleep(0.01)
'''
subprocess.Popen([sys.executable, '-c', loop], start_new_session=True)
1 / 0
"""
    ended = validate(tmp_path / "run", notebook_of(forging))
    if ended.code == SandboxExit.OK:
        assert result(ended)[:2] == (False, 1)
        assert b"forged" not in (ended.root / "outputs" / PACKAGES_FILE).read_bytes()
    else:
        assert ended.code == SandboxExit.CRASHED


def test_other_bytes_and_refused_tags_are_not_run(tmp_path: Path) -> None:
    other = validate(tmp_path / "other", notebook_of("1"), digest="0" * 64)
    assert other.code == SandboxExit.DIGEST_MISMATCH
    tagged = validate(tmp_path / "tagged", notebook_of(code_cell("1", "papermill-error-cell-tag")))
    assert tagged.code == SandboxExit.REFUSED_TAG
    assert not (tagged.root / "outputs" / "result.json").exists()


def test_a_notebook_runs_on_the_twin_of_a_dataset(tmp_path: Path) -> None:
    """The twin has the dataset's columns and types, and not one of its values."""
    real = tmp_path / "real"
    real.mkdir()
    table = pl.DataFrame({"nr": [771_771, 882_882], "name": ["zebra", "quagga"], "wage": [1234.25, 4321.75]})
    table = table.with_columns(pl.lit("2019-05-05").str.to_date().alias("born"), pl.lit(None).alias("none"))
    table.write_parquet(real / "persons.parquet")
    asked = {"datasets": [{"name": "jobs", "files": ["persons.parquet"]}]}
    inside = {"request.json": json.dumps(asked).encode()}
    made = start(tmp_path / "twin", "twin", Purpose.CHECKER, inside, ("out",), data={"jobs": real})
    assert made.code == SandboxExit.OK
    path = made.root / "out" / "jobs" / "persons.parquet"
    entry = TwinResult.model_validate_json((made.root / "out" / "result.json").read_bytes()).datasets[0].files[0]
    assert entry.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    twin = pl.read_parquet(path)
    assert twin.schema == table.schema
    assert not any(set(twin[c].drop_nulls()) & set(table[c].drop_nulls()) for c in ("nr", "name", "wage", "born"))
    reading = "import polars as pl\nt = pl.read_parquet('/data/jobs/*.parquet')\nassert t['wage'].mean() > 0"
    ended = validate(tmp_path / "run", notebook_of(reading), data={"jobs": made.root / "out" / "jobs"})
    assert result(ended) == (True, 0, "")
