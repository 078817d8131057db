"""What the lab asks of a provider's ID token; whatever is missing or of another form refuses."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawner_config.hub_traits.id_token import (
    NO_SECOND_FACTOR,
    OTHER_LOGIN,
    Asked,
    LoginRefusedError,
    check_id_token,
    nonce_of,
    subject,
)

STATE, ISSUER, CLIENT, KEY = "state", "https://login.example.org", "datalab", "of nobody" * 8
ANY = Asked(CLIENT, ISSUER)
TWO = Asked(CLIENT, ISSUER, "amr", frozenset({"mfa", "hwk"}))
MISSING: Any = object()


def token(**changed: object) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "someone", "aud": CLIENT, "exp": now + 60, "iat": now, "nonce": nonce_of(STATE)}
    told = {name: value for name, value in (claims | changed).items() if value is not MISSING}
    return jwt.encode(told, KEY, algorithm="HS256")


def refusal(given_token: object, asked: Asked = ANY, state: str = STATE) -> str:
    with pytest.raises(LoginRefusedError) as refused:
        check_id_token(given_token, nonce_of(state), asked)
    return str(refused.value)


def test_the_token_of_this_login_passes() -> None:
    check_id_token(token(), nonce_of(STATE), ANY)
    check_id_token(token(aud=["other", CLIENT]), nonce_of(STATE), ANY)
    assert subject(token(), ANY) == "someone"


def test_a_provider_whose_name_is_not_known_may_have_any() -> None:
    check_id_token(token(iss="https://elsewhere.example"), nonce_of(STATE), Asked(CLIENT))


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": nonce_of("another login")},
        {"nonce": MISSING},
        {"nonce": ""},
        {"aud": "another client"},
        {"aud": MISSING},
        {"iss": "https://elsewhere.example"},
        {"iss": f"{ISSUER}/"},
        {"iss": MISSING},
        {"exp": int(time.time()) - 60},
        {"exp": MISSING},
        {"iat": MISSING},
        {"sub": MISSING},
    ],
)
def test_a_token_of_another_login_provider_client_or_time_is_refused(changed: dict[str, object]) -> None:
    assert refusal(token(**changed)) == OTHER_LOGIN


@pytest.mark.parametrize("given_token", [None, "", "a.b.c", b"\xff", 7, "é", token()[:-4] + "..."])
def test_what_is_no_token_is_refused(given_token: object) -> None:
    assert refusal(given_token) == OTHER_LOGIN


@pytest.mark.parametrize("said", [["pwd", "mfa"], ["hwk"], "mfa"])
def test_a_second_factor_that_is_told_passes(said: object) -> None:
    check_id_token(token(amr=said), nonce_of(STATE), TWO)


@pytest.mark.parametrize(
    "said", [MISSING, None, [], ["pwd"], "pwd", "mfa hwk", ["MFA"], [["mfa"]], {"mfa": True}, True]
)
def test_without_a_second_factor_nobody_comes_in(said: object) -> None:
    assert refusal(token(amr=said), TWO) == NO_SECOND_FACTOR


def test_another_claim_tells_nothing() -> None:
    assert refusal(token(acr=["mfa"]), TWO) == NO_SECOND_FACTOR
    check_id_token(token(acr="eidas2"), nonce_of(STATE), Asked(CLIENT, ISSUER, "acr", frozenset({"eidas2", "eidas3"})))


@given(st.text(), st.text())
def test_two_logins_share_no_nonce(one: str, other: str) -> None:
    assert (nonce_of(one) == nonce_of(other)) == (one == other)
