"""Pages: Jinja2 templates with every value escaped, one environment for each language."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from jupyterhub._data import DATA_FILES_PATH
from markupsafe import Markup

from hub.domain.run_times import clock
from hub.web.folding import OneLanguage
from hub.web.languages import CODES, NAMES, Language, language
from hub.web.marks import N_

DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
STATIC = Path(str(files("hub.web").joinpath("static")))
HUB_STATIC = Path(DATA_FILES_PATH) / "static"
"""The hub's own stylesheet, Bootstrap 5.3, comes from here."""
KINDS = (N_("text"), N_("notebook"), N_("unknown"))
"""Kinds of files that are named by a word."""
KEPT = 4096
"""How many words of addresses are kept as they are written there."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Templates with what all of them need; ``prefix`` starts every address of the portal."""

    prefix: str
    title: str
    environments: dict[str, Environment] = field(init=False)

    def __post_init__(self) -> None:
        """Make the environments."""
        object.__setattr__(self, "environments", {code: self._environment(language(code)) for code in CODES})

    def _environment(self, spoken: Language) -> Environment:
        made = OneLanguage(
            loader=PackageLoader("hub.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        )
        made.translated = spoken.catalogue.gettext
        made.install_gettext_translations(spoken.catalogue, newstyle=True)  # type: ignore[attr-defined]
        # A filter costs a third of a call, which shows where rows are many.
        made.filters.update(label=spoken.label, moment=spoken.moment, lasting=spoken.lasting, badge=badges(spoken))
        made.filters.update(counted=spoken.number, sized=spoken.size, quoted=quoted, kind=kinds(spoken))
        made.globals.update(
            language=spoken,
            languages=NAMES,
            label=spoken.label,
            moment=spoken.moment,
            day=spoken.day,
            number=spoken.number,
            decimal=spoken.decimal,
            lasting=spoken.lasting,
            clock=clock,
            size=spoken.size,
            said=spoken.stored,
            phrase=spoken.phrase,
            place=spoken.place,
            text=spoken.text,
            url=self.url,
            static=self.static,
            pairs=lambda words: [(word, word) for word in words],
            shortened=shortened,
            labelled=lambda words: [(word.value, spoken.label(word)) for word in words],
            lab_title=self.title,
        )
        return made

    def render(self, template: str, spoken: Language, context: Mapping[str, object]) -> str:
        """Fill a template."""
        return self.environments[spoken.code].get_template(template).render(context)

    def url(self, *words: str, **query: str) -> str:
        """Join words to an address of the portal; no word can lead elsewhere."""
        path = self.prefix + "/".join(map(quoted, words))
        asked = "&".join(f"{key}={quoted(value)}" for key, value in query.items() if value)
        return f"{path}?{asked}" if asked else path

    def static(self, name: str) -> str:
        """Address of a file of ours, which changes when the file does."""
        file = HUB_STATIC / name.removeprefix("hub/") if name.startswith("hub/") else STATIC / name
        return f"{self.prefix}static/{name}?v={file_version(file)}"


@lru_cache(KEPT)
def quoted(word: str) -> str:
    """Write a word as a part of an address that leads nowhere else; most are of the same few."""
    return quote(word, safe="")


def kinds(spoken: Language) -> Callable[[str], str]:
    """Return the filter that says what kind a file is of; names of formats stay as they are."""
    words = {word: spoken.text(word) for word in KINDS}
    return lambda kind: words.get(kind, kind)


def badges(spoken: Language) -> Callable[[Enum], Markup]:
    """Return the filter that shows a state or another word of ours in its colour, each made once in a language."""

    @cache
    def made(kind: type[Enum], value: str) -> Markup:
        word = kind(value)
        return Markup('<span class="state state-{}">{}</span>').format(word.value, spoken.label(word))

    return lambda word: made(type(word), word.value)


def shortened(word: str) -> str:
    """Cut a digest to what an eye compares; other words stay whole."""
    return DIGEST.sub(lambda found: found[0][:12] + "…", word)


@cache
def file_version(path: Path) -> str:
    """A few digits of the file's hash, so that browsers may keep it for long."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "0"
