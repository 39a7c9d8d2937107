"""What-ifs on a matrix of least weights, exact, without searching everything anew.

Public names
------------
SkimBase, build_skim_base, Asked, Costs : cost matrices of a network, and of any edit of it
LinkEdit : an edit in links by position
WhatIf, build_whatif : any graph with its matrix known
Edit, Joins, Outcome, Gains : what is asked of it and what is answered
"""

from networks.whatif.asked import Asked
from networks.whatif.edits import Edit, Joins, Method, Outcome
from networks.whatif.engine import Gains, WhatIf, build_whatif
from networks.whatif.links import LinkEdit
from networks.whatif.skims import Costs, Edited, SkimBase, build_skim_base

__all__ = [
    "Asked",
    "Costs",
    "Edit",
    "Edited",
    "Gains",
    "Joins",
    "LinkEdit",
    "Method",
    "Outcome",
    "SkimBase",
    "WhatIf",
    "build_skim_base",
    "build_whatif",
]
