"""Facts about the gate's answer: it is the same each time, whatever a process draws, with any number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from corpus.catalogue import cases


def _asked(seed: int, threads: int) -> subprocess.Popen[str]:
    """Judge the whole corpus in a fresh process."""
    drawn = {"PYTHONHASHSEED": str(seed), "POLARS_MAX_THREADS": str(threads)}
    found = {"PYTHONPATH": os.pathsep.join((str(Path(__file__).parents[1]), str(Path(__file__).parents[2])))}
    command = [sys.executable, "-m", "corpus.answers"]
    return subprocess.Popen(command, env=os.environ | drawn | found, stdout=subprocess.PIPE, text=True)


def test_two_processes_give_the_same_answers_byte_for_byte() -> None:
    asked = [_asked(seed=1, threads=1), _asked(seed=271_828, threads=3)]
    one, two = (process.communicate()[0].splitlines() for process in asked)
    assert [process.returncode for process in asked] == [0, 0]
    assert len(one) == len(cases())
    assert [line.split()[0] for line, other in zip(one, two, strict=True) if line != other] == []
