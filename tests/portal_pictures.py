"""What the portal's pages look like: kept by the tests that open them, and shown in the docs.

``PYTHONPATH=tests .venv/bin/python -m portal_pictures`` makes the pages of pictures in the docs from what the last run
of ``tests/integration/test_portal_accessible.py`` and ``test_portal_particular.py`` left; a test fails when a page of
the portal is not among them.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from hub.web.pages.table import PAGES

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "test-results" / "pages"
"""One folder for each language: a picture of each page, full length, and its title beside it."""
SHOWN = ROOT / "docs" / "images" / "portal"
WIDTH = 900
"""Pixels of a picture in the docs: a page as it is in a window of this width."""
LONGEST = 1500
COLOURS = 24
PARTICULAR = {
    "twin": ("/datasets/{name}", {"en": "A secret dataset’s twin", "fr": "Le jumeau d’un jeu de données secret"}),
    "model": ("/exports/{id}/file", {"en": "A model’s card", "fr": "La fiche d’un modèle"}),
    "figure": ("/exports/{id}/file", {"en": "What stands behind a figure", "fr": "Ce qui est derrière une figure"}),
}
"""Pages once more, where they show what only some have: by the picture's name, the address and a title."""
IDENTIFIER = re.compile(r" [a-z]+-[a-z0-9]{12}$")
MADE = "<!-- Made by “PYTHONPATH=tests .venv/bin/python -m portal_pictures” from pictures that the tests took. -->"
HEADS = {
    "en": (
        ROOT / "docs/explanation/portal-in-pictures.md",
        "# The portal in pictures\n\n*[En français](le-portail-en-images.md).*\n\n"
        f"{MADE}\n\n"
        "Every page of the portal, with the people and requests of the tests, as the one who sees most of it sees it.\n"
        "Each is opened by the tests in both languages, and looked at for accessibility and at twice its size.\n"
        "Long pages are cut.\n",
    ),
    "fr": (
        ROOT / "docs/explanation/le-portail-en-images.md",
        "# Le portail en images\n\n*[In English](portal-in-pictures.md).*\n\n"
        f"{MADE}\n\n"
        "Chaque page du portail, avec les personnes et les demandes des tests, telle que la voit qui en voit le plus.\n"
        "Les tests ouvrent chacune dans les deux langues et en vérifient l’accessibilité, même agrandie deux fois.\n"
        "Les pages longues sont coupées.\n",
    ),
}


def is_whole(template: str) -> bool:
    """Whether a template is a page, or a part that a script puts into one."""
    return '{% extends "layout.html" %}' in files("hub.web").joinpath("templates", template).read_text()


WHOLE = sorted(page.path for page in PAGES if is_whole(page.template))
PARTS = sorted(page.path for page in PAGES if not is_whole(page.template))


def picture_name(address: str) -> str:
    """The name of a page's picture, by its address in the portal's table."""
    return re.sub(r"\W+", "-", address).strip("-") or "home"


NAMES = [*map(picture_name, WHOLE), *PARTICULAR]


def keep_picture(page: Page, code: str, name: str) -> None:
    """Keep what a page looks like, in its language, and what it is called."""
    folder = KEPT / code
    folder.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    page.set_viewport_size({"width": WIDTH, "height": 700})
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    if before:
        page.set_viewport_size(before)
    (folder / f"{name}.txt").write_text(page.title(), encoding="utf-8")


def title_of(code: str, name: str) -> str:
    """A page's own title: without the lab's, without what is frozen, and without an identifier made in that run."""
    return IDENTIFIER.sub("", (KEPT / code / f"{name}.txt").read_text(encoding="utf-8").split(" · ")[-2])


def written(code: str) -> str:
    """The docs' page of pictures in a language."""
    shown = [(picture_name(address), address, title_of(code, picture_name(address))) for address in WHOLE]
    shown += [(name, address, titles[code]) for name, (address, titles) in PARTICULAR.items()]
    parts = (
        f"## {title}\n\n`{address}`\n\n![{title}](../images/portal/{code}/{name}.png)\n"
        for name, address, title in shown
    )
    return "\n".join([HEADS[code][1], *parts])


def reduce_picture(kept: Path, shown: Path) -> None:
    """Write a small copy of a picture: fewer colours, and no longer than a long page."""
    with Image.open(kept) as whole:
        part = whole.convert("RGB").crop((0, 0, whole.width, min(whole.height, LONGEST)))
    shown.parent.mkdir(parents=True, exist_ok=True)
    part.quantize(COLOURS, dither=Image.Dither.NONE).save(shown, optimize=True)


def main() -> None:
    """Write both languages' pages with their pictures."""
    for code, (page, _) in HEADS.items():
        for name in NAMES:
            reduce_picture(KEPT / code / f"{name}.png", SHOWN / code / f"{name}.png")
        page.write_text(written(code), encoding="utf-8")


if __name__ == "__main__":
    main()
