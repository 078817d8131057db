"""Noise for counts: whole numbers of the discrete Laplace distribution, drawn exactly, from the system's randomness.

Invariants:

* no floating point number takes part, since its rounding tells what was added;
* nothing of it can be drawn again: who knew the noise would know the counts.

The sampler is algorithm 2 of Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy" (2020).
"""

from __future__ import annotations

from fractions import Fraction
from secrets import randbelow


def _is_drawn(chance: Fraction) -> bool:
    return randbelow(chance.denominator) < chance.numerator


def _is_drawn_exp(gamma: Fraction) -> bool:
    """True with the chance exp(-gamma), for a gamma from 0 to 1."""
    number = 1
    while _is_drawn(gamma / number):
        number += 1
    return number % 2 == 1


def discrete_laplace(epsilon: Fraction) -> int:
    """Return a number with a chance in proportion to exp(-epsilon × |number|)."""
    scale, step = epsilon.denominator, epsilon.numerator
    while True:
        first = randbelow(scale)
        if not _is_drawn_exp(Fraction(first, scale)):
            continue
        more = 0
        while _is_drawn_exp(Fraction(1)):
            more += 1
        size = (first + scale * more) // step
        negative = randbelow(2) == 1
        if not (negative and size == 0):
            return -size if negative else size
