"""Texts are found wherever code has them."""

from __future__ import annotations

from hub.web.extraction import Found, extracted, texts_in, updated

MODULE = '''
"""A module says this."""
class State(StrEnum):
    """Where it stands."""
    OPEN = "open"

RULE = "A cell counts at least ten units."

def act(thing, words):
    """Do it."""
    raise RefusedError("This was " "said {name}.", reason="x", name=thing)

def other(thing):
    raise ValueError("Not for people.")

def third(thing, file):
    sentence = f"In {file.path}: {len(thing)} cells and {thing[0]} are small. {file.path} stays."
    mark = N_("a mark")
    found(thing, "dataset", "x")
'''


def found_in(source: str, *, keeps: bool = False, words: bool = False) -> list[Found]:
    return list(texts_in(source, keeps_sentences=keeps, shows_words=words))


def test_errors_marks_and_kinds_of_things_are_found_everywhere() -> None:
    assert {f.text for f in found_in(MODULE)} == {"This was said {name}.", "a mark", "dataset"}


def test_words_of_closed_sets_are_found_with_the_name_of_their_set() -> None:
    assert [(f.text, f.context) for f in found_in(MODULE, words=True) if f.context] == [("open", "State")]


def test_sentences_are_found_where_records_keep_them_and_documentation_is_not() -> None:
    texts = {f.text for f in found_in(MODULE, keeps=True)}
    assert "A cell counts at least ten units." in texts
    assert "In {path}: {len} cells and {thing} are small. {path} stays." in texts
    assert "Do it." not in texts
    assert "A module says this." not in texts


def test_the_whole_catalogue_has_texts_of_every_part() -> None:
    ids = {m.id for m in extracted()}
    assert "You cannot review your own export request." in ids
    assert "The lab's disk is full; nothing was saved. Ask the administrator to free space, then try again." in ids
    assert "Only a data steward of the organisation {owner} can do this." in ids
    assert ("%(count)s file", "%(count)s files") in ids
    assert "The container ran out of memory; use less, or ask for more." in ids


def test_bringing_up_to_date_keeps_translations_and_drops_what_is_gone() -> None:
    known = 'msgid ""\nmsgstr "Language: fr\\n"\n\nmsgid "Projects"\nmsgstr "Projets"\n\nmsgid "Gone"\nmsgstr "Parti"\n'
    text = updated(known.encode()).decode()
    assert 'msgid "Projects"\nmsgstr "Projets"' in text
    assert "Parti" not in text
    assert updated(text.encode()).decode() == text
