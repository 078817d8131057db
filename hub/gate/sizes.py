"""How much may leave at once: the size of a file, of a request, and of what a project releases in a month."""

from __future__ import annotations

from hub.domain.exports import Finding, Severity
from hub.gate.canonical import Canonical
from hub.gate.context import Context
from hub.gate.fragments import FileFragments
from hub.policy.model import Policy


def size(file: FileFragments, context: Context) -> list[Finding]:
    """A file that is larger than the policy's."""
    limit = context.policy.limits.file_bytes
    if file.size <= limit:
        return []
    sentence = f"The file has more than {limit} bytes. Send a summary, or split it."
    return [context.finding("volume", Severity.BLOCK, "", sentence, f"sizes of the policy ({context.policy.name})")]


def together(
    file: FileFragments, written: Canonical | None, count: int, total: int, names: set[str], policy: Policy
) -> list[Finding]:
    """Too many files or bytes in one request, or two files that would have one name."""
    limits, found = policy.limits, []
    rule = f"sizes of the policy ({policy.name})"
    if count > limits.files:
        found.append(("volume", f"The request has more than {limits.files} files. Split it."))
    if total > limits.request_bytes:
        found.append(("volume", f"The request's files together have more than {limits.request_bytes} bytes. Split it."))
    if written and written.name.casefold() in names:
        found.append(("names", "Another file of the request would be released under the same name. Rename one."))
    return [Finding(check, Severity.BLOCK, file.path, sentence, rule) for check, sentence in found]


def in_month(file: FileFragments, month: int, size: int, policy: Policy) -> list[Finding]:
    """The file with which a project would release more than the policy's volume in a month goes to a steward."""
    limit = policy.limits.month_bytes
    if not month - size <= limit < month:
        return []
    sentence = (
        f"With this file the project would release more than {limit} bytes in this month. A steward judges whether so "
        "much is needed."
    )
    detail = f"With it, the project's releases of this month would have this many bytes: {month}."
    rule = f"volume of a month ({policy.name})"
    return [Finding("volume", Severity.REVIEW, file.path, sentence, rule, detail, (("month_bytes", str(limit)),))]
