"""Numbers of people, enterprises, accounts and cards: what they look like, and whether their check digits agree.

Sources: Insee, numéro d'inscription au répertoire (NIR) and SIRENE; ISO 13616 (IBAN); ISO/IEC 7812 (cards).
"""

from __future__ import annotations

import re

from hub.gate.full_text import Sought


def _standing_alone(body: str, before: str = r"[\w.,-]") -> Sought:
    """A number that no character of a longer one stands before or after."""
    return Sought(re.compile(rf"(?<!{before})(?:{body})(?!\w)"), body)


NIR = _standing_alone(
    r"([1-478])[ .-]?(\d{2})[ .-]?(0[1-9]|1[0-2]|20|3\d|4[0-2]|[5-9]\d)[ .-]?(\d{2}|2[ABab])[ .-]?(\d{3})"
    r"[ .-]?(\d{3})[ .-]?(\d{2})"
)
"""Sex, year, month (also the special ones 20, 30 to 42 and 50 to 99), department (also 2A and 2B), and so on."""
SIREN = _standing_alone(r"(?:\d[ .-]?){8}\d")
SIRET = _standing_alone(r"(?:\d[ .-]?){13}\d")
IBAN = _standing_alone(r"([A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)", before=r"\w")
CARD = Sought(
    re.compile(r"(?<![\w.,-])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([ -])\d{6}\2\d{5}|\d{15,16})(?![\w])"),
    r"\d{4}[ -]\d{4}[ -]\d{4}|3[47]\d{2}[ -]\d{6}|\d{15}",
)
PHONE = Sought(
    re.compile(
        r"(?<![\w.,-])(?:(?:\+|00)33[ .-]?(?:\(0\)[ .-]?)?[1-9](?:[ .-]?\d{2}){4}|0[1-9](?:[ .-]\d{2}){4}|0[67]\d{8}"
        r"|\+(?!33)[1-9]\d{0,2}(?:[ .-]\d{2,4}){3,4})(?![\w])"
    ),
    r"(?:\+|00)33[ .-]?(?:\(0\)[ .-]?)?[1-9](?:[ .-]?\d{2}){4}|0[1-9](?:[ .-]\d{2}){4}|0[67]\d{8}"
    r"|\+[1-9]\d{0,2}(?:[ .-]\d{2,4}){3}",
)
EMAIL = Sought(
    re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}(?![\w])"), "@[A-Za-z0-9-]"
)
_CARD_STARTS = re.compile(r"(?:4\d{15}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(?:011|5\d\d)\d{12})")
_LA_POSTE = "356000000"
_IBAN_LENGTHS = {
    "AT": 20, "BE": 16, "CH": 21, "DE": 22, "DK": 18, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "IE": 22,
    "IT": 27, "LU": 20, "MC": 27, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24,
}  # fmt: skip


def digits(text: str) -> str:
    """The digits of a text alone."""
    return re.sub(r"\D", "", text)


def is_nir(found: re.Match[str]) -> bool:
    """The key is 97 less the remainder of the number by 97; Corsica's letters count as 19 and 18."""
    department = found[4].upper().replace("2A", "19").replace("2B", "18")
    number = int("".join((found[1], found[2], found[3], department, found[5], found[6])))
    return 97 - number % 97 == int(found[7])


def passes_luhn(number: str) -> bool:
    """Every second digit from the right is doubled; the sum of all digits is a multiple of ten."""
    total = 0
    for at, character in enumerate(reversed(number)):
        doubled = int(character) * (2 if at % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_siren(text: str) -> bool:
    """Nine digits that pass Luhn's rule; one in ten does by chance, so that context has to speak for it."""
    number = digits(text)
    return len(number) == 9 and number != "0" * 9 and passes_luhn(number)


def is_siret(text: str) -> bool:
    """Fourteen digits that pass Luhn's rule; those of La Poste have a sum that five divides."""
    number = digits(text)
    if len(number) != 14 or number == "0" * 14:
        return False
    return passes_luhn(number) or (number.startswith(_LA_POSTE) and sum(map(int, number)) % 5 == 0)


def is_iban(text: str) -> bool:
    """The first four characters go last, letters count from ten; the remainder by 97 is one."""
    plain = text.replace(" ", "")
    wanted = _IBAN_LENGTHS.get(plain[:2])
    if not 15 <= len(plain) <= 34 or (wanted is not None and len(plain) != wanted):
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def is_card(text: str) -> bool:
    """The start and length of a known kind of card, and Luhn's rule."""
    number = digits(text)
    return _CARD_STARTS.fullmatch(number) is not None and len(set(number)) > 2 and passes_luhn(number)
