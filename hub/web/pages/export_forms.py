"""Forms of export requests: a new one, and every step of its way."""

from __future__ import annotations

from hub.domain.ballots import Ballot, Cause, Decision
from hub.domain.exports import WORKSPACE_SOURCE, ExportState
from hub.domain.projects import Project, check_works_in
from hub.domain.runs import OutputFile
from hub.domain.votes import dissents
from hub.domain.work import WorkState
from hub.services import offered_files, people, projects, runs, votes
from hub.services.lab import Lab
from hub.services.statements import check_made
from hub.web.api import gate_routes as api
from hub.web.api import split_routes
from hub.web.api.description_routes import submit_export
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.review import ExportBody, OverrideBody, RejectBody, SplitBody, SubmitBody, VoteBody
from hub.web.models.texts import Nothing
from hub.web.pages.descriptions import group_count, groups_typed
from hub.web.pages.exports import EXPORT, statements_by_language
from hub.web.pages.types import Context, Fields, Form, Landing, Page, Posted, Visit, permitted

AGGREGATES = (
    N_("count"),
    N_("units"),
    N_("sum"),
    N_("mean"),
    N_("median"),
    N_("quantile"),
    N_("std"),
    N_("share"),
    N_("minimum"),
    N_("maximum"),
)


def new_export(visit: Visit) -> Context:
    """Show the form; it asks where the files come from first."""
    lab, actor = visit.lab, visit.actor
    person, today = people.whoami(lab, actor), lab.now().date()
    name, source = visit.asked("project"), visit.asked("source")
    context: Context = {"project": name, "source": source, "outputs": [], "left_out": 0, "datasets": []}
    context |= {"aggregates": AGGREGATES, "workspace": WORKSPACE_SOURCE, "runs": [], "mine": []}
    if not name:
        known = projects.projects(lab, actor)
        return context | {"mine": permitted(known, lambda project: check_works_in(person, project, today))}
    project, grants = projects.project(lab, actor, name)
    check_works_in(person, project, today)
    if not source:
        ended = [(r, w) for r, w in runs.runs(lab, actor, name) if w.state is WorkState.SUCCEEDED and r.outputs]
        return context | {"runs": ended}
    outputs, left_out = _outputs(lab, actor, project, source)
    context |= {"group_count": group_count(visit), "statements": statements_by_language(lab)}
    return context | {"outputs": outputs, "left_out": left_out, "datasets": sorted(g.dataset for g in grants)}


def _outputs(lab: Lab, actor: str, project: Project, source: str) -> tuple[tuple[OutputFile, ...], int]:
    if source == WORKSPACE_SOURCE:
        found, left_out = offered_files.workspace_outputs(lab, actor, project.name)
        return tuple(found), left_out
    run, _, _ = runs.run(lab, actor, source)
    return run.outputs, 0


def create(posted: Posted) -> Landing:
    """Make a draft of the chosen files."""
    body = {
        "project": posted.query.get("project", ""),
        "source": posted.query.get("source", ""),
        "files": {
            "".join(posted.fields.exact(f"path-{n}")): _table(posted.fields, n) for n in posted.fields.many("take")
        },
        "context": posted.fields.one("context"),
        "groups": groups_typed(posted.fields, posted.fields.many("take")),
        "supporting": ["".join(posted.fields.exact(f"path-{n}")) for n in posted.fields.many("support")],
    }
    is_sent, stated = posted.fields.one("then") == "submit", {"statement": posted.fields.one("statement")}
    draft = request_of(ExportBody, {}, body)
    if is_sent:
        check_made(posted.lab, posted.actor, stated["statement"])
    made = api.post_export(posted.lab, posted.actor, draft)
    if is_sent:
        submit_export(posted.lab, posted.actor, request_of(SubmitBody, {"id": made.id}, stated))
        return Landing(("exports", made.id), N_("The request was sent through the gate."))
    return Landing(("exports", made.id), N_("The draft is saved."))


def _table(fields: Fields, number: str) -> dict[str, object]:
    return {
        "dataset": fields.one(f"dataset-{number}"),
        "dimensions": fields.listed(f"dimensions-{number}"),
        "measure": fields.one(f"measure-{number}"),
        "aggregate": fields.one(f"aggregate-{number}", "count"),
        "weight": fields.one(f"weight-{number}"),
        "filter": fields.one(f"filter-{number}"),
        "quantile": fields.one(f"quantile-{number}").replace(",", ".") or "0",
        "rounding": fields.one(f"rounding-{number}").replace(",", ".") or "0",
    }


