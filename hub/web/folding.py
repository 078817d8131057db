"""Templates of one language: a sentence without places is translated when its template is read, not at each look."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup


class OneLanguage(Environment):
    """An environment whose templates are read in one language, so that what is always the same is said once."""

    translated: Callable[[str], str] = staticmethod(str)
    """How a sentence is said; set before the first template is read."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        read: nodes.Template = _Said(self.translated).visit(super()._parse(source, name, filename))
        return read


class _Said(NodeTransformer):
    """Put the translation in the place of each call of gettext with a sentence and nothing else."""

    def __init__(self, translated: Callable[[str], str]) -> None:
        self._translated = translated

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja names it so
        """Say the sentence as Jinja's own call would: it is a format, so that two percent signs are one."""
        self.generic_visit(node)
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        given = [a.value for a in node.args if isinstance(a, nodes.Const) and isinstance(a.value, str)]
        if name not in ("_", "gettext") or node.kwargs or node.dyn_args or node.dyn_kwargs or len(given) != 1:
            return node
        said = str(Markup(self._translated(given[0])) % {})  # noqa: S704 - the catalogue is ours, as Jinja takes it
        return nodes.MarkSafe(nodes.Const(said, lineno=node.lineno), lineno=node.lineno)
