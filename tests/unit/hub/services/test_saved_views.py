"""Views of the queue are their person's own: named, replaced, forgotten, and never more than a page shows."""

from __future__ import annotations

import pytest

from doubles.people import play, registered_dataset
from hub.domain.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from hub.domain.exports import Severity
from hub.domain.queue import ServiceLevel, Show
from hub.domain.saved_views import MOST_VIEWS, SavedView, SavedViews, with_view, without_view
from hub.services import audit
from hub.services.lab import Lab
from hub.services.saved_views import forget_view, save_view, saved_views

LATE = SavedView("Late in care", Show.UNCLAIMED, "wages", Severity.REVIEW, ServiceLevel.LATE)


@pytest.fixture(autouse=True)
def _consortium(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)


def test_a_view_is_kept_replaced_and_forgotten_by_whose_it_is(lab: Lab) -> None:
    assert saved_views(lab, "health-steward") == []
    assert save_view(lab, "health-steward", LATE) == [LATE]
    other = SavedView("Mine", Show.MINE)
    save_view(lab, "health-steward", other)
    again = SavedView(LATE.name, level=ServiceLevel.SOON)
    assert save_view(lab, "health-steward", again) == [again, other]
    assert saved_views(lab, "jobs-steward") == []
    with pytest.raises(NotFoundError):
        forget_view(lab, "jobs-steward", LATE.name)
    assert forget_view(lab, "health-steward", LATE.name) == [other]
    assert saved_views(lab, "health-steward") == [other]
    told = [(e.event.name, e.event.actor, e.event.details) for e in audit.audit_entries(lab, "auditor", 0, 1000)]
    assert [entry for entry in told if entry[0].startswith("queue:view")] == [
        *[("queue:view:save", "health-steward", ())] * 3, ("queue:view:forget", "health-steward", ()),
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["researcher", "scientist", "administrator"])
def test_who_has_no_queue_keeps_no_view_of_it(lab: Lab, who: str) -> None:
    for act in (
        lambda: saved_views(lab, who),
        lambda: save_view(lab, who, LATE),
        lambda: forget_view(lab, who, LATE.name),
    ):
        with pytest.raises(RefusedError):
            act()
    assert save_view(lab, "auditor", LATE) == [LATE]


@pytest.mark.parametrize("name", ["", " ", " a", "a ", "-a", "<b>", "a/b", "a\nb", "a\u202eb", "a" * 41, "a&b", "%2f"])
def test_a_name_is_a_plain_and_short_one(name: str) -> None:
    with pytest.raises(InvalidError):
        with_view(SavedViews("steward"), SavedView(name))


@pytest.mark.parametrize("name", ["a", "À traiter", "Care, late (2)", "l’été", "a" * 40])
def test_a_name_may_be_written_in_any_language(name: str) -> None:
    assert without_view(with_view(SavedViews("steward"), SavedView(name)), name) == SavedViews("steward")


def test_there_are_no_more_than_a_page_shows() -> None:
    kept = SavedViews("steward")
    for number in range(MOST_VIEWS):
        kept = with_view(kept, SavedView(f"view {number}"))
    with pytest.raises(ConflictError):
        with_view(kept, SavedView("one more"))
    assert len(with_view(kept, SavedView("view 3", Show.MINE)).views) == MOST_VIEWS
