"""Languages: every word of a page and every sentence of an error, in English or French.

Invariants:

* the key of a sentence is its English template, so a missing translation shows English and never nothing;
* values are put into a sentence after its translation, and words of the lab among them are translated, too.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from importlib.resources import files

from babel.dates import TIMEDELTA_UNITS, format_date, format_timedelta, get_month_names
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

from hub.domain.errors import LabError
from hub.domain.notebooks import ParameterType
from hub.web.phrases import BEFORE_PART, PHRASES
from hub.web.stored import PLACE, Templates, templates_of

DEFAULT = "en"
CODES = ("en", "fr")
NAMES = {"en": "English", "fr": "Français"}
COOKIE = "portal-language"
TYPES = re.compile(r"\b(?:integer|number)\b")
"""Words of what a parameter must be."""
UNGROUPED = 1000
"""Numbers below are written the same in every language of ours."""
SHORTEST = 10
"""Letters of its own that a template needs to be recognised in a filled sentence."""
_DAY = 86_400
_UNITS = tuple(unit for unit in TIMEDELTA_UNITS if unit[0] != "second")
_ENOUGH = 1.5
"""How many of a unit are said in it; what is shorter is said in the next smaller one."""
_NO_LARGER = 1e9
AMOUNT = re.compile(r"-?\d+\.\d+")
AMOUNTS = frozenset({"low", "high", "share", "bits"})
"""Places of the gate's sentences that hold an amount; elsewhere, what looks like one may be a name."""
_STEPS = ((2**30, "GB", "Go"), (2**20, "MB", "Mo"), (2**10, "kB", "ko"))


@dataclass(frozen=True, slots=True)
class Language:
    """One language with its catalogue."""

    code: str
    catalogue: NullTranslations
    sentences: Templates
    phrases: Templates

    def text(self, message: str, values: Mapping[str, object] | None = None) -> str:
        """Translate a template and fill its named places."""
        translated = str(self.catalogue.gettext(message)) if message else ""
        known = {key: self._value(key, value) for key, value in (values or {}).items()}
        return PLACE.sub(lambda place: known.get(place[1], place[0]), translated) if values else translated

    def error(self, error: LabError) -> str:
        """Say an error's sentence."""
        if not error.values:
            return self.stored(error.template)
        return self.text(error.template, error.values)

    def label(self, word: Enum) -> str:
        """Name a word of a closed set, in the gender of what it is said of."""
        return _label(self.code, type(word).__name__, str(word.value))

    def stored(self, sentence: str) -> str:
        """Translate sentences that a record keeps in English, already filled, by the templates that they came from."""
        if self.code == DEFAULT:
            return sentence
        return self.sentences.all_said(sentence, lambda message, found: self._filled(message, found))

    def phrase(self, phrase: str) -> str:
        """Translate a part of a sentence of the gate's; what is none stays as it is."""
        if self.code == DEFAULT:
            return phrase
        return self.phrases.said(phrase, lambda message, found: self.text(message, self._amounts(found))) or phrase

    def place(self, place: str) -> str:
        """Say where a finding stands: the file's name as it is, and then the part of it."""
        file, *parts = BEFORE_PART.split(place)
        return ", ".join([file, *map(self.phrase, parts)])

    def _filled(self, message: str, found: dict[str, str]) -> str:
        return self.text(message, {key: self.phrase(value) for key, value in self._amounts(found).items()})

    def _amounts(self, found: dict[str, str]) -> dict[str, str]:
        """What fills a sentence of the gate's, with the amounts as the language writes them."""
        amounts = {key: value for key, value in found.items() if key in AMOUNTS and AMOUNT.fullmatch(value)}
        return found | {key: self.decimal(Decimal(value)) for key, value in amounts.items()}

    def _value(self, key: str, value: object) -> str:
        if isinstance(value, Enum):
            return self.label(value)
        if isinstance(value, tuple):
            return ", ".join(self._value(key, one) for one in value)
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, Decimal):
            return self.decimal(value)
        if key == "what":
            return self.text(str(value))
        if key == "wanted":
            return TYPES.sub(lambda found: self.label(ParameterType(found[0])), self.phrase(str(value)))
        if key == "roles":
            return " / ".join(str(self.catalogue.pgettext("Role", word)) for word in str(value).split(" / "))
        return str(value)

    @property
    def _locale(self) -> str:
        """How dates and numbers are written; English as in Europe."""
        return "en_GB" if self.code == DEFAULT else self.code

    def moment(self, at: datetime | None) -> str:
        """Write a moment, in UTC, which is the same for everybody."""
        if at is None:
            return "—"
        utc = at.astimezone(UTC)
        return f"{utc.day} {_months(self._locale)[utc.month]} {utc.year}, {utc:%H:%M} UTC"

    def day(self, day: date) -> str:
        """Write a day."""
        return format_date(day, "long", locale=self._locale)

    def lasting(self, span: timedelta) -> str:
        """Write how long something has lasted, in one unit."""
        seconds = abs(span.days * _DAY + span.seconds)
        unit, length = next((u for u in _UNITS if seconds / u[1] >= _ENOUGH), _UNITS[-1])
        return _lasting(self._locale, unit, max(1, round(seconds / length)))

    def number(self, number: int) -> str:
        """Write a whole number."""
        return str(number) if 0 <= number < UNGROUPED else format_decimal(number, locale=self._locale)

    def decimal(self, amount: Decimal) -> str:
        """Write an amount as exactly as it is known."""
        return format_decimal(amount, locale=self._locale, decimal_quantization=False)

    def size(self, size: int) -> str:
        """Write a number of bytes."""
        for step, english, french in _STEPS:
            if size >= step:
                unit = french if self.code == "fr" else english
                return f"{_tenths(self._locale, round(10 * size / step))}\u00a0{unit}"
        return f"{self.number(size)}\u00a0{'o' if self.code == 'fr' else 'B'}"


