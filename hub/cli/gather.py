"""``datalab export gather``: past requests as folders, for simulating a policy against them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.client import Json, Portal, place
from hub.cli.files import write_new
from hub.cli.options import AsJson, portal
from hub.cli.screen import print_json
from hub.domain.errors import RefusedError
from hub.domain.exports import ExportState, Severity
from hub.gate.exchange import TableDeclaration
from hub.gate.kinds import Kind
from hub.gate.report_form import Audience, ReportBody, ReportFile, ReportFinding, ReportParameter
from hub.gate.verdict import strictest, verdict_of
from hub.policy.layers import unflat
from hub.policy.model import Policy

REPORT = "report.json"
UNDER_WAY = {ExportState.DRAFT, ExportState.CHECKING, ExportState.SUBMITTED, ExportState.IN_REVIEW, ExportState.FAILED}
"""Requests that nobody decided on yet are left alone: a steward's look would be an act of the review."""


def gather(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A new folder.", metavar="DIR", file_okay=False)],
    project: Annotated[str, typer.Option("--project", "-p", help="The project's name.", metavar="PROJECT")],
    as_json: AsJson = False,
) -> None:
    """Fetch past requests of a project that you may review, with their reports; each view is recorded.

    Each becomes a folder with report.json and canonical files, as “datalab policy simulate --against” reads them.
    """
    lab = portal(context)
    policy = policy_of(lab.get(place("projects", project, "policy")))
    past = [found for found in lab.get("/exports", project=project) if found["state"] not in UNDER_WAY]
    kept = [found["id"] for found in past if keep(lab, found, policy, folder)]
    if as_json:
        return print_json(kept)
    return typer.echo(f"{len(kept)} request(s) of {len(past)} were gathered in {folder}.")


def policy_of(explained: Json) -> Policy:
    """Return the policy in force from the lab's explanation of it."""
    values = {value["parameter"]: value["value"] for value in explained["policy"]["values"]}
    return unflat(values, tuple(explained["policy"]["profiles"]))


def keep(lab: Portal, found: Json, policy: Policy, folder: Path) -> bool:
    """Write one request below the folder; one that the steward may not review is left out."""
    target = folder / found["id"]
    try:
        for file in found["files"]:
            if file["canonical"]:
                content = lab.download(place("exports", found["id"], "canonical"), path=file["path"])
                write_new(target, file["canonical_name"], content)
    except RefusedError:
        return False
    write_new(target, REPORT, (report_of(found, policy).model_dump_json(indent=2) + "\n").encode())
    return True


def report_of(found: Json, policy: Policy) -> ReportBody:
    """Return the gate's report on a request, with the policy that is in force now."""
    files = tuple(map(_file, found["files"]))
    return ReportBody(
        audience=Audience.STEWARD,
        engine=found["engine"],
        policy_digest=found["policy"],
        policy=policy,
        verdict=strictest(file.verdict for file in files),
        files=files,
    )


def _file(file: Json) -> ReportFile:
    findings = tuple(map(_finding, file["findings"]))
    return ReportFile(
        path=file["path"],
        kind=Kind(file["kind"]),
        verdict=strictest(verdict_of(found.severity) for found in findings),
        table=TableDeclaration.model_validate(file["table"] | {"dimensions": tuple(file["table"]["dimensions"])}),
        canonical_name=file["canonical_name"],
        sha256=file["canonical"],
        size=file["canonical_size"],
        findings=findings,
    )


def _finding(found: Json) -> ReportFinding:
    parameters = tuple(ReportParameter(name=name, value=value) for name, value in found["parameters"])
    return ReportFinding(
        check=found["check"],
        severity=Severity(found["severity"]),
        place=found["place"],
        rule=found["rule"],
        parameters=parameters,
        text=found["sentence"],
        steward_text=f"{found['sentence']} {found['detail']}".strip(),
    )
