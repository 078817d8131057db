"""Several looks at the records as one: at one moment, and what one of them has read the next need not read again.

Invariants:

* who writes in between ends the look, so that nothing is read of before what was written;
* a look that is recorded begins as what writes: nobody writes until it is recorded, and it was read for that, too;
* the look ends with its block, whatever happens in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime

from hub.services.lab import Lab
from hub.services.ports import Reading, Store, Transaction


@contextmanager
def one_look(lab: Lab, *, recorded: bool = False) -> Iterator[Lab]:
    """Give the lab for a block in which one thread asks several use cases, one after another.

    A block that is ``recorded`` writes for certain: until then it reads in the transaction in which it will write.
    """
    with ExitStack() as kept:
        yield replace(lab, store=_OneLook(lab.store, kept, recorded=recorded))


class _OneLook:
    """A store whose transactions that only read are one."""

    def __init__(self, store: Store, kept: ExitStack, *, recorded: bool) -> None:
        self._store = store
        self._kept = kept
        self._recorded = recorded
        self._reading: Reading | None = None
        self._writing: Transaction | None = None

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """Go on with the look, or begin it."""
        if self._reading is None and self._recorded:
            self._reading = self._writing = self._kept.enter_context(self._store.begin())
        elif self._reading is None:
            self._reading = self._kept.enter_context(self._store.read())
        yield self._reading

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """End the look, and write; what was begun in order to write is what is written in."""
        records, self._reading, self._writing, self._recorded = self._writing, None, None, False
        if records is None:
            self._kept.close()
            with self._store.begin() as records:
                yield records
        else:
            with self._kept.pop_all():
                yield records

    def beat(self, name: str) -> None:
        """Write that a process of the lab lives."""
        self._store.beat(name)

    def head(self) -> str:
        """Return the digest of the last event."""
        return self._store.head()

    def beats(self) -> dict[str, datetime]:
        """Return when each process wrote last that it lives."""
        return self._store.beats()