def submit(posted: Posted) -> Landing:
    """Send it through the gate."""
    stated = {"statement": posted.fields.one("statement")}
    submit_export(posted.lab, posted.actor, request_of(SubmitBody, posted.path, stated))
    return Landing(("exports", posted.path["id"]), N_("The request was sent through the gate."))


def withdraw(posted: Posted) -> Landing:
    """Withdraw it."""
    api.withdraw_export(posted.lab, posted.actor, request_of(Nothing, posted.path, {}))
    return Landing(("exports", posted.path["id"]), N_("The request is withdrawn; nothing was deleted."))


def reject(posted: Posted) -> Landing:
    """Reject it for good."""
    fields = posted.fields
    body = {
        "reason": fields.one("reject_reason"),
        "turn": fields.one("turn", "0"),
        "cause": fields.one("reject_cause", Cause.OTHER),
    }
    api.reject_export(posted.lab, posted.actor, request_of(RejectBody, posted.path, body))
    return Landing(("exports", posted.path["id"]), N_("The request is rejected; its author reads your reason."))


def split(posted: Posted) -> Landing:
    """Split the ticked files off; the person lands on the new request, which names the other."""
    body = {
        "files": posted.fields.exact("split_path"),
        "reason": posted.fields.one("split_reason"),
        "turn": posted.fields.one("turn", "0"),
    }
    answer = split_routes.split_export(posted.lab, posted.actor, request_of(SplitBody, posted.path, body))
    return Landing(("exports", answer.part.id), N_("The request is split; both halves go through the gate again."))


def vote(posted: Posted) -> Landing:
    """Vote on every file, by the digest of all that stood on the page that the steward saw.

    Changes may be asked for in one of them alone.
    """
    fields = posted.fields
    seen = votes.files_seen(posted.lab, posted.actor, posted.path["id"], fields.one("seen"))
    only = fields.one("file") if fields.one("decision") == Decision.CHANGES else ""
    body = {
        "decision": fields.one("decision"),
        "canonical": {path: digest for path, digest in seen.items() if only in ("", path)},
        "policy": fields.one("policy"),
        "reason": fields.one("reason"),
        "turn": fields.one("turn", "0"),
        "cause": fields.one("cause", Cause.OTHER),
    }
    voted = api.post_vote(posted.lab, posted.actor, request_of(VoteBody, posted.path, body))
    if voted.ballot is Ballot.SEALED:
        return Landing(("exports", voted.id), N_("Your vote is sealed until as many as are needed have voted."))
    if voted.state is ExportState.IN_REVIEW and dissents(voted):
        return Landing(("exports", voted.id), N_("The stewards differ; the dissent has to be resolved first."))
    if body["decision"] == Decision.CHANGES:
        return Landing(("exports", voted.id), N_("The request went back to its author with your reason."))
    return Landing(("exports", voted.id), N_("Your vote counts."))


def override(posted: Posted) -> Landing:
    """Go on against a dissent, as a lead steward."""
    body = {"reason": posted.fields.one("override_reason"), "turn": posted.fields.one("turn", "0")}
    api.override_dissent(posted.lab, posted.actor, request_of(OverrideBody, posted.path, body))
    return Landing(("exports", posted.path["id"]), N_("The dissent is overridden; who voted reads your reason."))


def release(posted: Posted) -> Landing:
    """Make the release."""
    made = api.post_release(posted.lab, posted.actor, request_of(Nothing, posted.path, {}))
    return Landing(("releases", made.id), N_("The release is made, with its signed receipt."))


NEW_EXPORT = Page("/new/export", "new_export.html", new_export)
PAGES = (NEW_EXPORT,)
FORMS = (
    Form("/new/export", NEW_EXPORT, create),
    Form("/exports/{id}/submit", EXPORT, submit),
    Form("/exports/{id}/withdraw", EXPORT, withdraw),
    Form("/exports/{id}/reject", EXPORT, reject),
    Form("/exports/{id}/split", EXPORT, split),
    Form("/exports/{id}/vote", EXPORT, vote),
    Form("/exports/{id}/override", EXPORT, override),
    Form("/exports/{id}/release", EXPORT, release),
)
