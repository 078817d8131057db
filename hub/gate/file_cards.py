"""Cards: what a file is, for the stewards who review it, from what the reader and the checks found out already.

Invariants:

* a card decides nothing, and nothing is looked for in the data for it alone: what no check found out, it leaves out;
* a card holds no text of the file's own, but the name of another file of the request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from hub.domain.file_cards import FigureTable, FileCard, ModelCard, ModelFamily, RemovedPart, Vocabulary
from hub.gate.card_form import MOST_VOCABULARIES
from hub.gate.cells import written_in
from hub.gate.checks.figure_table import is_figure, is_table, table_stem
from hub.gate.checks.tree_leaves import UNITS
from hub.gate.checks.vocabulary import LISTS
from hub.gate.context import Context
from hub.gate.fragments import ArraysFragment, Fragment, ImageFragment
from hub.gate.lineage import LINEAGE, Lineage
from hub.gate.model_forms import LEAF, LinearForm, TreeForm
from hub.gate.training import MODEL
from hub.gate.views import TableView


def card_of(offered: Sequence[Fragment], context: Context) -> FileCard | None:
    """Return the card of a file, where there is anything to say; ``context`` is that of its last checks."""
    card = FileCard(_model(offered, context), _vocabularies(context), _removed(offered))
    return card if card != FileCard() else None


def with_table(card: FileCard | None, figure: Context, files: Sequence[Context]) -> FileCard | None:
    """Return the card of a figure with the table of the request that it was drawn from; any other as it is."""
    if not is_figure(figure):
        return card
    stem = table_stem(figure.path)
    table = next((each for each in files if is_table(each) and table_stem(each.path) == stem), None)
    return replace(card or FileCard(), table=_table(table) if table else None)


def _model(offered: Sequence[Fragment], context: Context) -> ModelCard | None:
    """What was read last counts, which is what would leave, where it was read anew."""
    arrays = next((part for part in offered if isinstance(part, ArraysFragment)), None)
    if arrays is not None:
        return ModelCard(ModelFamily.ARRAYS, arrays.count, arrays=len(arrays.arrays))
    models = [model for model in context.known(MODEL) if isinstance(model, (TreeForm, LinearForm))]
    return _form(models[-1], context) if models else None


def _form(model: TreeForm | LinearForm, context: Context) -> ModelCard:
    family = ModelFamily.DECISION_TREE if isinstance(model, TreeForm) else ModelFamily.LINEAR_MODEL
    card = ModelCard(
        family,
        model.parameters,
        features=len(model.features),
        classes=len(model.classes) or None,
        records=model.records,
    )
    if not isinstance(model, TreeForm):
        return card
    units = [min(known.values()) for known in context.known(UNITS) if isinstance(known, dict)]
    return replace(
        card,
        leaves=len(model.leaves),
        depth=_depth(model),
        smallest_leaf=min(map(model.count, model.leaves)),
        smallest_group=units[-1] if units else None,
    )


def _depth(tree: TreeForm) -> int:
    """Splits on the longest way down; a child has a higher number than its parent."""
    depth = [0] * len(tree.left)
    for node, children in enumerate(zip(tree.left, tree.right, strict=True)):
        for child in children if LEAF not in children else ():
            depth[child] = depth[node] + 1
    return max(depth)


def _vocabularies(context: Context) -> tuple[Vocabulary, ...]:
    lists = [known for known in context.known(LISTS) if isinstance(known, tuple) and known]
    told = (Vocabulary(each.dataset, each.column, each.entries, each.fewest) for each in (lists[-1] if lists else ()))
    return tuple(islice(told, MOST_VOCABULARIES))


def _removed(fragments: Iterable[Fragment]) -> tuple[RemovedPart, ...]:
    """Add up what was left out of all pictures of a file."""
    held: dict[str, RemovedPart] = {}
    for part in (part for picture in fragments if isinstance(picture, ImageFragment) for part in picture.left_out):
        before = held.get(part.kind, RemovedPart(part.kind, 0, 0))
        held[part.kind] = RemovedPart(part.kind, before.count + part.count, before.size + part.size)
    return tuple(held[kind] for kind in sorted(held))


def _table(context: Context) -> FigureTable:
    views = [view for part in context.offered for view in context.tables(part)]
    rows = sum(view.frame.height for view in views)
    return FigureTable(context.path, rows, sum(_numbers(view, context) for view in views))


def _numbers(view: TableView, context: Context) -> int:
    """Numbers that are no group of the table, by its declaration or by what the dataset told of it."""
    declared = {name.strip().casefold() for name in context.table.dimensions}
    known = [found.tabulation for found in context.known(LINEAGE) if isinstance(found, Lineage) and found.tabulation]
    groups = {d.key for tabulation in known if tabulation.view is view for d in tabulation.dimensions}
    shown = (
        key
        for key, title in zip(view.keys, view.columns, strict=True)
        if key not in groups and title.strip().casefold() not in declared
    )
    return sum(view.frame.height - written_in(view.frame[key]).null_count() for key in shown)
