"""Facts about numbers of people, enterprises, accounts and cards, each with its harmless twin."""

from __future__ import annotations

import random
from typing import Any

import pytest

from hub.domain.exports import Severity
from hub.gate.numbers import digits, is_card, is_iban, is_siren, is_siret, passes_luhn


def nir(body: str) -> str:
    """A made-up number with its key; ``body`` has thirteen characters."""
    number = int(body.replace("2A", "19").replace("2B", "18"))
    return f"{body}{97 - number % 97:02d}"


def luhn(body: str) -> str:
    return next(body + str(d) for d in range(10) if passes_luhn(body + str(d)))


NIRS = [
    "1840578006048", "2550875116001", "299072A004123", "199032B123456",
    "1842078006048", "2843078006048", "7855078006048", "2994299100001", "4800197412345",
]  # fmt: skip


@pytest.mark.parametrize("body", NIRS)
def test_a_social_security_number_blocks_in_every_dress(gate: Any, make: Any, body: str) -> None:
    number = nir(body)
    spaced = " ".join((number[0], number[1:3], number[3:5], number[5:7], number[7:10], number[10:13], number[13:]))
    for text in (number, spaced, spaced.replace(" ", "-")):
        for name, content in (("t.txt", f"It is {text}, said they.\n"), ("t.csv", f"a,b\n{text},40\n")):
            judged = gate.judge(name, content)
            assert "personal-numbers" in make.checks(judged), (name, text)
            assert number[5:9] not in make.sentences(judged)


@pytest.mark.parametrize("body", NIRS)
def test_its_twin_with_another_key_passes(gate: Any, make: Any, body: str) -> None:
    number = nir(body)
    twin = number[:13] + f"{(int(number[13:]) % 97) + 1:02d}"
    assert "personal-numbers" not in make.checks(gate.judge("t.txt", f"It is {twin}.\n"))


@pytest.mark.parametrize("month", ["00", "13", "19", "21", "43", "49"])
def test_months_that_nobody_has_are_no_number(gate: Any, make: Any, month: str) -> None:
    assert "personal-numbers" not in make.checks(gate.judge("t.txt", f"{nir(f'184{month}78006048')}\n"))


IBANS = ["FR76 3000 6000 0112 3456 7890 189", "DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19"]


@pytest.mark.parametrize("text", IBANS)
def test_an_account_blocks_and_its_twin_does_not(gate: Any, make: Any, text: str) -> None:
    assert "personal-numbers" in make.checks(gate.judge("t.txt", f"To {text} please.\n"))
    twin = text[:-1] + str((int(text[-1]) + 1) % 10)
    assert not is_iban(twin)
    assert "personal-numbers" not in make.checks(gate.judge("t.txt", f"To {twin} please.\n"))


def test_a_card_in_groups_or_with_a_word_or_in_company_blocks(gate: Any, make: Any) -> None:
    card = luhn("453914880343646")
    grouped = " ".join(card[at : at + 4] for at in range(0, 16, 4))
    for text in (grouped, f"carte {card}", f"{card} and {luhn('510510510510510')}"):
        assert "personal-numbers" in make.checks(gate.judge("t.txt", f"{text}\n")), text
    for text in (card, grouped[:-1] + str((int(grouped[-1]) + 1) % 10), "4000000000000000 carte"):
        assert "personal-numbers" not in make.checks(gate.judge("t.txt", f"{text}\n")), text


def test_enterprises_need_a_word_that_says_so(gate: Any, make: Any) -> None:
    siren, siret = luhn("73282932"), luhn("7328293200007")
    rule = "enterprise-numbers"
    for text in (f"SIREN {siren}", f"n° SIRET : {siret}", f"RCS Paris {siren[:3]} {siren[3:6]} {siren[6:]}"):
        assert rule in make.checks(gate.judge("t.txt", f"{text}\n")), text
    named = [f.place for f in gate.judge("t.csv", f"siren,n\n{siren},40\n").findings if f.check == rule]
    assert named == ["t.csv, column 1"]
    assert rule in make.checks(gate.judge("t.txt", "SIRET 35600000000048\n"))
    for name, content in (
        ("t.txt", f"{siren} euros\n"),
        ("t.csv", f"amount,n\n{siren},40\n"),
        ("t.txt", "SIREN 123456789\n"),
    ):
        assert rule not in make.checks(gate.judge(name, content)), content


def test_one_random_number_in_ten_passes_luhn_and_a_table_of_them_passes_the_gate(gate: Any, make: Any) -> None:
    draw = random.Random(5)
    numbers = [draw.randrange(10**8, 10**9) for _ in range(400)]
    assert 20 <= sum(is_siren(str(n)) for n in numbers) <= 60
    table = "area,amount\n" + "".join(f"z{n},{number}\n" for n, number in enumerate(numbers))
    judged = gate.judge("t.csv", table)
    assert not make.checks(judged) & {"enterprise-numbers", "personal-numbers"}
    assert "contacts" not in make.checks(judged, Severity.REVIEW)


@pytest.mark.parametrize(
    "text",
    [
        "06 12 34 56 78",
        "+33 6 12 34 56 78",
        "0033 1.45.67.89.10",
        "0612345678",
        "+44 20 7946 0958",
        "a.b+c@mail.example.fr",
    ],
)
def test_contacts_are_looked_at(gate: Any, make: Any, text: str) -> None:
    assert "contacts" in make.checks(gate.judge("t.txt", f"Reach {text} soon.\n"), Severity.REVIEW)


@pytest.mark.parametrize(
    "text", ["12 34 56 78 90", "0,12 0,34 0,56 0,78 0,90", "1234567890", "user at mail", "@property", "R@5"]
)
def test_what_resembles_them_is_not(gate: Any, make: Any, text: str) -> None:
    assert "contacts" not in make.checks(gate.judge("t.txt", f"Saw {text} there.\n"), Severity.REVIEW)


def test_shapes_without_their_check_digits_are_nothing() -> None:
    assert not is_siret("12345678901234")
    assert not is_siret("0" * 14)
    assert not is_siren("0" * 9)
    assert not is_card("1" * 16)
    assert digits("12 34-5") == "12345"


def test_an_account_has_the_length_of_its_country() -> None:
    longer = [f"DE{key:02d}3704004405320130001" for key in range(97)]
    unknown = [text.replace("DE", "ZZ") for text in longer]
    assert [any(map(is_iban, texts)) for texts in (longer, unknown)] == [False, True]
