"""Exit codes of the programs that run inside containers, and the sentence that each stands for."""

from __future__ import annotations

from enum import IntEnum


class SandboxExit(IntEnum):
    """What a sandbox program says by its exit code, the only word of it that the lab believes."""

    OK = 0
    CRASHED = 1
    BAD_REQUEST = 10
    DIGEST_MISMATCH = 11
    NOT_A_NOTEBOOK = 12
    REFUSED_TAG = 13
    NO_PARAMETERS_CELL = 14
    CELL_FAILED = 15
    KERNEL_DIED = 16
    CELL_TIMED_OUT = 17
    BROKEN_FILE = 18
    UNKNOWN_KIND = 19
    TOO_LARGE = 20
    OUTPUT_FULL = 21
    ATTACHMENT = 22
    EMPTY_TABLE = 23
    COLUMN_NAME = 24
    COLUMN_KIND = 25
    FILE_NAME = 26
    MISSING_COLUMN = 27
    TWIN_DOMAIN = 28


SENTENCES: dict[int, str] = {
    SandboxExit.CRASHED: "The program in the container ended with an error; nothing was accepted.",
    SandboxExit.BAD_REQUEST: "The container was given a request that it cannot read; tell the administrator.",
    SandboxExit.DIGEST_MISMATCH: "The bytes are not the ones that were approved; submit the notebook again.",
    SandboxExit.NOT_A_NOTEBOOK: "The file is not a valid Jupyter notebook (format 4) with a Python kernel.",
    SandboxExit.REFUSED_TAG: "The notebook has a cell tag that papermill would act on; remove it.",
    SandboxExit.NO_PARAMETERS_CELL: "The notebook needs at most one cell tagged “parameters” with plain assignments.",
    SandboxExit.CELL_FAILED: "A cell of the notebook ended with an error; see the executed notebook.",
    SandboxExit.KERNEL_DIED: "The notebook's kernel died before the end.",
    SandboxExit.CELL_TIMED_OUT: "A cell of the notebook took longer than its limit.",
    SandboxExit.BROKEN_FILE: "A file is broken or is not what its name says; send it again as CSV or Parquet.",
    SandboxExit.UNKNOWN_KIND: "A file is of a kind that the lab does not accept.",
    SandboxExit.TOO_LARGE: "A file is larger than the lab accepts.",
    SandboxExit.OUTPUT_FULL: "The space for outputs is full; write less, or ask for more.",
    SandboxExit.ATTACHMENT: "The notebook has a cell with an attachment, which reviewers would not see; remove it.",
    SandboxExit.EMPTY_TABLE: "A file has no rows or no columns; send it with its data.",
    SandboxExit.COLUMN_NAME: "Two columns of a file have the same name, or a name is empty or not plain; rename them.",
    SandboxExit.COLUMN_KIND: "A file has nested or binary columns; send plain ones.",
    SandboxExit.FILE_NAME: "Two files have the same name, or a name has signs beyond letters, digits, “-” and “_”.",
    SandboxExit.MISSING_COLUMN: "No file has the column named as privacy unit or direct identifier; check both.",
    SandboxExit.TWIN_DOMAIN: "What was declared of a column does not fit its type: values are for texts and whole "
    "numbers, and a range is for numbers.",
}

OUT_OF_MEMORY = "The container ran out of memory; use less, or ask for more."


def sentence(exit_code: int, *, out_of_memory: bool = False) -> str:
    """Say why a container ended, for a person."""
    if out_of_memory:
        return OUT_OF_MEMORY
    return SENTENCES.get(exit_code, "The container was ended from outside or crashed.")
