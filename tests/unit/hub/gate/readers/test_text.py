"""Facts about texts: what is none is refused, with the row that it was found in."""

from __future__ import annotations

import pytest

from hub.gate.readers.text import decode
from hub.gate.refusals import ReadRefusedError, RefusalReason


@pytest.mark.parametrize(
    ("content", "reason", "row"),
    [
        (b"\xff", RefusalReason.NOT_UTF8, 1),
        (b"a\nb\n\xc3", RefusalReason.NOT_UTF8, 3),
        (b"\x01", RefusalReason.CONTROL_CHARACTERS, 1),
        (b"\n\x7f", RefusalReason.CONTROL_CHARACTERS, 2),
        (b"\na\n\x00\n\x00", RefusalReason.CONTROL_CHARACTERS, 3),
    ],
)
def test_a_refusal_names_the_row(content: bytes, reason: RefusalReason, row: int) -> None:
    with pytest.raises(ReadRefusedError) as caught:
        decode(content)
    assert (caught.value.reason, caught.value.row) == (reason, row)


def test_the_mark_of_the_order_of_bytes_is_no_text() -> None:
    assert decode(b"\xef\xbb\xbfa\x1b[1m\n") == "a\x1b[1m\n"
