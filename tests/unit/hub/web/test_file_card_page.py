"""A file's card on its page: a model's shape, what stands behind a figure; for stewards alone, in both languages."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from doubles.people import checked_request, lab_with_data
from doubles.pictures import SIGNATURE, chunk
from hub.domain.audit import event
from hub.domain.errors import NotFoundError
from hub.domain.exports import ExportRequest, Finding, Severity
from hub.domain.file_cards import FigureTable, FileCard, ModelCard, ModelFamily, RemovedPart, Vocabulary
from hub.services import exports, people
from hub.services.lab import Lab
from hub.web.handlers import NOBODYS_PAGE
from hub.web.languages import CODES, language
from hub.web.pages.export_files import show_file
from hub.web.pages.types import Visit
from hub.web.rendering import Pages

PAGES_OF = Pages("/services/portal/", "Lab")
FIGURE = SIGNATURE + chunk(b"IHDR", (2).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0") + chunk(b"IEND", b"")

HOSTILE = "</td><script>alert(1)</script>"
MODEL = ModelCard(
    ModelFamily.DECISION_TREE, 5711, features=7, classes=2, leaves=8, depth=3, records=1200, smallest_leaf=43
)
FIGURES = "Area under the curve 0.512 (by chance 0.5 ± 0.020); true positives at 0.1 % false positives: 0.10 %."
ATTACKED = Finding("membership", Severity.NOTE, "table.csv", "An attack was tried.", "", FIGURES)
SAID = {
    "en": ("decision tree", "5,711", "Records in the smallest leaf", "not known: the tree was not run again on"),
    "fr": ("arbre de décision", "5 711", "Enregistrements de la plus petite feuille", "inconnu : l’arbre n’a pas"),
}
BEHIND = {
    "en": ("Numbers in it that can be drawn: 17.", "of another kind", "Left out of the picture’s file"),
    "fr": ("Nombres qu’on peut y dessiner : 17.", "d’une autre sorte", "Retiré du fichier de l’image"),
}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return lab_with_data(tmp_path)


def with_files(lab: Lab, *files: tuple[str, str, bytes, FileCard | None]) -> ExportRequest:
    """A checked request with these canonical files: name, kind, bytes and card."""
    request = checked_request(lab)
    made = []
    for path, kind, content, card in files:
        stored = lab.vault.add(io.BytesIO(content), len(content))
        said = {"kind": kind, "canonical": stored.sha256, "canonical_size": len(content), "canonical_name": path}
        made.append(replace(request.files[0], path=path, card=card, **said))
    return saved(lab, replace(request, files=tuple(made)))


def saved(lab: Lab, request: ExportRequest) -> ExportRequest:
    with lab.store.begin() as records:
        records.save(request, event("test:request:write", "test", request.id))
    return request


def page(lab: Lab, request: ExportRequest, code: str = "en") -> str:
    """The page of the request's first file, as a steward is shown it."""
    visit = Visit(lab, "health-steward", {"id": request.id}, {"path": request.files[0].path})
    around = {**NOBODYS_PAGE, "person": people.whoami(lab, "health-steward"), "fault": None}
    text = PAGES_OF.render("export_file.html", language(code), {**around, **show_file(visit)})
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("code", CODES)
def test_a_models_card_tells_its_shape(lab: Lab, code: str) -> None:
    request = with_files(lab, ("m.json", "json", b"{}\n", FileCard(MODEL)))
    text = page(lab, request, code=code)
    for said in SAID[code]:
        assert said in text
    assert ("not tried" in text) == (code == "en")


@pytest.mark.parametrize(("code", "said"), [("en", "Area under the curve 0.512"), ("fr", "Aire sous la courbe")])
def test_an_attack_that_was_tried_is_told_with_its_figures(lab: Lab, code: str, said: str) -> None:
    request = with_files(lab, ("m.json", "json", b"{}\n", FileCard(replace(MODEL, smallest_group=41))))
    request = saved(lab, replace(request, files=(replace(request.files[0], findings=(ATTACKED,)),)))
    text = page(lab, request, code=code)
    card = text[text.index("<dl") : text.index("</dl>")]
    assert said in card
    assert "0.512" in card
    assert "<dd>41</dd>" in card


@pytest.mark.parametrize("code", CODES)
def test_a_figure_stands_with_its_table_its_marks_and_what_was_left_out(lab: Lab, code: str) -> None:
    card = FileCard(removed=(RemovedPart("other", 1, 3), RemovedPart("tEXt", 2, 27)), table=FigureTable("f.csv", 5, 17))
    table = b"ward,n\r\nsurgery,4711\r\n"
    request = with_files(lab, ("f.png", "png", FIGURE, card), ("f.csv", "csv", table, None))
    text = page(lab, request, code=code)
    for said in (*BEHIND[code], "<code>tEXt</code>", "<td>4711</td>", "file?path=f.csv"):
        assert said in text
    with lab.store.read() as reading:
        views = [dict(e.event.details)["path"] for e in reading.audit_named(("export:file:view",))]
    assert sorted(views) == ["f.csv", "f.png"]


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (FileCard(), "No table of the request bears the figure’s name."),
        (FileCard(), "The picture’s file held nothing but the picture."),
        (FileCard(table=FigureTable("gone.csv", 1, 1)), "The gate wrote no file from its table, gone.csv."),
    ],
)
def test_what_stands_behind_no_figure_is_said(lab: Lab, card: FileCard, said: str) -> None:
    assert said in page(lab, with_files(lab, ("f.png", "png", FIGURE, card)))


def test_what_stands_in_a_card_is_never_run(lab: Lab) -> None:
    card = FileCard(vocabularies=(Vocabulary(HOSTILE, HOSTILE, 3, 2),), table=FigureTable(HOSTILE, 1, 1))
    text = page(lab, with_files(lab, ("f.png", "png", FIGURE, card)))
    assert "alert(1)" in text
    assert HOSTILE not in text


def test_a_card_is_handed_to_who_may_review_the_file_and_to_nobody_else(lab: Lab) -> None:
    request = with_files(lab, ("m.json", "json", b"{}\n", FileCard(MODEL)))

    def told(who: str) -> FileCard | None:
        return exports.request(lab, who, request.id).files[0].card

    assert told("health-steward") == FileCard(MODEL)
    assert (told("researcher"), told("scientist"), told("auditor")) == (None, None, None)
    with pytest.raises(NotFoundError):
        told("outsider")
