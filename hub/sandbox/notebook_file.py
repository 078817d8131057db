"""A notebook's bytes, read so strictly that what reviewers see is all there is, and what papermill is given is that.

Invariants:

* only cell type, source and tags survive reading; outputs, attachments and any other metadata do not;
* kernel and language are the image's own Python, whatever the file names;
* a tag that papermill, or the client it rests on, would act on refuses the notebook: they drop, replace, skip or
  excuse cells, and reviewers do not see tags.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.exchange import LONGEST_CELL, MOST_CELLS
from hub.sandbox.program import SandboxError, read_bounded

MOST_NOTEBOOK_BYTES = 64 * 2**20
PARAMETERS_TAG = "parameters"
INJECTED_TAG = "injected-parameters"
# The package's functions have no types.
v4: Any = nbformat.v4
get_validator: Any = nbformat.validator.get_validator
REFUSED_TAGS = frozenset({INJECTED_TAG, "papermill-error-cell-tag", "skip-execution", "raises-exception"})
KERNEL, LANGUAGE = "python3", "python"


def read_notebook(body: bytes) -> NotebookNode:
    """Return the notebook that these bytes are, reduced to what was reviewed; refuse what is none."""
    content = _parse(body)
    _check_language(content.get("metadata", {}))
    if len(content["cells"]) > MOST_CELLS:
        raise SandboxError(SandboxExit.TOO_LARGE)
    cells = [_read_cell(number, cell) for number, cell in enumerate(content["cells"], 1)]
    notebook: NotebookNode = v4.new_notebook(cells=cells, metadata=forced_metadata())
    _check_parameters_cell(notebook)
    return notebook


def read_same(path: Path, digest: str) -> NotebookNode:
    """Return the notebook of a file that has this SHA-256; other bytes than were asked for are not read further."""
    body = read_bounded(path, MOST_NOTEBOOK_BYTES)
    if hashlib.sha256(body).hexdigest() != digest:
        raise SandboxError(SandboxExit.DIGEST_MISMATCH)
    return read_notebook(body)


def forced_metadata() -> dict[str, object]:
    """Kernel and language of every run."""
    return {
        "kernelspec": {"name": KERNEL, "display_name": "Python 3", "language": LANGUAGE},
        "language_info": {"name": LANGUAGE},
    }


def canonical_digest(notebook: NotebookNode) -> str:
    """SHA-256 over type, source, tags and attachments of each cell, and over kernel and language."""
    cells = [
        {
            "type": cell.cell_type,
            "source": _with_plain_lines(cell.source),
            "tags": sorted(cell.metadata.get("tags", [])),
            "attachments": cell.get("attachments", {}),
        }
        for cell in notebook.cells
    ]
    kernel = notebook.metadata.kernelspec
    form = {"cells": cells, "kernel": kernel.name, "language": kernel.language}
    return hashlib.sha256(json.dumps(form, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _parse(body: bytes) -> dict[str, Any]:
    if len(body) > MOST_NOTEBOOK_BYTES:
        raise SandboxError(SandboxExit.TOO_LARGE)
    try:
        content = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_refuse_twice)
    except (ValueError, RecursionError):
        raise SandboxError(SandboxExit.NOT_A_NOTEBOOK) from None
    if not isinstance(content, dict) or content.get("nbformat") != 4 or not isinstance(content.get("cells"), list):
        raise SandboxError(SandboxExit.NOT_A_NOTEBOOK)
    # Format 4.5 is the ones before it with identifiers of cells, which nothing here rests on.
    named = [{**c, "id": f"cell-{n}"} if isinstance(c, dict) else c for n, c in enumerate(content["cells"], 1)]
    content = {**content, "cells": named, "nbformat_minor": 5}
    try:
        # The package's own ``validate`` mends what it is given, and stumbles over what it did not expect.
        get_validator(version=4, version_minor=5, name="fastjsonschema").validate(content)
    except nbformat.ValidationError:
        raise SandboxError(SandboxExit.NOT_A_NOTEBOOK) from None
    return content


def _refuse_constant(word: str) -> None:
    raise ValueError(word)


def _refuse_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A key that stands twice would be read as one thing here and as another elsewhere."""
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _check_language(metadata: dict[str, dict[str, Any]]) -> None:
    named = (metadata.get("kernelspec", {}).get("language"), metadata.get("language_info", {}).get("name"))
    if any(language not in (None, LANGUAGE) for language in named):
        raise SandboxError(SandboxExit.NOT_A_NOTEBOOK)


def _read_cell(number: int, cell: dict[str, Any]) -> NotebookNode:
    if cell.get("attachments"):
        raise SandboxError(SandboxExit.ATTACHMENT)
    lines = cell["source"]
    source = _with_plain_lines("".join(lines) if isinstance(lines, list) else str(lines))
    if len(source) > LONGEST_CELL:
        raise SandboxError(SandboxExit.TOO_LARGE)
    if not _is_legible(source):
        raise SandboxError(SandboxExit.NOT_A_NOTEBOOK)
    tags = cell["metadata"].get("tags", [])
    if REFUSED_TAGS & set(tags):
        raise SandboxError(SandboxExit.REFUSED_TAG)
    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}[cell["cell_type"]]
    read: NotebookNode = make(source=source, metadata={"tags": tags} if tags else {}, id=f"cell-{number}")
    return read


def _with_plain_lines(source: str) -> str:
    return source.replace("\r\n", "\n").replace("\r", "\n")


def _is_legible(source: str) -> bool:
    """Control characters, and signs that turn the direction of writing, can hide from reviewers what runs."""
    hidden = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}
    controls = {sign for sign in set(source) if unicodedata.category(sign) in ("Cc", "Cs")}
    return not (controls - set("\t\n\f")) and not hidden & set(source)


def _check_parameters_cell(notebook: NotebookNode) -> None:
    tagged = [c for c in notebook.cells if PARAMETERS_TAG in c.metadata.get("tags", [])]
    if len(tagged) > 1 or any(c.cell_type != "code" for c in tagged):
        raise SandboxError(SandboxExit.NO_PARAMETERS_CELL)
