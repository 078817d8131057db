"""The table of calls: what is in it is understood, and everything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.errors import LabError
from hub.privileged.calls import Act, parse_call

ID = "0123456789abcdef" * 4
NAME = "lab-work-run-abc"

PASSING = [
    ("GET", "/_ping", Act.PING, ""),
    ("GET", "/version", Act.VERSION, ""),
    ("GET", "/v1.41/images/datalab/workspace:current/json", Act.IMAGE, "datalab/workspace:current"),
    ("GET", f"/v1.41/images/sha256:{ID}/json", Act.IMAGE, f"sha256:{ID}"),
    ("GET", "/v1.41/containers/json?limit=-1&all=1&size=0&trunc_cmd=0&filters=%7B%7D", Act.LIST, ""),
    ("POST", f"/v1.41/containers/create?name={NAME}", Act.CREATE, ""),
    ("GET", f"/v1.41/containers/{NAME}/json", Act.INSPECT, NAME),
    ("POST", f"/v1.41/containers/{ID}/start", Act.START, ID),
    ("POST", f"/containers/{NAME}/stop?t=5", Act.STOP, NAME),
    ("POST", f"/containers/{NAME}/kill", Act.KILL, NAME),
    ("POST", f"/containers/{NAME}/wait?condition=not-running", Act.WAIT, NAME),
    ("DELETE", f"/v1.41/containers/{NAME}?v=True&link=False&force=True", Act.REMOVE, NAME),
]


@pytest.mark.parametrize(("method", "target", "act", "subject"), PASSING)
def test_the_labs_calls_are_understood(method: str, target: str, act: Act, subject: str) -> None:
    call = parse_call(method, target, {})
    assert (call.act, call.subject) == (act, subject)


REFUSED = [
    ("GET", f"/containers/{ID[:12]}/json"),
    ("GET", f"/containers/{NAME}/logs"),
    ("POST", f"/containers/{NAME}/exec"),
    ("POST", f"/containers/{NAME}/attach"),
    ("PUT", f"/containers/{NAME}/archive?path=/"),
    ("POST", f"/commit?container={NAME}"),
    ("POST", "/build"),
    ("POST", "/images/create?fromImage=x"),
    ("DELETE", "/images/datalab/workspace:current"),
    ("POST", "/networks/create"),
    ("GET", "/volumes"),
    ("GET", "/plugins"),
    ("POST", "/swarm/init"),
    ("GET", "/events"),
    ("GET", "/info"),
    ("POST", "/session"),
    ("POST", "/grpc"),
    ("GET", "/"),
    ("GET", ""),
    ("GET", "http://engine/_ping"),
    ("GET", f"/V1.41/containers/{NAME}/json"),
    ("GET", f"/v1.41//containers/{NAME}/json"),
    ("GET", f"//v1.41/containers/{NAME}/json"),
    ("GET", f"/v1.41/v1.41/containers/{NAME}/json"),
    ("GET", f"/v1.4.1/containers/{NAME}/json"),
    ("GET", f"/containers%2f{NAME}%2fjson"),
    ("GET", f"/containers/{NAME}%2fjson"),
    ("GET", f"/containers/../containers/{NAME}/json"),
    ("GET", "/images/../containers/json/json"),
    ("GET", f"/containers/{NAME}/json/"),
    ("GET", f"/containers/{NAME}/json#x"),
    ("GET", f"/containers/{NAME}/json\n"),
    ("get", f"/containers/{NAME}/json"),
    ("GET", f"/containers/{NAME}/start"),
    ("POST", f"/containers/{NAME}/json"),
    ("POST", f"/containers/{NAME}/rename?name=x"),
    ("POST", f"/containers/{NAME}/update"),
    ("POST", "/containers/prune"),
    ("POST", f"/containers/create?name={NAME}&name={NAME}"),
    ("POST", f"/containers/create?name={NAME}&platform=linux"),
    ("POST", f"/containers/create?Name={NAME}"),
    ("POST", f"/containers/create?name={NAME};x=y"),
    ("POST", "/containers/create?name=../x"),
    ("POST", f"/containers/{NAME}/start?detachKeys=x"),
    ("POST", f"/containers/{NAME}/kill?signal=SIGUSR1"),
    ("DELETE", f"/containers/{NAME}?link=1"),
    ("GET", f"/containers/{NAME}/json?" + "x" * 5000),
]


@pytest.mark.parametrize(("method", "target"), REFUSED)
def test_every_other_call_is_refused(method: str, target: str) -> None:
    with pytest.raises(LabError):
        parse_call(method, target, {})


@pytest.mark.parametrize("header", ["upgrade", "transfer-encoding", "expect", "te", "trailer", "http2-settings"])
def test_no_protocol_is_changed_and_no_body_of_unknown_length_taken(header: str) -> None:
    with pytest.raises(LabError):
        parse_call("GET", "/_ping", {header: "x"})


@given(st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"]), st.text(max_size=80))
def test_no_text_breaks_it(method: str, target: str) -> None:
    with pytest.raises(LabError):
        parse_call(method, f"/containers/{target}/exec", {})
