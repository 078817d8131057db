"""Sets up what the lab needs on a machine that has nothing, with the system's Python, before any environment exists.

Invariants:

* only the standard library is imported;
* a step that is done costs milliseconds; a step that is broken off is done again;
* what cannot be set up is one sentence and the command that mends it.
"""
