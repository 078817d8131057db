"""Mutation testing: whether a test fails when one small thing of the gate or of a policy is changed.

Invariants:

* no file of the project is written: a changed module exists only in the memory of a forked process;
* a change that no test notices, and that nothing explains, is a fault (exit code 1);
* what was interrupted goes on where it stopped; a survivor is tried again each time.

Why none of the tools that there are: mutmut 3 runs the tests in the process that it forks from afterwards, and Polars'
threads do not live on in a fork, so that every child waits for ever; it leaves out what stands outside of functions,
which here is half of the rules (tables of kinds, patterns, ranges of a policy), and changes each sentence three times.
cosmic-ray writes changes into the source tree and starts the whole of pytest for each, which takes days here.
"""