@cache
def _label(code: str, kind: str, word: str) -> str:
    return str(language(code).catalogue.pgettext(kind, word)).replace("_", " ")


@cache
def _months(locale: str) -> Mapping[int, str]:
    """The months' short names as they stand in a date."""
    return dict(get_month_names("abbreviated", "format", locale))


@lru_cache(10_000)
def _tenths(locale: str, count: int) -> str:
    """So many tenths, as a number."""
    return format_decimal(count / 10, "#,##0.#", locale=locale)


@lru_cache(10_000)
def _lasting(locale: str, unit: str, count: int) -> str:
    """So many of a unit."""
    return str(format_timedelta(timedelta(seconds=count * dict(_UNITS)[unit]), unit, _NO_LARGER, locale=locale))  # type: ignore[arg-type]  # of its own table


@cache
def language(code: str) -> Language:
    """Return a language; its catalogue is compiled in memory from the .po file."""
    if code == DEFAULT:
        nothing = templates_of((), 0)
        return Language(code, NullTranslations(), nothing, nothing)
    text = files("hub.web").joinpath("locale", code, "LC_MESSAGES", "messages.po").read_bytes()
    catalogue = read_po(io.BytesIO(text), locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    messages = [m.id for m in catalogue if isinstance(m.id, str) and m.id and not m.context]
    sentences = templates_of((m for m in messages if m not in PHRASES), SHORTEST)
    return Language(code, Translations(compiled), sentences, templates_of(PHRASES, 0))


def choose_code(cookie: str, accepted: str) -> str:
    """Return the language that a person chose, or the first that their browser asks for and that there is."""
    return cookie if cookie in CODES else next((c for c in preferred(accepted) if c in CODES), DEFAULT)


def preferred(accepted: str) -> Iterable[str]:
    """Give the main languages of an Accept-Language header, the most wanted first (RFC 9110, section 12.5.4)."""
    weighed = []
    for order, part in enumerate(accepted[:500].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        weighed.append((-weight, order, tag.strip().split("-")[0].lower()))
    return [tag for weight, _, tag in sorted(weighed) if weight < 0]
