"""Facts about texts that say something by their pattern, and about texts that people write."""

from __future__ import annotations

import time

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
        "North (########)\nSouth (###)",
        "North |###|\nSouth |##|",
        "North .## \nSouth [#####]",
        'North "###"\nSouth "##"',
        "North (III)\nSouth (IIIII)",
        "### North\n##### South",
        "######## North\n####### South",
        "** North\n*** South",
        "*** North ..\n** South ..",
        "yes no yes\nno yes no\n" * 4,
        "yes\n" * 12 + "no\n" * 12,
        "one of them went home today " * 4,
        "a b c d e f g h i j k l " + "is what somebody says of all these words here and there too",
    ],
)
def test_words_letters_and_marks_say_something(text: str) -> None:
    assert says_by_pattern(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes no " * 11,
        "yes no " * 11 + "yes",
        "so one of them went home today " * 3 + "so one of them went home",
        "a b c d e f g h i j k l " + "is what somebody says of all these words here and there too then",
        "a b c d e f g h i j k",
        "a b c d e f g h i j k l " + "is what somebody says of all these words here and there and of them",
        "███\n██████",
        "Nord ███\nEst ███",
        "Nord ███\nEst ●●",
        "They rose -- and then --- fell ... Why? Who knows !! and !!!",
        "# One\n\n## Two\n\nTitle\n=====\n\nSubtitle\n--------\n",
        "Phase II and phase III",
        "### Title ##\n",
        "# One\n## Two\n### Three\n\nText.\n\n## Four\n",
        "| Name | Unit | | |\n| --- | --- | --- | --- |\n| age | | | |\n",
        "y = a + b x + c z + d w + e v",
        "Warning: column dropped\n" * 12,
        "Results :: fit ::: done",
        "**Note** and ***this***: f(g()) and f(g(h()))",
        ">> what was said\n>>> and before",
        "the model fits, and the data are what the model says of them, so that nobody asks for more than the model has",
    ],
)
def test_what_people_write_says_nothing_by_its_pattern(text: str) -> None:
    assert not says_by_pattern(text)


@pytest.mark.parametrize("text", ["#" * 200_000 + "n", "# " * 100_000 + "n", "#-" * 100_000, "a " * 100_000 + "an"])
def test_long_lines_are_read_in_one_go(text: str) -> None:
    """A pattern that looks at each rest of a line anew would take minutes."""
    began = time.process_time()
    says_by_pattern(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("mark", ".-–—!?=~:|<>()[]{}\"'`")
def test_marks_of_sentences_stand_up_to_three_times(mark: str) -> None:
    assert not says_by_pattern(f"North {mark * 2} and {mark * 3} south")
    assert says_by_pattern(f"North {mark * 2} and {mark * 4} south")
