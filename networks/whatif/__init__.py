"""What-ifs on a matrix of least weights, exact, without searching everything anew.

Public names
------------
WhatIf, build_whatif : a graph with its matrix known
Edit, Outcome : what is asked and what is answered
"""

from networks.whatif.edits import Edit, Method, Outcome
from networks.whatif.engine import WhatIf, build_whatif

__all__ = ["Edit", "Method", "Outcome", "WhatIf", "build_whatif"]
