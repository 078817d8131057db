"""Signed texts: JSON that the lab signs, and that anybody verifies with its public key alone.

Invariants:

* the signature covers the canonical JSON of the whole text without its signature, its format among it, so that no text
  is taken for one of another kind;
* a text has one form, byte for byte: what reads as the same but is written otherwise is not trusted.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from hub.domain.errors import InvalidError

Sign = Callable[[bytes], bytes]
IsSignature = Callable[[bytes, bytes], bool]
"""Whether these bytes are the signature of that message."""


def signed_text(body: dict[str, object], sign: Sign) -> str:
    """Return the one form in which a text is written, with its signature."""
    return one_form(body | {"signature": base64.b64encode(sign(_signed_bytes(body))).decode()})


def verified_body(text: str, form: str, is_signature: IsSignature, unlike: InvalidError, forged: InvalidError) -> Any:
    """Return what a text of the format ``form`` says, once its signature holds.

    Raises ``unlike`` where it is no such text, and ``forged`` where it was changed or another key signed it.
    """
    try:
        body = json.loads(text)
        signature = base64.b64decode(body["signature"], validate=True)
        written, message = one_form(body), _signed_bytes(body)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise unlike from None
    if body.get("format") != form:
        raise unlike
    # A key that stands twice would be read as one thing by people and as another here, and so would spare signs.
    exact = written == text and base64.b64encode(signature).decode() == body["signature"]
    if not exact or not is_signature(signature, message):
        raise forged
    return body


def _signed_bytes(body: dict[str, object]) -> bytes:
    unsigned = {key: value for key, value in body.items() if key != "signature"}
    return json.dumps(unsigned, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def one_form(body: dict[str, object]) -> str:
    """Return a text as it is written, and in no other way."""
    return json.dumps(body, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
