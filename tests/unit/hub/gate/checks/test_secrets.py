"""Facts about keys, tokens, paths and hidden payloads."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest

from hub.domain.exports import Finding, Severity
from hub.domain.table_context import TableContext
from hub.gate.checks.secrets import _is_noise, encoded_payload, secrets
from hub.gate.context import Context
from hub.gate.fragments import LONG_PAYLOAD, BlobFragment, Fragment, PayloadFragment, TextFragment
from hub.gate.kinds import Kind

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----"
BAD = {
    "key": (f"x\n{KEY}\nabc", "secrets", "line 2"),
    "web token": ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefgh", "secrets", "line 1"),
    "access key": ("id AKIA" + "ABCDEFGH12345678", "secrets", "line 1"),
    "forge token": ("a\nb\nghp_" + "a1" * 18, "secrets", "line 3"),
    "password": ('password = "tr0ub4dor-and-3"', "secrets", "line 1"),
    "lab token": ("JUPYTERHUB_API_TOKEN=0123456789abcdef0123", "secrets", "line 1"),
    "home": ("reading /home/scientist/notes.txt", "paths", "line 1"),
    "system": ("see /etc/passwd", "paths", "line 1"),
    "windows": (r"C:\Users\someone", "paths", "line 1"),
}
GOOD = (
    "df = pl.read_parquet('/data/survey/survey.parquet'); df.write_csv('/outputs/t.csv')",
    "token = tokenizer.encode(text)",
    "a and/or b, 1/2, http://example.org/home/page is a page",
    "password = input('Password: ')",
    "see /tmp/x and /project/y",
)


@pytest.mark.parametrize("case", BAD)
def test_it_blocks_and_names_the_line(gate: Any, make: Any, case: str) -> None:
    text, check, line = BAD[case]
    judged = gate.judge("t.txt", text)
    (found,) = [f for f in judged.findings if f.check == check]
    assert found.severity == "block"
    assert found.place.endswith(line)
    assert text.split()[-1] not in make.sentences(judged)


@pytest.mark.parametrize("text", GOOD)
def test_harmless_text_passes(gate: Any, make: Any, text: str) -> None:
    assert not make.checks(gate.judge("t.txt", text)) & {"secrets", "paths"}


@pytest.mark.parametrize("name", ["t.csv", "t.json", "n.ipynb"])
def test_it_blocks_in_every_kind(gate: Any, make: Any, name: str) -> None:
    content: Any = {"t.csv": f"a,b\n{KEY},1\n", "t.json": f'{{"a": "{KEY}"}}', "n.ipynb": None}[name]
    assert "secrets" in make.checks(gate.judge(name, content or make.notebook(("x", [make.shown(plain=KEY)]))))


def test_a_long_run_of_encoded_bytes_blocks(gate: Any, make: Any) -> None:
    payload = base64.b64encode(random.Random(1).randbytes(300)).decode()
    wrapped = "\n".join(payload[at : at + 76] for at in range(0, len(payload), 76))
    assert "encoded-payload" in make.checks(gate.judge("t.txt", f"see {payload}"))
    assert "encoded-payload" in make.checks(gate.judge("t.txt", wrapped))
    assert "encoded-payload" not in make.checks(gate.judge("t.txt", f"digest {payload[:44]}"))
    assert "encoded-payload" not in make.checks(gate.judge("t.txt", "a word after another " * 30))


def test_long_noise_of_every_sign_blocks_and_long_code_does_not(gate: Any, make: Any) -> None:
    noise = base64.b85encode(random.Random(2).randbytes(400)).decode()
    assert "encoded-payload" in make.checks(gate.judge("t.txt", f"see {noise}"))
    line = "{'a':[1,2,3],'b':(4,5),'c':x[0:3],'d':y['e']==z}," * 8
    assert "encoded-payload" not in make.checks(gate.judge("t.txt", line))
    assert "encoded-payload" not in make.checks(gate.judge("t.txt", "1.25,3.5,-4.75,1e-05;" * 20))


def test_many_short_runs_that_say_nothing_are_read(gate: Any, make: Any) -> None:
    draw = random.Random(3)
    runs = [base64.b64encode(draw.randbytes(24)).decode() for _ in range(12)]
    assert "encoded-payload" in make.checks(gate.judge("t.txt", " . ".join(runs)), Severity.REVIEW)
    assert "encoded-payload" not in make.checks(gate.judge("t.txt", " . ".join(runs[:4])), Severity.REVIEW)
    names = "HistGradientBoostingRegressor RandomForestClassifier2 minimum_units_of_each_cell getElementsByTagNameNS "
    assert "encoded-payload" not in make.checks(gate.judge("t.txt", names * 5), Severity.REVIEW)


def around(gate: Any) -> Context:
    return Context("t.txt", Kind.TEXT, TableContext(), gate.policy, ())


def of_text(gate: Any, text: str) -> list[tuple[Severity, str]]:
    """What is said of encoded characters in a text."""
    found = encoded_payload(TextFragment(place="!p", text=text), around(gate)) or []
    assert {f.check for f in found} <= {"encoded-payload"}
    return [(f.severity, f.place) for f in found]


BLOCKED, READ = [(Severity.BLOCK, "t.txt!p, line 2")], [(Severity.REVIEW, "t.txt!p, line 2")]


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("a" * 200, BLOCKED),
        ("a" * 199, []),
        ("-_/+" * 50, BLOCKED),
        (("a" * 60 + "\n") * 4, BLOCKED),
        (("a" * 80 + "\r\n") * 4, BLOCKED),
        (("a" * 60 + "\n") * 3, []),
        (("a" * 59 + "\n") * 9, []),
    ],
)
def test_a_run_is_long_from_two_hundred_characters_or_four_lines(
    gate: Any, run: str, told: list[tuple[Severity, str]]
) -> None:
    assert of_text(gate, f"see\n{run}") == told


@pytest.mark.parametrize(
    ("signs", "length", "told"),
    [
        ("!#$%&()*+;<=", 200, BLOCKED),
        (">?@\\^_`|~!#$", 200, BLOCKED),
        ("!#$%&()*+;<", 200, []),
        ("!#$%&()*+;<=", 199, []),
    ],
)
def test_noise_has_twelve_signs_of_the_keyboard(
    gate: Any, signs: str, length: int, told: list[tuple[Severity, str]]
) -> None:
    plain = "{'a':'b'}, " * 25
    assert of_text(gate, f"{plain.replace(' ', '')}\n{(signs * 20)[:length]}") == told


@pytest.mark.parametrize(
    ("word", "count", "told"),
    [
        ("aB1" * 8, -(-LONG_PAYLOAD // 24), READ),
        ("aB1" * 8, -(-LONG_PAYLOAD // 24) - 1, []),
        ("aB1" * 7, LONG_PAYLOAD, []),
        ("ab1" * 8, LONG_PAYLOAD, []),
        ("aaBB11" * 3 + "aaaBBB", LONG_PAYLOAD // 8, []),
        ("aaBB11" * 4, LONG_PAYLOAD // 8, READ),
    ],
)
def test_short_runs_say_nothing_where_their_kinds_of_characters_change_often(
    gate: Any, word: str, count: int, told: list[tuple[Severity, str]]
) -> None:
    assert of_text(gate, "runs\n" + " . ".join([word] * count)) == told


@pytest.mark.parametrize(
    ("characters", "packed", "severity"),
    [
        (LONG_PAYLOAD, False, Severity.BLOCK),
        (LONG_PAYLOAD, True, Severity.BLOCK),
        (LONG_PAYLOAD - 1, True, Severity.REVIEW),
        (LONG_PAYLOAD - 1, False, None),
    ],
)
def test_what_was_decoded_blocks_where_it_was_long_and_is_read_where_it_was_packed(
    gate: Any, characters: int, packed: bool, severity: Severity | None
) -> None:
    run = PayloadFragment(place="!base64[1]", code="base64", characters=characters, packed=packed)
    found = encoded_payload(run, around(gate))
    assert found is not None, "it is claimed"
    assert [(f.check, f.severity, f.place) for f in found] == (
        [("encoded-payload", severity, "t.txt!base64[1]")] if severity else []
    )
    assert ("long run" in "".join(f.sentence for f in found)) is (severity is Severity.BLOCK)


def kept(gate: Any, fragment: Fragment) -> list[Finding] | None:
    return secrets(fragment, around(gate))


def test_each_secret_is_said_by_its_name_at_its_line(gate: Any) -> None:
    """A private key and a password beside a path are three things to take out."""
    found = kept(gate, TextFragment(place="!p", text=f"x\n{KEY}\napi_key: abcdefghijk1\n/etc/passwd\n")) or []
    assert [(f.check, f.severity, f.place) for f in found] == [
        ("secrets", Severity.BLOCK, "t.txt!p, line 2"),
        ("secrets", Severity.BLOCK, "t.txt!p, line 3"),
        ("paths", Severity.BLOCK, "t.txt!p, line 4"),
    ]
    assert ["a private key" in f.sentence for f in found] == [True, False, False]
    assert ["a token or password" in f.sentence for f in found] == [False, True, False]
    assert kept(gate, TextFragment(text="nothing")) is None
    assert kept(gate, BlobFragment(media="x")) is None


@pytest.mark.parametrize(
    "name", ["token", "PASSWORD", "passwd", "mot_de_passe", "motdepasse", "secret", "api_key", "apikey"]
)
@pytest.mark.parametrize("written", ["{} = '{}'", '"{}": "{}"', "my_{}={}", "{}_2 : {}"])
def test_a_name_with_a_value_of_twelve_characters_is_a_password(gate: Any, name: str, written: str) -> None:
    assert kept(gate, TextFragment(text=written.format(name, "abcdefghijk1")))
    assert not kept(gate, TextFragment(text=written.format(name, "abcdefghij1")))
    assert not kept(gate, TextFragment(text=written.format(name, "abcdefghijkl")))


@pytest.mark.parametrize(
    "token",
    [
        "gho_" + "a" * 30, "ghu_" + "a" * 30, "ghs_" + "a" * 30, "ghr_" + "a" * 30, "glpat-" + "a" * 20,
        "xoxb-" + "a" * 10, "xoxa-" + "a" * 10, "xoxp-" + "a" * 10, "ASIA" + "A" * 16,
    ],
)  # fmt: skip
def test_a_token_of_each_kind_is_one_at_its_full_length(gate: Any, token: str) -> None:
    assert kept(gate, TextFragment(text=f"see {token} there"))
    assert not kept(gate, TextFragment(text=f"see {token[:-1]} there"))


@pytest.mark.parametrize(
    "folder", ["home", "root", "etc", "var", "srv", "mnt", "media", "run", "proc", "sys", "boot", "Users"]
)
def test_a_folder_of_a_machine_is_a_path(gate: Any, folder: str) -> None:
    assert [f.check for f in kept(gate, TextFragment(text=f"in /{folder}/x")) or []] == ["paths"]
    assert not kept(gate, TextFragment(text=f"in /data/{folder}/x"))


def test_base85_is_told_by_its_many_signs_and_not_by_letters() -> None:
    signs = "!#$%&()*+;<"
    assert not _is_noise(f"XYZxyz{signs}" * 20)
    assert _is_noise(f"XYZxyz{signs}=" * 20)


def test_a_payload_is_found_in_a_long_text_as_in_a_short_one(gate: Any, make: Any) -> None:
    run = "".join(random.Random(4).choices("ABCDEFGHabcdefgh01234567", k=230))
    for words in ("", "some words of a text " * 200):
        judged = gate.without_data().judge("t.txt", f"{words}{run} and more\n")
        assert any(f.check == "encoded-payload" and f.severity is Severity.BLOCK for f in judged.findings)
