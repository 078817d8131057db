"""Both languages are complete, well typed, and say values where they belong."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from babel.dates import format_datetime, format_timedelta
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from datasets_mount.catalogue import Tier
from hub.domain.errors import LabError, NotFoundError, RefusedError
from hub.domain.exports import ExportState
from hub.domain.notebooks import NotebookState, Parameter, ParameterType, check_value
from hub.domain.people import Person, Role, check_has_role
from hub.domain.sandbox_exit import OUT_OF_MEMORY, SENTENCES
from hub.gate import refusals
from hub.services.lab import found
from hub.web.extraction import CATALOGUE, extracted
from hub.web.languages import Language, choose_code, language, preferred
from hub.web.phrases import PHRASES

PLACES = re.compile(r"%\([a-z_]+\)s|\{[a-z_]+\}|</?[a-z]+>")
PLAIN_SPACE = re.compile(r" [:;!?»]|« |\u2018| %(?!\()")
FRENCH = language("fr")


def translated() -> list[Message]:
    return [m for m in read_po(io.BytesIO(CATALOGUE.read_bytes()), locale="fr") if m.id]


def texts(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def keys(messages: object) -> set[tuple[str | None, object]]:
    return {(m.context, m.id) for m in messages if m.id}  # type: ignore[attr-defined]


def test_the_catalogue_has_every_text_and_no_other() -> None:
    """Whoever changes a sentence runs ``python -m hub.web.extraction`` and translates it."""
    wanted, there = keys(extracted()), keys(translated())
    assert wanted - there == set()
    assert there - wanted == set()


@pytest.mark.parametrize("message", translated(), ids=lambda m: str(m.id)[:40])
def test_every_text_is_translated_with_the_same_places(message: Message) -> None:
    assert not message.fuzzy
    assert all(texts(message.string)), message.id
    wanted = sorted(set(PLACES.findall(" ".join(texts(message.id)))))
    for said in texts(message.string):
        assert sorted(set(PLACES.findall(said))) == wanted


@pytest.mark.parametrize("message", translated(), ids=lambda m: str(m.id)[:40])
def test_french_is_typed_as_french_is(message: Message) -> None:
    for said in texts(message.string):
        assert not PLAIN_SPACE.search(said), said
        assert "'" not in said, said
        assert said == said.strip(), said
        assert said.endswith(".") == texts(message.id)[0].endswith("."), said


def test_plurals_have_as_many_forms_as_french_has() -> None:
    for message in translated():
        if isinstance(message.id, tuple):
            assert len(texts(message.string)) == 2


def test_an_error_is_said_in_both_languages() -> None:
    error = NotFoundError("There is no run {id}, or you may not see it.", reason="not-found", id="run-x")
    assert language("en").error(error) == "There is no run run-x, or you may not see it."
    assert FRENCH.error(error) == "Il n’y a pas d’exécution run-x, ou vous ne pouvez pas la voir."


def test_words_of_the_lab_within_a_sentence_are_translated() -> None:
    error = RefusedError(
        "The notebook {id} is {state}; only an approved one runs.", reason="x", id="n", state=NotebookState.SUBMITTED
    )
    assert "est soumis" in FRENCH.error(error)
    with pytest.raises(LabError) as missing:
        found(None, "dataset", "x")
    assert "jeu de données x" in FRENCH.error(missing.value)
    with pytest.raises(LabError) as role:
        check_has_role(Person("a", "A", "o", ()), Role.AUDITOR, Role.STEWARD)
    assert "audit / responsable des données" in FRENCH.error(role.value)
    with pytest.raises(LabError) as value:
        check_value(Parameter("n", ParameterType.INTEGER, 1, 5, 20), 21)
    assert "5 ≤ entier ≤ 20" in FRENCH.error(value.value)


def test_a_value_cannot_bring_a_place_of_its_own() -> None:
    error = NotFoundError("There is no run {id}, or you may not see it.", reason="x", id="{secret} %(x)s {0}")
    assert "{secret} %(x)s {0}" in FRENCH.error(error)


def test_words_take_the_gender_of_what_they_are_said_of() -> None:
    assert FRENCH.label(NotebookState.APPROVED) == "approuvé"
    assert FRENCH.label(ExportState.APPROVED) == "approuvée"
    assert language("en").label(ExportState.IN_REVIEW) == "in review"
    assert FRENCH.label(Tier.SENSITIVE) == "sensible"


@pytest.mark.parametrize("sentence", [*SENTENCES.values(), OUT_OF_MEMORY, *refusals.SENTENCES.values()])
def test_every_sentence_that_a_container_stands_for_is_said_in_french(sentence: str) -> None:
    assert FRENCH.stored(sentence) != sentence


def test_a_stored_sentence_finds_its_template_again() -> None:
    kept = (
        "It took longer than its time limit. Left out of the outputs: 3 that are links, pipes or other special files."
    )
    assert FRENCH.stored(kept).startswith("Le temps limite a été dépassé. Laissés hors des résultats\u00a0: 3,")
    assert language("en").stored(kept) == kept


def test_a_sentence_of_the_gate_is_said_with_its_parts() -> None:
    kept = (
        "In these cells the largest unit holds 85 % of the total of wage or more, so that it could be worked out. "
        "Merge categories, or leave these rows' figures out."
    )
    said = FRENCH.stored(kept)
    assert "la plus grande unité détient 85\u202f% du total de wage" in said
    assert "Regroupez des catégories" in said


def test_amounts_of_the_gate_are_written_as_the_language_writes_them() -> None:
    kept = "The narrowest of these intervals goes from -1234567.5 to 3.25; there are this many: 2."
    assert "va de -1\u202f234\u202f567,5 à 3,25" in FRENCH.stored(kept)
    assert FRENCH.phrase("(2, 12.5 %) dominance (uk-sacro)") == FRENCH.phrase("(2, 12 %) dominance (uk-sacro)").replace(
        "12", "12,5"
    )
    assert language("en").stored(kept) == kept


def test_what_a_person_wrote_stays_as_it_is() -> None:
    for words in ("Please merge the cells.", "", "x" * 5000, "It was. cancelled."):
        assert FRENCH.stored(words) == words


def test_places_keep_the_files_name() -> None:
    assert FRENCH.place("rows, a.csv, rows 1, 2 and 3 more, columns year × sex") == (
        "rows, a.csv, lignes 1, 2 et 3 autres, colonnes year × sex"
    )
    assert FRENCH.place("a.csv") == "a.csv"


def test_every_phrase_of_the_gate_still_stands_in_its_code() -> None:
    """A phrase that the gate no longer says would never be translated."""
    root = Path(refusals.__file__).parent
    code = " ".join(re.sub(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)?\}", "{}", path.read_text()) for path in root.rglob("*.py"))
    code += (root.parent / "domain" / "notebooks.py").read_text()
    loose = re.sub(r"[^a-z%|= ]", "", code)
    for phrase in PHRASES:
        for part in re.split(r"\{[a-z_]+\}", phrase):
            words = re.sub(r"[^a-z%|= ]", "", part).strip()
            assert words in loose, phrase


@pytest.mark.parametrize(
    ("cookie", "accepted", "code"),
    [
        ("", "", "en"),
        ("fr", "en", "fr"),
        ("xx", "fr", "fr"),
        ("../fr", "", "en"),
        ("", "de, fr-CH;q=0.8, en;q=0.9", "en"),
        ("", "fr;q=0, en", "en"),
        ("", "fr;q=x", "en"),
        ("", "," * 1000, "en"),
    ],
)
def test_the_language_is_what_was_chosen_or_asked_for(cookie: str, accepted: str, code: str) -> None:
    assert choose_code(cookie, accepted) == code


def test_languages_are_weighed_as_the_header_says() -> None:
    assert list(preferred("en;q=0.5, fr-FR, de;q=0.7")) == ["fr", "de", "en"]


def test_dates_and_sizes_are_written_as_readers_expect() -> None:
    at = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
    assert FRENCH.moment(at) == "2 mars 2026, 09:05 UTC"
    assert language("en").day(date(2026, 3, 2)) == "2 March 2026"
    assert FRENCH.size(1536) == "1,5\u00a0ko"
    assert language("en").size(10) == "10\u00a0B"
    assert FRENCH.number(20190) == "20\u202f190"
    assert FRENCH.moment(None) == "—"


@pytest.mark.parametrize(("spoken", "locale"), [(language("en"), "en_GB"), (FRENCH, "fr")])
def test_moments_spans_and_sizes_are_written_as_babel_writes_them(spoken: Language, locale: str) -> None:
    for month in range(1, 13):
        at = datetime(2026, month, 3, 4, 5, tzinfo=UTC)
        assert spoken.moment(at) == format_datetime(at, "d MMM y, HH:mm 'UTC'", locale=locale)
    for power in range(0, 340):
        span = timedelta(seconds=int(10 ** (power / 40)))
        assert spoken.lasting(span) == format_timedelta(span, granularity="minute", threshold=1.5, locale=locale)
        size = int(10 ** (power / 30))
        step = next((s for s in (2**30, 2**20, 2**10) if size >= s), 1)
        assert (
            spoken.size(size).split("\u00a0")[0]
            == format_decimal(size / step, "#,##0.#" if step > 1 else None, locale=locale).split("\u00a0")[0]
        )
