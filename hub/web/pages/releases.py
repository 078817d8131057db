"""Pages of releases, of the audit log and of the lab's promises."""

from __future__ import annotations

from hub.domain.examinations import SENTENCES, Promise, examination_digest, is_stale, together
from hub.domain.freezes import check_leaves
from hub.domain.notebooks import ParameterType
from hub.domain.publications import PublicKind
from hub.domain.releases import crate_in
from hub.domain.votes import check_can_review
from hub.services import audit, downloads, examinations, exports, freezes, people, projects, releases
from hub.web.api import gate_routes, release_routes
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.records import AuditQuery, ReopenBody
from hub.web.models.texts import Nothing, ReasonBody
from hub.web.pages.publications import shown_public
from hub.web.pages.types import Context, Form, Landing, Page, Posted, Visit, refusal
from hub.web.pages.values import value_of

PAGE_LENGTH = 100


def list_releases(visit: Visit) -> Context:
    """List releases, newest first, with the key that their receipts are verified with."""
    return {
        "releases": releases.releases(visit.lab, visit.actor),
        "key": gate_routes.get_key(visit.lab, visit.actor, request_of(Nothing, {}, {})),
    }


def show_release(visit: Visit) -> Context:
    """Show a release with its files."""
    lab, actor = visit.lab, visit.actor
    release = releases.release_of(lab, actor, visit.path["id"])
    person = people.whoami(lab, actor)
    project, _ = projects.project(lab, actor, release.project)
    author = exports.request(lab, actor, release.id)
    return {
        "release": release,
        "revokes": refusal(lambda: check_can_review(person, author, project)),
        "leaves": refusal(lambda: check_leaves(freezes.freezes(lab, actor), release.project)),
        "context": author.context,
        "has_crate": crate_in(release.receipt) is not None,
        "offered": downloads.offered(lab, actor, release.id),
        "most_days": lab.settings.releases.days,
        **shown_public(lab, actor, PublicKind.RELEASE, release.id),
    }


def show_audit(visit: Visit) -> Context:
    """Show a page of the audit log; without a number, its last one."""
    lab, actor = visit.lab, visit.actor
    length = audit.audit_length(lab, actor)
    last = max(0, length - PAGE_LENGTH)
    asked = visit.asked("after")
    query = request_of(AuditQuery, {}, {"after": int(asked) if asked.isdecimal() and len(asked) < 16 else last})
    entries = audit.audit_entries(lab, actor, query.body.after, PAGE_LENGTH)
    return {
        "entries": entries[::-1],
        "length": length,
        "older": str(max(0, query.body.after - PAGE_LENGTH)) if query.body.after > 0 else "",
        "newer": str(min(last, query.body.after + PAGE_LENGTH)) if query.body.after < last else "",
    }


def show_promises(visit: Visit) -> Context:
    """Show the promises as they were last tried, with a warning when that is long ago."""
    kept = examinations.last_examination(visit.lab, visit.actor)
    tried = [(p, SENTENCES[p], kept.verdict(p), together(kept.of(p))) for p in Promise] if kept else []
    return {
        "kept": kept,
        "tried": tried,
        "stale": kept is not None and is_stale(kept, visit.lab.now()),
        "digest_": examination_digest(kept) if kept else "",
    }


def revoke(posted: Posted) -> Landing:
    """Revoke a release."""
    body = {"reason": posted.fields.one("reason")}
    release_routes.post_revocation(posted.lab, posted.actor, request_of(ReasonBody, posted.path, body))
    return Landing(("releases", posted.path["id"]), N_("The release is revoked."))


def make_download(posted: Posted) -> Landing:
    """Make a download of one's own."""
    release_routes.post_download(posted.lab, posted.actor, request_of(Nothing, posted.path, {}))
    return Landing(("releases", posted.path["id"]), N_("Your download is ready: fetch the files below."))


def reopen(posted: Posted) -> Landing:
    """Open a release again."""
    days = posted.fields.one("days")
    body = {
        "reason": posted.fields.one("reopen_reason"),
        **({"days": value_of(ParameterType.INTEGER, days)} if days else {}),
    }
    release_routes.post_reopening(posted.lab, posted.actor, request_of(ReopenBody, posted.path, body))
    return Landing(("releases", posted.path["id"]), N_("The release is open again."))


RELEASE = Page("/releases/{id}", "release.html", show_release)
PAGES = (
    Page("/releases", "releases.html", list_releases),
    RELEASE,
    Page("/audit", "audit.html", show_audit),
    Page("/promises", "promises.html", show_promises),
)
FORMS = (
    Form("/releases/{id}/downloads", RELEASE, make_download),
    Form("/releases/{id}/reopen", RELEASE, reopen),
    Form("/releases/{id}/revoke", RELEASE, revoke),
)
