"""The outbox: what leaves, when it is tried again, and when it is given up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doubles.lab import SteppingClock, make_lab
from doubles.people import found_consortium
from hub.domain.errors import InvalidError, LabError, UnavailableError
from hub.domain.notices import Box, Channel, Message, NoticeKind
from hub.services import freezes
from hub.services.lab import Lab
from hub.services.outbox import deliver, give_up, lost_messages, waiting
from hub.services.ports import pages

MAIL = {"host": "localhost", "tls": "none", "sender": "lab@example.org", "domain": "example.org"}
DOWN = UnavailableError("It is down.", reason="mail-down")
REFUSED = InvalidError("Nobody of that name.", reason="mail-refused")


class Courier:
    """Takes what it is given, or says a fault."""

    def __init__(self, *faults: LabError | None) -> None:
        self.taken: list[Message] = []
        self.tried = 0
        self._faults = list(faults)

    def carry(self, message: Message) -> None:
        self.tried += 1
        fault = self._faults.pop(0) if self._faults else None
        if fault is not None:
            raise fault
        self.taken.append(message)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    founded = make_lab(tmp_path, mail=MAIL, webhook={"url": "http://localhost:9/hook"})
    found_consortium(founded)
    freezes.freeze(founded, "jobs-steward", "wages", "a suspicion")
    yield founded
    founded.store.engine.dispose()  # type: ignore[attr-defined]


def wait(lab: Lab, seconds: float) -> None:
    assert isinstance(lab.clock, SteppingClock)
    lab.clock.wait(seconds)


def acts(lab: Lab) -> list[str]:
    with lab.store.read() as reading:
        return [e.event.name.split(":")[2] for e in pages(reading) if e.event.name.startswith("lab:message:")]


def left(lab: Lab) -> list[Message]:
    with lab.store.read() as reading:
        return waiting(reading)


def test_each_person_is_sent_a_mail_and_the_webhook_is_told_once(lab: Lab) -> None:
    mail, webhook = Courier(), Courier()
    deliver(lab, {Channel.MAIL: mail, Channel.WEBHOOK: webhook})
    assert sorted(m.person for m in mail.taken) == ["researcher", "scientist"]
    assert [(m.person, m.kind, m.project) for m in webhook.taken] == [("", NoticeKind.FROZEN, "wages")]
    assert (left(lab), acts(lab)) == ([], ["send"] * 3)
    deliver(lab, {Channel.MAIL: mail, Channel.WEBHOOK: webhook})
    assert len(mail.taken) == 2


def test_a_way_that_is_down_is_left_alone_for_the_round_and_keeps_no_other_waiting(lab: Lab) -> None:
    mail, webhook = Courier(DOWN), Courier()
    deliver(lab, {Channel.MAIL: mail, Channel.WEBHOOK: webhook})
    assert (mail.tried, len(webhook.taken), len(left(lab))) == (1, 1, 2)
    wait(lab, 61)
    deliver(lab, {Channel.MAIL: mail, Channel.WEBHOOK: webhook})
    assert (len(mail.taken), left(lab)) == (2, [])


def test_a_message_that_is_refused_keeps_no_other_from_its_turn(lab: Lab) -> None:
    mail = Courier(REFUSED)
    deliver(lab, {Channel.MAIL: mail})
    assert (mail.tried, len(mail.taken)) == (2, 1)
    assert [m.fault for m in left(lab) if m.channel is Channel.MAIL] == ["mail-refused"]
    deliver(lab, {Channel.MAIL: mail})
    assert mail.tried == 2  # its pause is not over


def test_after_a_day_it_is_given_up_with_an_event_and_those_who_run_the_lab_read_of_it(lab: Lab) -> None:
    deliver(lab, {Channel.MAIL: Courier(DOWN), Channel.WEBHOOK: Courier()})
    give_up(lab)
    assert "give-up" not in acts(lab)
    wait(lab, 24 * 3600)
    give_up(lab)
    assert (left(lab), acts(lab).count("give-up")) == ([], 2)
    assert [m.person for m in lost_messages(lab, "administrator")] == ["scientist", "researcher"]
    assert len(lost_messages(lab, "health-steward")) == 2
    assert lost_messages(lab, "researcher") == lost_messages(lab, "auditor") == []
    wait(lab, 8 * 24 * 3600)
    assert lost_messages(lab, "administrator") == []


def test_what_is_too_old_is_not_sent_any_more(lab: Lab) -> None:
    wait(lab, 24 * 3600)
    mail = Courier()
    deliver(lab, {Channel.MAIL: mail})
    assert mail.tried == 0


def test_a_crash_after_sending_sends_the_same_message_once_more(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = Courier()
    with monkeypatch.context() as patch:
        patch.setattr("hub.services.outbox._keep", lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            deliver(lab, {Channel.MAIL: mail})
    deliver(lab, {Channel.MAIL: mail})
    first, again, other = (m.id for m in mail.taken)
    assert first == again != other


def test_boxes_are_words_of_the_settings() -> None:
    assert {box.value for box in Box} <= set(MAIL) | {"stewards", "approvers"}
