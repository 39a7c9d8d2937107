"""The verbs of analysis on the command line: what a modeler reads off a table.

Owns the question: which words ask for spillovers, multipliers, linkages, extraction, paths,
decompositions, prices, footprints, value added in trade, disparity and spatial lags?

Public names
------------
``add_analysis_verbs``    declare the verbs

Nothing heavy is imported here; the work is in the rooms beside.
"""

from model.cli.analysis.gap_words import add_gap_verbs
from model.cli.analysis.ledger.words import add_spillover_verb
from model.cli.analysis.words import add_industry_verbs
from model.cli.words import Family

__all__ = ["add_analysis_verbs"]


def add_analysis_verbs(verbs: Family) -> None:
    """Declare every verb of analysis."""
    add_spillover_verb(verbs)
    add_industry_verbs(verbs)
    add_gap_verbs(verbs)
