"""What-ifs on a matrix of least weights, exact, without searching everything anew.

Public names
------------
SkimBase, build_skim_base, Asked, Costs : cost matrices of a network, and of any edit of it
LinkEdit : an edit in links by position
AccessBase, build_access_base, stream_accessibility, AccessAsked, Accessed, EVERY_MEASURE :
    accessibility after each of many edits
WhatIf, build_whatif : any graph with its matrix known
Edit, Joins, Outcome, Gains : what is asked of it and what is answered
"""

from networks.whatif.access import (
    EVERY_MEASURE,
    AccessAsked,
    AccessBase,
    Accessed,
    build_access_base,
    stream_accessibility,
)
from networks.whatif.asked import Asked
from networks.whatif.edits import Edit, Joins, Method, Outcome
from networks.whatif.engine import Gains, WhatIf, build_whatif
from networks.whatif.links import LinkEdit
from networks.whatif.skims import Costs, Edited, SkimBase, build_skim_base

__all__ = [
    "EVERY_MEASURE",
    "AccessAsked",
    "AccessBase",
    "Accessed",
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
    "build_access_base",
    "build_skim_base",
    "build_whatif",
    "stream_accessibility",
]
