"""Numbers and addresses of people and enterprises, whatever dataset they come from."""

from __future__ import annotations

import re
from collections.abc import Callable

from hub.domain.exports import Finding, Severity
from hub.gate import numbers
from hub.gate.checks.check import Check
from hub.gate.checks.places import line_place
from hub.gate.context import Context
from hub.gate.fragments import BlobFragment, Fragment, TableFragment
from hub.gate.full_text import FullText, Sought
from hub.gate.spelled import columns_in, joined_columns

_NEAR = 60
_SHORT_TEXT = 20_000
_FEWEST = 3
_LINE_ENDS = re.compile(r"\s*\n\s*")
_ENTERPRISE = re.compile(r"(?i)siren|siret|\brcs\b|\btva\b|sirene|établissement|etablissement|enterprise|entreprise")
_CARD_WORD = re.compile(r"(?i)card|carte|\bcb\b|visa|mastercard|\bpan\b")
Match = re.Match[str]


def personal_numbers(fragment: Fragment, context: Context) -> list[Finding] | None:
    """Social security numbers (NIR), bank accounts (IBAN) and payment cards stay in the lab.

    A number counts when its form and its check digits agree. A card's number counts where it is written in groups,
    where a word says so, or where there are several. A social security number counts, too, where lines or two columns
    cut it.
    """
    said = context.text(fragment)
    found = [
        ("a social security number (NIR)", _first(numbers.NIR, said, numbers.is_nir)),
        ("a bank account's number (IBAN)", _first(numbers.IBAN, said, lambda m: numbers.is_iban(m[0]))),
        ("a payment card's number", _card(said)),
    ]
    findings = [_finding(fragment, context, what, match) for what, match in found if match is not None]
    if not findings and _is_cut(fragment, said):
        sentence = "There is what looks like social security numbers (NIR) that lines or columns cut. Take them out."
        place, rule = f"{fragment.place}, the whole of it", "form and check digits agree"
        findings.append(context.finding("personal-numbers", Severity.BLOCK, place, sentence, rule))
    return findings or None


def _is_cut(fragment: Fragment, said: FullText) -> bool:
    """Whether numbers run over the lines of a short text, or over two columns of several of a table's first rows."""
    if any(_are_nirs(cells) for columns in columns_in(fragment) for cells in joined_columns(columns)):
        return True
    if isinstance(fragment, TableFragment) or len(said.text) > _SHORT_TEXT or "\n" not in said.text.strip():
        return False
    return any(map(numbers.is_nir, numbers.NIR.finditer(FullText(_LINE_ENDS.sub(" ", said.text)))))


def _are_nirs(cells: list[str]) -> bool:
    met = [m for cell in set(cells) if (m := numbers.NIR.pattern.fullmatch(cell.strip())) and numbers.is_nir(m)]
    return len(met) >= _FEWEST


def _finding(fragment: Fragment, context: Context, what: str, match: Match) -> Finding:
    sentence = f"There is what looks like {what}. Take it out, and all others of its kind."
    place = line_place(fragment, match)
    return context.finding("personal-numbers", Severity.BLOCK, place, sentence, "form and check digits agree")


def _card(said: FullText) -> Match | None:
    cards = [m for m in numbers.CARD.finditer(said) if numbers.is_card(m[0])]
    told = [m for m in cards if m[1] or m[2] or _has_near(_CARD_WORD, m)]
    return (told or cards)[0] if told or len(cards) > 1 else None


def enterprise_numbers(fragment: Fragment, context: Context) -> list[Finding] | None:
    """SIREN and SIRET stay in the lab where a word near them, or the column's name, says that they are some.

    Without such a word nine digits are a number like any other: one in ten passes Luhn's rule.
    """
    if isinstance(fragment, BlobFragment):
        return None
    sentence = "There is what looks like a SIREN or SIRET of an enterprise. Take it out; results speak of groups."
    rule = "Luhn's rule, and a word that says so"
    if isinstance(fragment, TableFragment):
        columns = [
            at
            for at, (title, cells) in enumerate(zip(fragment.columns, fragment.data, strict=True), start=1)
            if _ENTERPRISE.search(title) and any(numbers.is_siren(c) or numbers.is_siret(c) for c in set(cells))
        ]
        places = [f"{fragment.place}, column {at}" for at in columns]
        found = [context.finding("enterprise-numbers", Severity.BLOCK, place, sentence, rule) for place in places]
        return found or None
    said = context.text(fragment)
    match = _first(numbers.SIRET, said, lambda m: numbers.is_siret(m[0]) and _has_near(_ENTERPRISE, m))
    match = match or _first(numbers.SIREN, said, lambda m: numbers.is_siren(m[0]) and _has_near(_ENTERPRISE, m))
    if match is None:
        return None
    place = line_place(fragment, match)
    return [context.finding("enterprise-numbers", Severity.BLOCK, place, sentence, rule)]


def contacts(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A steward looks at telephone numbers and e-mail addresses: an author's own, or somebody's in the data."""
    said = context.text(fragment)
    found = [
        ("a telephone number", numbers.PHONE.search(said)),
        ("an e-mail address", numbers.EMAIL.search(said)),
    ]
    return [
        context.finding(
            "contacts",
            Severity.REVIEW,
            line_place(fragment, match),
            f"There is what looks like {what}. A steward looks whose it is; leave it out if it is nobody's of the lab.",
        )
        for what, match in found
        if match is not None
    ] or None


def _first(sought: Sought, said: FullText, is_one: Callable[[Match], bool]) -> Match | None:
    return next((m for m in sought.finditer(said) if is_one(m)), None)


def _has_near(word: re.Pattern[str], match: Match) -> bool:
    return word.search(match.string, max(match.start() - _NEAR, 0), match.end() + _NEAR // 2) is not None


PERSONAL_NUMBERS = Check("personal-numbers", personal_numbers, claims=False)
ENTERPRISE_NUMBERS = Check("enterprise-numbers", enterprise_numbers, claims=False)
CONTACTS = Check("contacts", contacts, claims=False)
