"""What a secret dataset's page tells of its synthetic twin, and to whom."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest

from datasets_mount.catalogue import Tier
from doubles.lab import make_lab
from doubles.people import found_consortium, play, registered_dataset, send, work_off
from doubles.portal import served
from doubles.sandbox import GoodPrograms
from hub.domain.errors import ConflictError
from hub.services import synthetic_twins
from hub.services.workspaces import open_workspace
from integration.test_portal_pages import Site

PAGE = "/datasets/jobs"


@pytest.fixture
def programs() -> list[GoodPrograms]:
    return []


@pytest.fixture
def site(tmp_path: Path, programs: list[GoodPrograms]) -> Iterator[Site]:
    lab = make_lab(tmp_path)
    found_consortium(lab)
    programs.append(play(lab))
    registered_dataset(lab, Tier.SECRET)
    with served(lab) as base:
        yield Site(lab, base)


def test_a_steward_has_a_twin_made_and_members_read_how(site: Site) -> None:
    owner, member = site.browser("jobs-steward"), site.browser("scientist")
    assert "has no accepted twin" in member.open(PAGE).text
    assert "A container makes the twin now" in owner.post(f"{PAGE}/twins", {"epsilon": "0.25"}).text
    work_off(site.lab)
    digest = synthetic_twins.twin_book(site.lab, "scientist", "jobs").in_use
    for shown in (owner.open(PAGE).text, member.open(PAGE).text):
        assert digest in shown
        assert "Each column by itself, from counts with noise" in shown
        assert "Privacy budget: 0.25 of 3 spent." in shown
    assert f"{PAGE}/twins" not in member.open(PAGE).text
    french = unescape(member.open(PAGE, **{"Accept-Language": "fr"}).text)
    assert "Jumeau synthétique" in french
    assert "0,25 dépensé sur 3." in french


def test_an_epsilon_that_is_no_number_or_too_much_is_refused_on_the_page(site: Site) -> None:
    owner = site.browser("jobs-steward")
    for typed in ("much", "-1", "NaN", "3.001", "", "1,000", "1,0,1", "1.000,5", ",5"):
        assert owner.post(f"{PAGE}/twins", {"epsilon": typed}).status_code in (403, 422), typed
    assert synthetic_twins.twin_book(site.lab, "jobs-steward", "jobs").twins == ()


def test_an_epsilon_may_be_written_as_in_french(site: Site) -> None:
    owner = site.browser("jobs-steward")
    assert owner.post(f"{PAGE}/twins", {"epsilon": "0,5"}).status_code == 200
    assert [twin.epsilon for twin in synthetic_twins.twin_book(site.lab, "jobs-steward", "jobs").twins] == [
        Decimal("0.5")
    ]


def test_why_a_supplied_twin_was_refused_is_told_to_the_owner_alone(site: Site, programs: list[GoodPrograms]) -> None:
    programs[0].twin_blocked_by = ["row-leak"]
    owner = site.browser("jobs-steward")
    sent = send(site.lab, "jobs-steward", "persons.csv")
    assert "a container reads the twin" in owner.post(f"{PAGE}/twins/supplied", {"upload": sent}).text
    work_off(site.lab)
    assert "checks block this twin, and nothing of it was kept: row-leak." in unescape(owner.open(PAGE).text)
    french = unescape(owner.open(PAGE, **{"Accept-Language": "fr"}).text)
    assert "bloquent ce jumeau, et rien n’en a été gardé" in french
    assert "row-leak" not in site.browser("scientist").open(PAGE).text


def test_a_twin_that_was_changed_is_said_to_be_of_no_use(site: Site) -> None:
    site.browser("jobs-steward").post(f"{PAGE}/twins", {"epsilon": "1"})
    work_off(site.lab)
    twin = synthetic_twins.twin_book(site.lab, "scientist", "jobs").twins[0]
    kept = site.lab.vault.path(twin.files[0].sha256)
    kept.chmod(0o600)
    kept.write_bytes(b"PAR1 flipped!! PAR1")

    with pytest.raises(ConflictError):
        open_workspace(site.lab, "scientist", "wages")
    assert "is not what was accepted" in site.browser("scientist").open(PAGE).text
