"""Sentences are translated when a template is read, and come out as Jinja's own calls would say them."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader, Environment

from hub.web.folding import OneLanguage

SENTENCES = {"Files": "Fichiers", "Half <b>": "Moitié <b>", "50 %% of it": "50 %% de cela", "By %(who)s": "Par %(who)s"}
SOURCE = """{% macro said(word) %}[{{ word }}]{% endmacro %}
{{ _("Files") }} {{ said(_("Files")) }} {{ _("Half <b>") }} {{ _("50 %% of it") }} {{ _(asked) }}
{% trans %}Files{% endtrans %} {% trans who=name %}By {{ who }}{% endtrans %} {{ _("By %(who)s", who=name) }}
{% for title in [_("Files"), _("Files") ~ name] %}{{ title }}{% endfor %} {{ _("Unknown") | upper }}"""


def filled(kind: type[Environment]) -> str:
    made = kind(loader=DictLoader({"page": SOURCE}), autoescape=True, extensions=["jinja2.ext.i18n"])
    say = lambda sentence: SENTENCES.get(sentence, sentence)  # noqa: E731
    if isinstance(made, OneLanguage):
        made.translated = say
    made.install_gettext_callables(say, lambda one, many, n: many, newstyle=True)  # type: ignore[attr-defined]
    return made.get_template("page").render(asked="Files", name="<i>")


def test_what_is_said_once_is_what_is_said_each_time() -> None:
    assert filled(OneLanguage) == filled(Environment)


def test_a_constant_sentence_asks_nobody_at_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    made = OneLanguage(loader=DictLoader({"page": '{{ _("Files") }}'}), extensions=["jinja2.ext.i18n"])
    made.translated = lambda sentence: SENTENCES[sentence]
    made.install_gettext_callables(asked.append, asked.append, newstyle=True)  # type: ignore[attr-defined]
    assert made.get_template("page").render() == "Fichiers"
    assert asked == []
