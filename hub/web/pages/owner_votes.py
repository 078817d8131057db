"""Pages of the owners' part in what leaves: what waits for them, their votes, and who votes for them."""

from __future__ import annotations

from datasets_mount.catalogue import OwnersPart
from hub.domain.ballots import Cause
from hub.domain.errors import LabError
from hub.domain.owners import ASKED_IN, in_force
from hub.services import owner_votes
from hub.services.lab import Lab
from hub.services.request_looks import WholeLook
from hub.services.votes import files_seen
from hub.web.api import owner_vote_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.review import DelegationBody, OwnersBody, OwnerVoteBody
from hub.web.models.texts import Nothing
from hub.web.pages.types import Context, Form, Landing, Page, Posted, Visit


def list_asked(visit: Visit) -> Context:
    """Show what waits for an owner's vote that the person may give."""
    return {"asked_votes": owner_votes.asked_votes(visit.lab, visit.actor)}


def owners_shown(looked: WholeLook, seen: str) -> Context:
    """Return which owners are asked about a request, and for which the person may vote; for its page."""
    may = looked.speaks_for
    return {
        "owners_asked": looked.owners,
        "votes_for": may if looked.request.state in ASKED_IN else (),
        "asked_for_owner": bool(may),
        "seen_by_owner": seen if may else "",
    }


def owners_part(lab: Lab, actor: str, name: str) -> Context:
    """Return the owner's part and who votes by name, for a dataset's page; nothing for who may not know."""
    try:
        known = owner_votes.delegations(lab, actor, name)
    except LabError:
        return {"delegations": [], "parts": []}
    today = lab.now().date()
    return {"delegations": [d for d in known if in_force(d, today)], "parts": list(OwnersPart)}


def vote(posted: Posted) -> Landing:
    """Vote for an owner, by the digests that stood on the page."""
    fields = posted.fields
    body = {
        "dataset": fields.one("dataset"),
        "decision": fields.one("decision"),
        "canonical": files_seen(posted.lab, posted.actor, posted.path["id"], fields.one("seen")),
        "policy": fields.one("policy"),
        "reason": fields.one("owner_reason"),
        "cause": fields.one("owner_cause", Cause.OTHER),
        "turn": fields.one("turn", "0"),
    }
    api.post_owner_vote(posted.lab, posted.actor, request_of(OwnerVoteBody, posted.path, body))
    return Landing(("owner-votes",), N_("The owner’s vote counts."))


def set_part(posted: Posted) -> Landing:
    """Say what the owner's part is."""
    api.put_part(posted.lab, posted.actor, request_of(OwnersBody, posted.path, {"part": posted.fields.one("part")}))
    return Landing(("datasets", posted.path["name"]), N_("The owner’s part in what leaves was saved."))


def delegate(posted: Posted) -> Landing:
    """Name somebody who votes for the owner."""
    path = {"name": posted.path["name"], "person": posted.fields.one("person")}
    body = {"ends": posted.fields.one("delegation_ends") or None}
    api.put_delegate(posted.lab, posted.actor, request_of(DelegationBody, path, body))
    return Landing(("datasets", path["name"]), N_("They may now vote for the owner."))


def end_delegation(posted: Posted) -> Landing:
    """Take it back."""
    path = {"name": posted.path["name"], "person": posted.fields.one("person")}
    api.delete_delegate(posted.lab, posted.actor, request_of(Nothing, path, {}))
    return Landing(("datasets", path["name"]), N_("They vote for the owner no more."))


def forms(export: Page, dataset: Page) -> tuple[Form, ...]:
    """Return the forms that stand on the pages of a request and of a dataset."""
    return (
        Form("/exports/{id}/owner-vote", export, vote),
        Form("/datasets/{name}/owners", dataset, set_part),
        Form("/datasets/{name}/delegates", dataset, delegate),
        Form("/datasets/{name}/delegates/end", dataset, end_delegation),
    )


PAGES = (Page("/owner-votes", "owner_votes.html", list_asked),)
