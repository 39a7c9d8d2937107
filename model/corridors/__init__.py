"""Which corridor is worth most, for whom: screening of many candidates on one model."""

from model.corridors.candidates import Candidate, line_candidate, pair_candidates, price_candidates
from model.corridors.packages import Package, choose_package, interactions
from model.corridors.reading import read_candidates
from model.corridors.screening import screen_corridors
from model.corridors.stability import rank_stability

__all__ = [
    "Candidate",
    "Package",
    "choose_package",
    "interactions",
    "line_candidate",
    "pair_candidates",
    "price_candidates",
    "rank_stability",
    "read_candidates",
    "screen_corridors",
]
