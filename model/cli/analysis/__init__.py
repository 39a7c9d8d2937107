"""The verbs of analysis on the command line: what a modeler reads off a table.

Owns the question: which words ask for multipliers, linkages, extraction, paths, decompositions,
prices, footprints, value added in trade and disparity?

Public names
------------
``add_analysis_verbs``    declare the verbs

Nothing heavy is imported here; the work is in the rooms beside.
"""

from model.cli.analysis.words import add_analysis_verbs

__all__ = ["add_analysis_verbs"]
