"""Facts about texts that say something by their pattern, and about texts that people write."""

from __future__ import annotations

import pytest

from hub.gate.patterned_text import says_by_pattern


@pytest.mark.parametrize(
    "text",
    [
        "yes no " * 12,
        "Yes NO\n" * 12,
        "one after two of them, " * 6,
        "h e   d r i n k s   a   l o t",
        "Nord ███\nEst ██████",
        "Nord:|||\nEst:||||||",
        "Nord ● ● ●\nEst ● ●",
        "Nord ** Est ***",
        "Nord III, Est IIIII.",
        "Nord ..\nEst .....",
        "Nord --\nEst ----",
    ],
)
def test_words_letters_and_marks_say_something(text: str) -> None:
    assert says_by_pattern(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes no " * 11,
        "a b c d e f g h i j k",
        "a b c d e f g h i j k l " + "is what somebody says of all these words here and there and of them",
        "███\n██████",
        "Nord ███\nEst ███",
        "Nord ███\nEst ●●",
        "They rose -- and then --- fell ... Why? Who knows !! and !!!",
        "# One\n\n## Two\n\nTitle\n=====\n\nSubtitle\n--------\n",
        "Phase II and phase III",
        "the model fits, and the data are what the model says of them, so that nobody asks for more than the model has",
    ],
)
def test_what_people_write_says_nothing_by_its_pattern(text: str) -> None:
    assert not says_by_pattern(text)
