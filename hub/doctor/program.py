"""One Python program of many attempts, each in a process of its own with its own time, and what it says.

Invariants:

* an attempt that crashes, hangs or is killed takes no other with it, and its silence is said;
* what does not say exactly which ways were tried and which of them worked says nothing.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from hub.doctor.inside.trying import tried

SAID = "said:"
MOST_SHOWN = 8
LOOP = """
import json, os, select, signal, sys, time

def attempt(name, function, arguments, seconds):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            text = json.dumps(function(**arguments))
        except BaseException as fault:
            text = json.dumps({"fault": f"{type(fault).__name__}: {fault}"})
        os.write(writing, text.encode())
        os._exit(0)
    os.close(writing)
    text, end = b"", time.monotonic() + seconds
    while select.select([reading], [], [], max(0, end - time.monotonic()))[0]:
        piece = os.read(reading, 65536)
        if not piece:
            break
        text += piece
    else:
        text = b'{"fault": "too slow"}'
    os.close(reading)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("said:" + json.dumps([name, json.loads(text or b'{"fault": "killed"}')]), flush=True)

"""


class Said(BaseModel):
    """What an attempt says: the ways that it tried, and those that worked."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    tried: list[str]
    done: list[str]


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt of a program: a function without outer names but ``tried``, its arguments, and its seconds."""

    name: str
    function: Callable[..., Any]
    arguments: Mapping[str, object]
    seconds: float = 10


def program_of(calls: Iterable[Call]) -> str:
    """Return the program's source."""
    listed = list(calls)
    sources = {function.__name__: inspect.getsource(function) for function in (tried, *(c.function for c in listed))}
    lines = [
        f"attempt({c.name!r}, {c.function.__name__}, {dict(c.arguments)!r}, {c.seconds!r})" for c in listed
    ]  # fmt: skip
    return "\n".join(["from __future__ import annotations\nfrom typing import Any", LOOP, *sources.values(), *lines])


def heard(text: str) -> dict[str, Said | str]:
    """Return what each attempt said, or in a word why it said nothing that can be believed."""
    found: dict[str, Said | str] = {}
    for line in text.splitlines():
        if line.startswith(SAID):
            try:
                name, said = json.loads(line.removeprefix(SAID))
                found[str(name)] = said["fault"] if "fault" in said else Said.model_validate(said)
            except (ValueError, TypeError, ValidationError):
                continue
    return found


def in_vain(said: Said | str | None) -> bool:
    """Say whether something was tried and nothing of it worked."""
    return isinstance(said, Said) and bool(said.tried) and not said.done


def shown(said: Said | str | None) -> str:
    """Say in a sentence what was seen."""
    if said is None:
        return "The attempt ended without a word, which counts as a promise that does not hold."
    if isinstance(said, str):
        fault = said[:200].replace("\n", " ")
        return f"The attempt itself failed ({fault}), which counts as a promise that does not hold."
    if not said.tried:
        return "Nothing was tried, which counts as a promise that does not hold."
    count = len(said.tried)
    if not said.done:
        return f"None of {count} ways worked."
    names = listed(said.done)
    return f"It worked: {names}."


def listed(names: list[str]) -> str:
    """Join names for a sentence, a few of them."""
    more = f" (+{len(names) - MOST_SHOWN})" if len(names) > MOST_SHOWN else ""
    return ", ".join(names[:MOST_SHOWN])[:240] + more
