"""Extraction: every text that a person may read, from the templates and from the code, for the catalogues.

``python -m hub.web.extraction`` brings the catalogues up to date; whoever changes a sentence then translates it.
Texts in code are found by their place: the first argument of an error of the lab, what ``N_`` marks, the words of
closed sets, and in the packages whose sentences records keep, every text that is a sentence.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from hub.web.stored import PLACE

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = Path(__file__).parent / "locale" / "fr" / "LC_MESSAGES" / "messages.po"
CODE = (
    "hub/domain",
    "hub/services",
    "hub/adapters",
    "hub/privileged",
    "hub/gate",
    "hub/policy",
    "hub/settings.py",
    "hub/web",
    "hub/doctor",
    "datasets_mount",
)
NOT_SHOWN = (
    "hub/adapters/local_",
    "hub/adapters/past_requests.py",
    "hub/gate/report.py",
    "hub/adapters/accounts",
    "hub/adapters/processes",
    "hub/adapters/couriers.py",
    "hub/adapters/identity.py",
    "hub/adapters/secrets.py",
    "hub/adapters/state_folder.py",
    "hub/web/__main__.py",
)
"""The command line and the logs alone say these."""
KEPT = ("hub/domain", "hub/services", "hub/gate", "hub/doctor")
"""Packages whose sentences records keep, or that a steward reads."""
HEADER = b"""msgid ""
msgstr ""
"Language: fr\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
WORDS = ("hub/domain", "datasets_mount")
"""Packages whose closed sets of words are shown."""
SENTENCE = re.compile(r"^[A-Z“{](?=.*[a-z] ).*[.!?]$", re.DOTALL)
KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}


@dataclass(frozen=True, slots=True)
class Found:
    """A text, where it stands, and for a word of a closed set the set's name."""

    text: str
    line: int
    context: str | None = None


def texts_in(source: str, *, keeps_sentences: bool, shows_words: bool) -> Iterator[Found]:
    """Give the texts of a module."""
    tree = ast.parse(source)
    documentation = set(_documentation(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        elif shows_words and isinstance(node, ast.ClassDef) and any(_name(base) == "StrEnum" for base in node.bases):
            yield from _of_set(node)
        elif keeps_sentences and isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in documentation:
            text = template_of(node).strip()
            if SENTENCE.match(text):
                yield Found(text, node.lineno)


def _documentation(tree: ast.AST) -> Iterator[int]:
    """Texts that stand alone are documentation; parts of an f-string are no texts of their own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)
        if isinstance(node, ast.JoinedStr):
            yield from (id(part) for part in ast.walk(node) if part is not node)


def _of_call(node: ast.Call) -> Iterator[Found]:
    name = _name(node.func)
    is_error = name.endswith("Error") and any(k.arg == "reason" for k in node.keywords)
    if node.args and (is_error or name == "N_"):
        text = template_of(node.args[0])
        if re.search("[A-Za-z]", PLACE.sub("", text)):
            yield Found(text, node.lineno)
    if name == "found" and len(node.args) > 1 and (text := template_of(node.args[1])):
        yield Found(text, node.lineno)


def _of_set(node: ast.ClassDef) -> Iterator[Found]:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            yield Found(str(statement.value.value), statement.lineno, node.name)


def template_of(node: ast.expr) -> str:
    """Return a text, or the template that an f-string stands for; its places are named after what fills them."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if not isinstance(node, ast.JoinedStr):
        return ""
    names: dict[str, str] = {}
    parts = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            said = ast.unparse(part.value)
            names.setdefault(said, _place(said, set(names.values())))
            parts.append("{" + names[said] + "}")
        else:
            parts.append(str(part.value) if isinstance(part, ast.Constant) else "")
    return "".join(parts)


def _place(said: str, taken: set[str]) -> str:
    """Make a name for a place from the last word of its expression."""
    words = re.findall(r"[a-z_]+", said.lower().split("(")[0]) or ["value"]
    name = words[-1].strip("_") or "value"
    while name in taken:
        name += "_too"
    return name


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def extracted() -> Catalog:
    """Return a catalogue without translations, of everything."""
    catalogue = Catalog(project="datalab", charset="utf-8", fuzzy=False)
    for path in sorted(path for place in CODE for path in _modules(ROOT / place)):
        relative = path.relative_to(ROOT).as_posix()
        if relative.startswith(NOT_SHOWN):
            continue
        for found in texts_in(path.read_text(encoding="utf-8"), **_of_module(relative)):
            catalogue.add(found.text, locations=[(relative, 1)], context=found.context)
    for path in sorted((ROOT / "hub/web/templates").glob("*.html")):
        relative = path.relative_to(ROOT).as_posix()
        options = {"newstyle_gettext": "true", "trimmed": "false", "extensions": "jinja2.ext.do", "silent": "false"}
        for _, text, _, context in extract_from_file("jinja2.ext:babel_extract", path, KEYWORDS, (), options, True):
            catalogue.add(text, locations=[(relative, 1)], context=context)
    return catalogue


def _of_module(path: str) -> dict[str, bool]:
    return {"keeps_sentences": path.startswith(KEPT), "shows_words": path.startswith(WORDS)}


def _modules(place: Path) -> Iterator[Path]:
    yield from [place] if place.is_file() else place.rglob("*.py")


def updated(known: bytes) -> bytes:
    """Return a .po file with everything that there is now, keeping the translations that still have their text."""
    catalogue = read_po(io.BytesIO(known), locale="fr")
    catalogue.update(extracted(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    written = io.BytesIO()
    write_po(written, catalogue, width=120, omit_header=True, no_location=True, ignore_obsolete=True)
    return HEADER + written.getvalue()


if __name__ == "__main__":
    CATALOGUE.write_bytes(updated(CATALOGUE.read_bytes()))
