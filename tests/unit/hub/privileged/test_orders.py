"""Orders are read strictly: what can be read in two ways is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.errors import InvalidError
from hub.privileged.orders import MOST_BYTES, parse_order

REFUSED = [
    b"",
    b"[]",
    b"null",
    b'"x"',
    b"{",
    b'{"a": 1} x',
    b'{"a": 1, "a": 2}',
    b'{"Privileged": false, "privileged": true}',
    b'{"HostConfig": {"Binds": [], "Binds": ["/:/x"]}}',
    rb'{"\u0050rivileged": true}',
    rb'{"Host\/Config": {}}',
    b'{"a": NaN}',
    b'{"a": Infinity}',
    b'{"a": 01}',
    b"{'a': 1}",
    b'{"a": 1,}',
    b'\xef\xbb\xbf{"a": 1}',
    b'{"a": "\xff"}',
    '{"a": 1}'.encode("utf-16"),
    b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"a": ' + b"9" * 5000 + b"}",
    b'{"a": "' + b"x" * MOST_BYTES + b'"}',
]


@pytest.mark.parametrize("body", REFUSED)
def test_what_can_be_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidError):
        parse_order(body)


def test_a_value_may_hold_what_a_key_may_not() -> None:
    order = {"Cmd": ['"a": \\u0050', 'x": {"y":', "\n"], "a": {"b": 'c":'}}
    assert parse_order(json.dumps(order).encode()) == order


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcde"), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abcdeAB"), VALUES, max_size=4), st.booleans())
def test_plain_json_is_read_as_it_is(order: dict[str, object], ascii_only: bool) -> None:
    text = json.dumps(order, ensure_ascii=ascii_only)
    if len({key.casefold() for key in order}) < len(order):
        with pytest.raises(InvalidError):
            parse_order(text.encode())
    else:
        assert parse_order(text.encode()) == order
