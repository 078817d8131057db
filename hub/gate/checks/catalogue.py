"""Every check, in the order in which findings are shown."""

from __future__ import annotations

from hub.gate.checks.check import Check, RequestCheck
from hub.gate.checks.class_disclosure import CLASS_DISCLOSURE
from hub.gate.checks.columns import CANARIES, COLUMN_LEAK
from hub.gate.checks.complements import COMPLEMENT
from hub.gate.checks.coordinates import COORDINATES, SMALL_AREA
from hub.gate.checks.correlation import CORRELATION
from hub.gate.checks.denominators import DENOMINATOR
from hub.gate.checks.differencing import DIFFERENCING
from hub.gate.checks.dominance import DOMINANCE
from hub.gate.checks.dressed import DRESSED_NUMBERS
from hub.gate.checks.endpoints import ENDPOINTS
from hub.gate.checks.figure_table import FIGURE_TABLE
from hub.gate.checks.filters import FILTER
from hub.gate.checks.frequency import MINIMUM_FREQUENCY
from hub.gate.checks.header_values import HEADER_VALUES
from hub.gate.checks.histogram import HISTOGRAM_EDGES
from hub.gate.checks.holdings import HOLDINGS
from hub.gate.checks.identical_values import IDENTICAL_VALUES
from hub.gate.checks.identifiers import DIRECT_IDENTIFIERS
from hub.gate.checks.indicators import INDICATOR
from hub.gate.checks.leaf_dominance import LEAF_DOMINANCE
from hub.gate.checks.leak import ROW_LEAK
from hub.gate.checks.membership import MEMBERSHIP
from hub.gate.checks.microdata import MICRODATA, RESIDUALS
from hub.gate.checks.model_release import DECLARED_PRIVACY, MODEL, MODEL_FORM, MODEL_TRAINING
from hub.gate.checks.models import DEGREES, DUMMY_SUPPORT, OBSERVATIONS
from hub.gate.checks.parameters import MODEL_PARAMETERS
from hub.gate.checks.percentages import PERCENTAGE
from hub.gate.checks.personal import CONTACTS, ENTERPRISE_NUMBERS, PERSONAL_NUMBERS
from hub.gate.checks.provenance import PROVENANCE
from hub.gate.checks.quantiles import QUANTILES
from hub.gate.checks.reading import FREE_TEXT, LEFT_BEHIND, PICTURE, REFUSAL, VALUES
from hub.gate.checks.recompute import RECOMPUTE
from hub.gate.checks.rounding import ROUNDING
from hub.gate.checks.scaled_columns import SCALED_COLUMNS
from hub.gate.checks.scattered import SCATTERED_IDENTIFIERS, SCATTERED_ROWS
from hub.gate.checks.scattered_text import SCATTERED_TEXT
from hub.gate.checks.secrets import ENCODED_PAYLOAD, SECRETS
from hub.gate.checks.stored_records import STORED_RECORDS
from hub.gate.checks.suppressed_cells import SECONDARY_SUPPRESSION
from hub.gate.checks.survival import SURVIVAL_STEPS
from hub.gate.checks.traces import CONFUSABLES, HOSTS, TRACEBACKS
from hub.gate.checks.tree_leaves import PURE_LEAVES, TREE_LEAVES
from hub.gate.checks.uncounted import UNCOUNTED
from hub.gate.checks.vocabulary import VOCABULARY
from hub.gate.checks.volume import VOLUME
from hub.gate.checks.writing import WRITING

CHECKS: tuple[Check, ...] = (
    REFUSAL,
    VOLUME,
    MINIMUM_FREQUENCY,
    DENOMINATOR,
    COMPLEMENT,
    PERCENTAGE,
    INDICATOR,
    ROUNDING,
    HOLDINGS,
    DOMINANCE,
    CLASS_DISCLOSURE,
    IDENTICAL_VALUES,
    ENDPOINTS,
    QUANTILES,
    HISTOGRAM_EDGES,
    SURVIVAL_STEPS,
    CORRELATION,
    DEGREES,
    OBSERVATIONS,
    DUMMY_SUPPORT,
    RESIDUALS,
    MODEL_FORM,
    MODEL_TRAINING,
    STORED_RECORDS,
    MODEL_PARAMETERS,
    TREE_LEAVES,
    PURE_LEAVES,
    LEAF_DOMINANCE,
    VOCABULARY,
    MEMBERSHIP,
    COORDINATES,
    SMALL_AREA,
    DRESSED_NUMBERS,
    WRITING,
    MICRODATA,
    DIFFERENCING,
    FILTER,
    ROW_LEAK,
    COLUMN_LEAK,
    SCALED_COLUMNS,
    CANARIES,
    HEADER_VALUES,
    DIRECT_IDENTIFIERS,
    SECRETS,
    ENCODED_PAYLOAD,
    PERSONAL_NUMBERS,
    ENTERPRISE_NUMBERS,
    CONTACTS,
    TRACEBACKS,
    HOSTS,
    CONFUSABLES,
    RECOMPUTE,
    MODEL,
    DECLARED_PRIVACY,
    PICTURE,
    FREE_TEXT,
    VALUES,
    LEFT_BEHIND,
)

REQUEST_CHECKS: tuple[RequestCheck, ...] = (
    SECONDARY_SUPPRESSION,
    FIGURE_TABLE,
    PROVENANCE,
    SCATTERED_ROWS,
    SCATTERED_IDENTIFIERS,
    SCATTERED_TEXT,
    UNCOUNTED,
)
"""Checks of what a request's files are together."""

LEAK_CHECKS: tuple[Check, ...] = (
    ROW_LEAK,
    COLUMN_LEAK,
    CANARIES,
    DIRECT_IDENTIFIERS,
    SECRETS,
    ENCODED_PAYLOAD,
    PERSONAL_NUMBERS,
    ENTERPRISE_NUMBERS,
    CONTACTS,
)
"""Checks of data that were pasted into a source: what is no result is judged for what it tells of the dataset."""

NAME_CHECKS: tuple[Check, ...] = (
    DIRECT_IDENTIFIERS,
    SECRETS,
    ENCODED_PAYLOAD,
    PERSONAL_NUMBERS,
    ENTERPRISE_NUMBERS,
    CONTACTS,
    CANARIES,
    CONFUSABLES,
)
"""Checks of a file's name, which leaves with it."""
