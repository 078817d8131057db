"""The gate's whole answer to every case of the corpus: ``python -m corpus.answers`` prints it, a line for each case.

It is what the checking container writes, findings, digests and the registry's tables with it.
"""

from __future__ import annotations

import sys

from corpus.case import Case
from corpus.catalogue import cases
from corpus.judge import judge, policy_of, read
from hub.gate.exchange import CheckResult
from hub.gate.version import ENGINE
from hub.policy.model import policy_digest
from hub.sandbox.check import checked


def answer(case: Case) -> str:
    """The answer to a case, as JSON."""
    files, earlier = read(case)
    said = judge(case, files, earlier)
    result = CheckResult(
        engine=ENGINE,
        policy_digest=policy_digest(policy_of(case)),
        verdict=said.verdict,
        files=tuple(checked(file, 0, judged) for (file, _), judged in zip(files, said.files, strict=True)),
    )
    return result.model_dump_json()


if __name__ == "__main__":
    for each in cases():
        sys.stdout.write(f"{each.name} {answer(each)}\n")
