"""What a notice says: on its page in the person's language, and in a mail in every language of the lab.

A sentence names no title, file, reason or value; who is told looks at the rest in the portal, after they logged in.
"""

from __future__ import annotations

from hub.domain.notices import Message, NoticeKind
from hub.web.languages import CODES, language
from hub.web.marks import N_

_K = NoticeKind
SENTENCES: dict[NoticeKind, str] = {
    _K.EXPORT_BLOCKED: N_("The gate blocks your export request. Change its files, or ask for an exception."),
    _K.EXPORT_CHECKED: N_("The gate has checked your export request; it waits for the stewards."),
    _K.EXPORT_FAILED: N_("The gate could not check your export request. Send it again."),
    _K.EXPORT_IN_REVIEW: N_("A steward has begun to review your export request."),
    _K.EXPORT_RETURNED: N_("A steward asks you to change your export request."),
    _K.EXPORT_REJECTED: N_("A steward has rejected your export request for good."),
    _K.EXPORT_APPROVED: N_("The stewards have approved your export request."),
    _K.EXPORT_RECHECKED: N_("Your export request is being checked again."),
    _K.EXPORT_RELEASED: N_("Your export request was released."),
    _K.EXPORT_REVOKED: N_("The release of your export request was revoked."),
    _K.EXPORT_WITHDRAWN: N_("The author has withdrawn an export request that you reviewed."),
    _K.EXPORT_SPLIT: N_("A steward has split your export request."),
    _K.EXPORT_QUESTION: N_("A steward has a question about your export request."),
    _K.EXPORT_COMMENT: N_("Somebody has commented on an export request that you review."),
    _K.EXPORT_DISSENT: N_("The stewards differ on an export request that you voted on."),
    _K.EXCEPTION_WAITS: N_("An exception from a finding of the gate waits for the stewards."),
    _K.EXCEPTION_GRANTED: N_("The exception that you asked for was granted."),
    _K.EXCEPTION_DENIED: N_("The exception that you asked for was denied."),
    _K.EXPORT_WAITS: N_("An export request waits for a steward."),
    _K.EXPORT_TO_RELEASE: N_("An approved export request waits for its release."),
    _K.CLAIM_ENDED: N_("Your claim of an export request has ended."),
    _K.NOTEBOOK_WAITS: N_("A notebook waits for a decision."),
    _K.NOTEBOOK_APPROVED: N_("Your notebook was approved."),
    _K.NOTEBOOK_REFUSED: N_("Your notebook was refused."),
    _K.NOTEBOOK_REPLACED: N_("A newer notebook has taken the place of yours."),
    _K.NOTEBOOK_WITHDRAWN: N_("Your notebook was withdrawn."),
    _K.DATASET_GRANTED: N_("Your project may use a dataset."),
    _K.DATASET_WITHDRAWN: N_("Your project may no longer use a dataset."),
    _K.OWNER_ASKED: N_("An export request draws on data for whose owner you may vote; it waits for that vote."),
    _K.DATASET_LEFT: N_("A release draws on data of your organisation."),
    _K.RUNS_USED_UP: N_("A project has started the last of its runs of this month. A data steward may grant more."),
    _K.FROZEN: N_("A steward has stopped releases and downloads."),
    _K.THAWED: N_("A steward lets releases and downloads go on."),
}
"""One sentence for each kind."""
LOOK = N_("Look at it in the lab:")


def letter_of(message: Message, lab: str, project: str, subject: str, link: str) -> tuple[str, str]:
    """Return a mail's subject and text, in every language of the lab; the names given are plain already."""
    about = " · ".join(word for word in (project, subject) if word)
    said = [f"{language(c).text(SENTENCES[message.kind])} {language(c).text(LOOK)}" for c in CODES]
    title = " / ".join(language(c).text(SENTENCES[message.kind]) for c in CODES)
    return f"[{lab}] {title}", "\n\n".join([*said, about, link]) + "\n"
