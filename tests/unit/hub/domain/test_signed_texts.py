"""Facts about signed texts: one form, one signature, one kind."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable

import pytest

from hub.domain.errors import InvalidError
from hub.domain.signed_texts import one_form, signed_text, verified_body

UNLIKE, FORGED = (InvalidError(word, reason=word) for word in ("unlike", "forged"))
BODY: dict[str, object] = {"format": "words/1", "words": ["é", 2], "deep": {"b": 1, "a": 2}}


def sign(message: bytes, key: bytes = b"key") -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def is_signature(signature: bytes, message: bytes) -> bool:
    return hmac.compare_digest(signature, sign(message))


def reason(text: str, form: str = "words/1") -> str:
    with pytest.raises(InvalidError) as said:
        verified_body(text, form, is_signature, UNLIKE, FORGED)
    return said.value.reason


def test_what_was_signed_is_read_and_written_in_one_form_whatever_its_order() -> None:
    text = signed_text(BODY, sign)
    body = verified_body(text, "words/1", is_signature, UNLIKE, FORGED)
    assert {name: value for name, value in body.items() if name != "signature"} == BODY
    assert signed_text(dict(reversed(BODY.items())), sign) == text
    assert signed_text(body, sign) == text


def test_a_text_is_of_one_kind() -> None:
    assert reason(signed_text(BODY, sign), "other/1") == "unlike"
    renamed = json.loads(signed_text(BODY, sign)) | {"format": "other/1"}
    assert reason(one_form(renamed), "other/1") == "forged"


def other_last_sign(text: str) -> str:
    """The last sign of the signature in base64 has two spare bits, which say nothing of its bytes."""
    before, equals, after = text.partition('=",\n')
    return before[:-1] + chr(ord(before[-1]) + 1) + equals + after


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("é", "\\u00e9"),
        lambda text: text.replace("{\n", '{\n  "format": "other",\n', 1),
        lambda text: json.dumps(json.loads(text), indent=4, sort_keys=True, ensure_ascii=False),
        lambda text: json.dumps(json.loads(text) | {"more": 1}, indent=2, sort_keys=True, ensure_ascii=False) + "\n",
        lambda text: text.replace("2", "2.0", 1),
        other_last_sign,
        lambda _: signed_text(BODY, lambda message: sign(message, b"other")),
    ],
)
def test_what_is_written_otherwise_is_not_trusted(write: Callable[[str], str]) -> None:
    text = signed_text(BODY, sign)
    assert write(text) != text
    assert reason(write(text)) == "forged"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "1",
        '"signature"',
        "{}",
        '{"signature": 1}',
        '{"signature": "é"}',
        '{"signature": "A"}',
        '{"signature": ""}',
        "[" * 100_000,
        '{"signature": "", "format": "words/1", "words": "\\ud800"}',
    ],
)
def test_what_is_no_such_text_is_said_to_be_none(text: str) -> None:
    assert reason(text) == "unlike"


def test_a_text_is_refused_however_deep_it_goes() -> None:
    for depth in range(900, 1001, 20):
        text = '{"format": "words/1", "signature": "", "deep": ' + "[" * depth + "]" * depth + "}"
        assert reason(text) in ("unlike", "forged")
