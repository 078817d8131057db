"""Pages of datasets, their snapshots and offers."""

from __future__ import annotations

from datasets_mount.catalogue import Dataset, Tier, check_stewards_for, is_in_force
from hub.domain.errors import NotFoundError
from hub.domain.people import Role, check_has_role
from hub.domain.publications import PublicKind
from hub.domain.work import ENDED
from hub.policy.load import describe_profile, profile_names
from hub.services import datasets, people, policies, projects, snapshots
from hub.web.api import dataset_routes as api
from hub.web.api import lab_routes as lab_api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.records import DatasetBody, GrantBody, OfferBody, PolicyBody
from hub.web.models.texts import ReasonBody
from hub.web.pages.owner_votes import owners_part
from hub.web.pages.publications import shown_public
from hub.web.pages.twins import TWIN_FORMS, shown_twin
from hub.web.pages.types import Context, Form, Landing, Page, Posted, Visit, refusal
from hub.web.pages.values import zero_of, zero_text, zeros_text

WAITS = N_("The grant waits for the project’s lead, since it makes the project stricter.")


def list_datasets(visit: Visit) -> Context:
    """List datasets."""
    person = people.whoami(visit.lab, visit.actor)
    return {
        "datasets": datasets.datasets(visit.lab, visit.actor),
        "broken": snapshots.found_broken(visit.lab, visit.actor),
        "may_register": Role.STEWARD in person.roles,
    }


def show_dataset(visit: Visit) -> Context:
    """Show a dataset with its snapshots; its owner's stewards see offers and grants, too."""
    lab, actor, name = visit.lab, visit.actor, visit.path["name"]
    person = people.whoami(lab, actor)
    known = {d.name: (d, s) for d, s in datasets.datasets(lab, actor)}
    if name not in known:
        raise NotFoundError("There is no dataset {id}, or you may not see it.", reason="not-found", id=name)
    dataset, versions = known[name]
    grants, offers = datasets.dataset_uses(lab, actor, name)
    owns = not refusal(lambda: check_stewards_for(person, dataset.owner))
    today = lab.now().date()
    now = [g for g in grants if is_in_force(g, today)]
    granted = {g.project for g in now}
    return {
        "dataset": dataset,
        "snapshots": versions[::-1],
        "broken": snapshots.found_broken(lab, actor),
        "grants": now,
        "past_grants": [g for g in grants if g not in now],
        "offers": offers,
        "owns": owns,
        "explanation": policies.explain_dataset(lab, actor, name),
        "sets_policy": owns,
        "policy_address": ("datasets", name, "policy"),
        "sees_grants": owns or Role.AUDITOR in person.roles,
        "grantable": [p for p in projects.projects(lab, actor) if p.name not in granted] if owns else [],
        **shown_twin(lab, actor, name),
        **owners_part(lab, actor, name),
        **shown_public(lab, actor, PublicKind.DATASET, name),
        **_choices(),
    }


def _choices() -> Context:
    profiles = [(name, describe_profile(name).title) for name in profile_names()]
    return {"tiers": list(Tier), "profiles": profiles, "zero_text": zero_text, "zeros_text": zeros_text}


def new_dataset(visit: Visit) -> Context:
    """Show the form of a new dataset to a steward, for their own organisation."""
    person = people.whoami(visit.lab, visit.actor)
    check_has_role(person, Role.STEWARD)
    blank = Dataset("", "", person.organisation, Tier.SENSITIVE, "", (), "")
    return {"dataset": blank, **_choices()}


def show_offer(visit: Visit) -> Context:
    """Show an offer, and how far its conversion has come."""
    offer, work = datasets.offer(visit.lab, visit.actor, visit.path["id"])
    return {"offer": offer, "work": work, "ended": work.state in ENDED}


def _register(posted: Posted, name: str) -> str:
    fields = posted.fields
    body = {
        "title": fields.one("title"),
        "owner": fields.one("owner"),
        "tier": fields.one("tier"),
        "privacy_unit": fields.one("privacy_unit"),
        "direct_identifiers": fields.listed("direct_identifiers"),
        "profile": fields.one("profile"),
        "group_columns": fields.listed("group_columns"),
        "structural_zeros": [zero_of(line) for line in fields.one("structural_zeros").splitlines() if line.strip()],
        "approvers": _number(fields.one("approvers")),
        "approver_organisations": _number(fields.one("approver_organisations")),
        "owner_approves": bool(fields.one("owner_approves")),
    }
    return api.put_dataset(posted.lab, posted.actor, request_of(DatasetBody, {"name": name}, body)).name


def _number(text: str) -> int:
    """One where nothing was typed, and 0, which is refused, for what is no small number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else int(not text)


def create_dataset(posted: Posted) -> Landing:
    """Register a dataset."""
    name = _register(posted, posted.fields.one("name"))
    return Landing(("datasets", name), N_("The dataset is registered; offer its first snapshot now."))


def change_dataset(posted: Posted) -> Landing:
    """Change a dataset's description."""
    return Landing(("datasets", _register(posted, posted.path["name"])), N_("The description was saved."))


def set_policy(posted: Posted) -> Landing:
    """Ask for stricter rules on outputs from the dataset."""
    request = request_of(PolicyBody, posted.path, {"text": posted.fields.one("layer")})
    kept = api.put_dataset_policy(posted.lab, posted.actor, request)
    return Landing(("datasets", kept.subject), N_("The rules were saved."))


def offer_snapshot(posted: Posted) -> Landing:
    """Offer uploads as a new snapshot."""
    request = request_of(OfferBody, posted.path, {"uploads": posted.fields.many("upload")})
    offer = api.post_offer(posted.lab, posted.actor, request)
    return Landing(("offers", offer.id), N_("The files were sent; a container converts them now."))


def grant_project(posted: Posted) -> Landing:
    """Let a project use the dataset."""
    path = {"dataset": posted.path["name"], "name": posted.fields.one("project")}
    grant = lab_api.put_grant(
        posted.lab, posted.actor, request_of(GrantBody, path, {"ends": posted.fields.one("ends") or None})
    )
    return Landing(("datasets", path["dataset"]), WAITS if grant.waits else N_("The project may now use the dataset."))


def withdraw_from_project(posted: Posted) -> Landing:
    """Take the dataset back from a project."""
    path = {"dataset": posted.path["name"], "name": posted.fields.one("project")}
    reason = {"reason": posted.fields.one("withdraw_reason")}
    lab_api.delete_grant(posted.lab, posted.actor, request_of(ReasonBody, path, reason))
    return Landing(("datasets", path["dataset"]), N_("The dataset was withdrawn from the project."))


DATASET = Page("/datasets/{name}", "dataset.html", show_dataset)
NEW_DATASET = Page("/new/dataset", "new_dataset.html", new_dataset)
PAGES = (
    Page("/datasets", "datasets.html", list_datasets),
    DATASET,
    NEW_DATASET,
    Page("/offers/{id}", "offer.html", show_offer),
    Page("/offers/{id}/progress", "offer_progress.html", show_offer, is_followed=True),
)
FORMS = (
    Form("/new/dataset", NEW_DATASET, create_dataset),
    Form("/datasets/{name}", DATASET, change_dataset),
    Form("/datasets/{name}/policy", DATASET, set_policy),
    Form("/datasets/{name}/offers", DATASET, offer_snapshot),
    *(Form(f"/datasets/{{name}}/{place}", DATASET, act) for place, act in TWIN_FORMS.items()),
    Form("/datasets/{name}/grants", DATASET, grant_project),
    Form("/datasets/{name}/grants/withdraw", DATASET, withdraw_from_project),
)
