"""``datalab gate check`` in a workspace: the gate's own engine on what a member means to offer, before they offer it.

It knows the policy and the datasets' declarations of the moment when the workspace was opened, from an environment
variable of the lab's. Its report is a researcher's: no count below a threshold, no share, no detail. Nothing here is a
control: whoever works in the workspace sees the same data, and can change this program. The gate checks again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from hub.domain.errors import LabError, UnavailableError
from hub.domain.workspaces import PRECHECK
from hub.gate.exchange import CheckFile, CheckRequest, file_name
from hub.gate.report import Report
from hub.gate.report_form import Audience
from hub.policy.layers import MergedPolicy
from hub.sandbox.gate_programs import make_folders, run_checker, run_reader
from hub.sandbox.offered import offered, take_in

OUTPUTS = "/outputs"
NOT_CARRIED_OUT = 3


def check(paths: Sequence[Path], told: CheckRequest, *, fix: bool = False) -> tuple[Report, tuple[str, ...]]:
    """Return the report on files, and the names of datasets that this workspace does not see."""
    seen = tuple(dataset for dataset in told.datasets if Path(dataset.folder).is_dir())
    hidden = tuple(dataset.name for dataset in told.datasets if dataset not in seen)
    files = list(offered(paths))
    with tempfile.TemporaryDirectory(prefix="precheck-") as name:
        work = Path(name)
        make_folders(work)
        for number, file in enumerate(files, start=1):
            take_in(file, work / "read/in" / file_name(number))
        read = run_reader(work, [file.path for file in files])
        asked = tuple(CheckFile(index=f.index, path=f.path) for f in read)
        request = CheckRequest(files=asked, datasets=seen, policy=told.policy, fix=fix)
        result = run_checker(work, request)
    return Report(result, MergedPolicy(told.policy, {}), Audience.RESEARCHER), hidden


def told_by_lab() -> CheckRequest:
    """Return what the lab told this workspace of its policy and datasets."""
    try:
        return CheckRequest.model_validate_json(os.environ[PRECHECK])
    except (KeyError, ValidationError):
        raise UnavailableError(
            "This workspace was not told its project's policy; open it anew, or offer the files: the gate checks them.",
            reason="no-precheck",
        ) from None


def main(words: Sequence[str]) -> int:
    """Check files, print the report, and return the exit code of ``datalab gate check``."""
    parser = argparse.ArgumentParser("datalab gate check", description="Check files as the gate will, coarsely.")
    parser.add_argument("paths", nargs="*", default=[OUTPUTS], metavar="PATH", help=f"files and folders; {OUTPUTS}")
    parser.add_argument("--format", choices=("text", "json", "sarif"), default="text")
    parser.add_argument("--fix", action="store_true", help="say what is left when proposed fixes are carried out")
    asked = parser.parse_args(words)
    try:
        report, hidden = check([Path(path) for path in asked.paths], told_by_lab(), fix=asked.fix)
    except LabError as error:
        sys.stderr.write(f"datalab: {error}\n")
        return NOT_CARRIED_OUT
    printed = {"text": report.to_text, "json": report.to_json, "sarif": report.to_sarif}
    sys.stdout.write("".join(c if c.isprintable() or c == "\n" else "�" for c in printed[asked.format]()) + "\n")
    if hidden:
        sys.stderr.write(f"Not compared with, since this workspace does not see them: {', '.join(hidden)}.\n")
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
