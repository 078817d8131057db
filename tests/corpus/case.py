"""What a case of the corpus is, and how one is added.

A case is a function that makes what somebody offers; its docstring says what it is, and stands in
``docs/reference/corpus.md``. Add it to the ``cases_*`` module of its kind, a few lines each::

    @bad("minimum-frequency")
    def counts_by_region() -> Offer:
        \"\"\"Counts by region; three people live in one of them.\"\"\"
        return {"counts.csv": per(survey(), "region", n=PEOPLE)}

    @good("minimum-frequency")
    def counts_by_sex() -> Offer:
        \"\"\"Counts by sex.\"\"\"
        return {"counts.csv": per(survey(), "sex", n=PEOPLE)}

An offer gives each path its content: a table (written as CSV), text, or bytes (see ``dress`` for other clothing).
``Offered`` adds declarations of tables, files that left before, and the notebook of the run that made them. The
decorators take

* ``data``: names of the datasets that are mounted, by default the survey (see ``data.DATASETS``; ``()`` for none);
* ``policy`` and ``under``: the profile, and parameters that differ from it;
* ``named``: the case is about the file's name, which has checks of its own;
* ``severity``, of a bad case: ``Severity.REVIEW`` where a check only asks a steward, ``Severity.FIXED`` where the gate
  takes the bad part out by itself;
* ``finds``, of a bad case: the finding's name, where one check has several;
* ``review``, of a good case: why a steward has to read it all the same.

A new check needs one bad and one good case at least (``test_corpus`` demands them), and a new ``cases_*`` module is
found by its name. Then write the page anew: ``PYTHONPATH=tests .venv/bin/python -m corpus.page``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.exchange import ApprovedNotebook

Content = pl.DataFrame | str | bytes
Files = Mapping[str, Content]


@dataclass(frozen=True, slots=True)
class Offered:
    """Files with what their author declares of them, and the notebook that made them.

    ``earlier`` are files that left before, ``month_bytes`` what the project released in this month.
    """

    files: Files
    tables: Mapping[str, TableContext] = field(default_factory=dict)
    earlier: Files = field(default_factory=dict)
    approved: ApprovedNotebook | None = None
    month_bytes: int = 0


Offer = Files | Offered
Made = Callable[[], Offer]


@dataclass(frozen=True, slots=True)
class Case:
    """One output, made for one check: bad, or the harmless twin of a bad one."""

    check: str
    is_bad: bool
    make: Made
    data: tuple[str, ...] = ("survey",)
    policy: str = "uk-sacro"
    under: tuple[tuple[str, object], ...] = ()
    named: bool = False
    severity: Severity = Severity.BLOCK
    finds: str = ""
    review: str = ""

    @property
    def name(self) -> str:
        """What tests call it."""
        return f"{'bad' if self.is_bad else 'good'}-{self.check}-{self.make.__name__}"

    @property
    def says(self) -> str:
        """What it is, in a sentence."""
        return " ".join((self.make.__doc__ or "").split())

    def offered(self) -> Offered:
        """What is offered, the same each time."""
        made = self.make()
        return made if isinstance(made, Offered) else Offered(made)


CASES: list[Case] = []


def bad(
    check: str, *, finds: str = "", under: Mapping[str, object] | None = None, **said: object
) -> Callable[[Made], Made]:
    """Add what the check must find."""
    return _adding(check, True, under, {"finds": finds or check, **said})


def good(check: str, *, under: Mapping[str, object] | None = None, **said: object) -> Callable[[Made], Made]:
    """Add what looks like it and must not be blocked."""
    return _adding(check, False, under, said)


def _adding(
    check: str, is_bad: bool, under: Mapping[str, object] | None, said: dict[str, object]
) -> Callable[[Made], Made]:
    def add(make: Made) -> Made:
        CASES.append(Case(check, is_bad, make, under=tuple((under or {}).items()), **said))  # type: ignore[arg-type]
        return make

    return add
