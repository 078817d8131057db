"""What the programs inside containers would have written, played on the folders that the container sees."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doubles.engine import MemoryEngine
from hub.policy.model import Policy, policy_digest
from hub.sandbox.exchange import PACKAGES_FILE

SHOWN = b"the year of the wage"
"""What the gate shows of each supporting file."""


def mounted(body: dict[str, Any], target: str) -> Path:
    """Return the host folder behind a place in the container."""
    return Path(next(m["Source"] for m in body["HostConfig"]["Mounts"] if m["Target"] == target))


def program(body: dict[str, Any]) -> str:
    return str(body["Cmd"][-1]).rpartition(".")[2]


def write(folder: Path, name: str, content: bytes) -> dict[str, object]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


class GoodPrograms:
    """Every program succeeds at once; ``findings`` is what the checks say of each file.

    ``tables`` is what the checks tell the registry, and ``earlier`` what they were last told of it, ``complete``
    whether that was all; ``asked`` is what they were asked last. ``outputs`` is what a run writes, ``sheets`` what
    the checks find in each workbook, and ``canonical`` what they write of which file; ``classes`` are those of files
    that are no table. ``told`` is what a run tells of itself, by file, and ``run_code`` how it ends.
    """

    def __init__(self, engine: MemoryEngine) -> None:
        self.engine = engine
        self.findings: list[dict[str, str]] = []
        self.tables: list[dict[str, Any]] = []
        self.earlier: list[dict[str, Any]] = []
        self.asked: dict[str, Any] = {}
        self.complete = True
        self.outputs = {"table.csv": b"year,persons\n1980,545\n"}
        self.leaves_a_link = True
        self.sheets: list[str] = []
        self.classes: dict[str, list[str]] = {}
        self.canonical: dict[str, bytes] = {}
        self.validation: dict[str, Any] = {"passed": True}
        self.packages: dict[str, Any] = {"packages": ["polars==2.1.0", "pyarrow==26.0.1"]}
        self.twin_blocked_by: list[str] = []
        self.exit_code = 0
        self.run_code = 0
        self.told: dict[str, Any] = {}
        engine.on_start = self.play

    def play(self, name: str, body: dict[str, Any]) -> None:
        if self.exit_code == 0:
            getattr(self, program(body))(body)
        self.engine.exit(name, self.exit_code or (self.run_code if program(body) == "execute" else 0))

    def snapshot(self, body: dict[str, Any]) -> None:
        out = mounted(body, "/out")
        stored = write(out, "persons.parquet", b"PAR1 content PAR1")
        file = {"path": "persons.parquet", "rows": 3, "columns": ["nr", "wage"], **stored}
        write(out, "result.json", json.dumps({"files": [file]}).encode())

    def inspect_notebook(self, body: dict[str, Any]) -> None:
        schema = [{"name": "minimum", "type": "integer", "default": 10}]
        result = {"canonical": "0" * 64, "parameters": schema, "cells": [{"type": "code", "source": "print(1)"}]}
        write(mounted(body, "/out"), "result.json", json.dumps(result).encode())

    def twin(self, body: dict[str, Any]) -> None:
        """The double reads no Parquet: the columns are those that ``snapshot`` above says."""
        out = mounted(body, "/out")
        asked = json.loads((mounted(body, "/in") / "request.json").read_text())
        made = []
        for dataset in asked["datasets"]:
            stored = write(out / dataset["name"], "persons.parquet", b"PAR1 twin PAR1")
            file = {"path": "persons.parquet", "rows": 3, "columns": ["nr", "wage"], **stored}
            made.append({"name": dataset["name"], "files": [file]})
        write(out, "result.json", json.dumps({"datasets": made}).encode())

    def make_twin(self, body: dict[str, Any]) -> None:
        self.supplied(mounted(body, "/out"))

    def read_twin(self, body: dict[str, Any]) -> None:
        self.supplied(mounted(body, "/out"))

    def supplied(self, out: Path) -> None:
        stored = write(out, "fragments/persons.parquet", b"PAR1 synthetic PAR1")
        file = {"path": "persons.parquet", "rows": 3, "columns": ["nr", "wage"], **stored}
        write(out, "result.json", json.dumps({"files": [file]}).encode())

    def check_twin(self, body: dict[str, Any]) -> None:
        content = (mounted(body, "/in/fragments") / "persons.parquet").read_bytes()
        about = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        file = {"path": "persons.parquet", "rows": 3, "columns": ["nr", "wage"], **about}
        answer = {"blocked_by": self.twin_blocked_by, "files": [file]}
        write(mounted(body, "/out"), "result.json", json.dumps(answer).encode())

    def validate(self, body: dict[str, Any]) -> None:
        write(mounted(body, "/outputs"), "result.json", json.dumps(self.validation).encode())
        write(mounted(body, "/outputs"), PACKAGES_FILE, json.dumps(self.packages).encode())

    def execute(self, body: dict[str, Any]) -> None:
        outputs = mounted(body, "/outputs")
        for name, content in self.outputs.items():
            write(outputs, name, content)
        if self.leaves_a_link:
            (outputs / "link.csv").symlink_to("/etc/hostname")
        for name, told in self.told.items():
            write(mounted(body, "/progress"), name, json.dumps(told).encode())

    def read(self, body: dict[str, Any]) -> None:
        write(mounted(body, "/out"), "fragments/0001.json", b"{}")

    def parts(self, files: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], int, str]]:
        """Files, and workbooks sheet by sheet."""
        for file in (file for file in files if not (file["other"] or file["run"])):
            if self.sheets and file["path"].endswith(".xlsx"):
                yield from ((file, part, f"{file['path']}!{sheet}") for part, sheet in enumerate(self.sheets, 1))
            else:
                yield file, 0, file["path"]

    def check(self, body: dict[str, Any]) -> None:
        request = json.loads((mounted(body, "/in") / "request.json").read_text())
        known = json.loads((mounted(body, "/in") / "earlier.json").read_text())
        self.earlier, self.complete = known["tables"], known["complete"]
        self.asked = request
        out = mounted(body, "/out")
        files = []
        for file, part, path in self.parts(request["files"]):
            name = f"{file['index']:04d}-{part}" if part else f"{file['index']:04d}"
            stored = write(out, f"canonical/{name}", self.canonical.get(path, b"year,persons\r\n1980,545\r\n"))
            files.append(
                {
                    "index": file["index"],
                    "part": part,
                    "path": path,
                    "kind": "csv",
                    "verdict": "review",
                    "canonical_name": path,
                    "findings": self.findings,
                    "tables": self.tables,
                    "classes": self.classes.get(path, ["table"]),
                    **stored,
                }
            )
        shown = []
        for file in request["supporting"]:
            stored = write(out, f"shown/{file['index']:04d}", b"column,meaning\r\nyear," + SHOWN + b"\r\n")
            shown.append({"index": file["index"], "path": file["path"], "kind": "csv", "name": file["path"], **stored})
        result = {
            "shown": shown,
            "engine": "1",
            "policy_digest": policy_digest(Policy.model_validate_json(json.dumps(request["policy"]))),
            "files": files,
            "verdict": "review",
        }
        write(out, "result.json", json.dumps(result).encode())
