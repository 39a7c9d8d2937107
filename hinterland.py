"""hinterland: who gains, where and in which sectors, when a growth pole grows or a corridor opens.

The one documented import: ``import hinterland as hl``. It re-exports the public names of the
packages ``io_tables``, ``networks`` and ``model`` and refuses to start when a module of the user's
own stands in the way of one of them.
"""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as _version
from importlib.util import find_spec as _find_spec
from pathlib import Path as _Path


def _refuse_shadowed_packages() -> None:
    """Raise one sentence when `import model` (or its sisters) would find somebody else's module."""
    home = _Path(__file__).resolve().parent
    for name in ("io_tables", "networks", "model"):
        spec = _find_spec(name)
        found = None if spec is None or spec.origin is None else _Path(spec.origin).resolve()
        if found is None:
            raise ImportError(
                f"hinterland needs its package '{name}' beside {home / 'hinterland.py'} and it is "
                "not there: install hinterland again."
            )
        if found != home / name / "__init__.py":
            raise ImportError(
                f"{found} stands in the way of hinterland's own package '{name}': rename that "
                "file, or start Python from another folder."
            )


_refuse_shadowed_packages()

from io_tables import testing
from io_tables.aggregate import aggregate
from io_tables.balance import gras, ras
from io_tables.balance_groups import Total, balance_totals
from io_tables.bridge import bridge
from io_tables.china import load_china
from io_tables.china.emissions import load_china_emissions
from io_tables.errors import TableError
from io_tables.estimate import estimate_table
from io_tables.nest import NestedTable, nest
from io_tables.nesting.change import nest_change
from io_tables.project import TableStack, project, stack_years
from io_tables.pymrio_bridge import from_pymrio, to_pymrio
from io_tables.readers import read_regional_table, read_table, write_table
from io_tables.regionalise import cross_hauling, location_quotients, regionalise
from io_tables.regions import match_regions
from io_tables.supply_use import SupplyUse, table_from_supply_use
from io_tables.synthetic import synthetic_economy
from io_tables.table import RegionalTable
from io_tables.trade import estimate_trade
from io_tables.trade_fit import fit_trade
from io_tables.units import convert_money, deflate
from model.accounts import account_from
from model.channel_split import channel_split
from model.congested import congested
from model.corridors import (
    choose_package,
    interactions,
    line_candidate,
    pair_candidates,
    price_candidates,
    rank_stability,
    read_candidates,
    screen_corridors,
)
from model.coupling import SpatialModel
from model.decomposition import decompose, decompose_change
from model.delivery import SectorRoles
from model.elasticity import estimate_elasticity
from model.equilibrium import Equilibrium, EquilibriumBase, equilibrium
from model.export_decomposition import borin_mancini, koopman_wang_wei, wang_wei_zhu
from model.extraction import extract
from model.extractions import extractions
from model.flows import travel_demand
from model.footprints import embodied_flows, footprints
from model.households import Households
from model.lag.beside import beside as beside_simulated
from model.lag.estimate import fit_lag, from_spreg
from model.lag.impacts import LagModel, impacts
from model.lag.weights import SpatialWeights, weights_from_cost, weights_from_table
from model.ledger.chains import ledger_paths
from model.ledger.distance import fit_decay
from model.ledger.exchange import spillover_exchange
from model.ledger.gap import ledger_disparity
from model.ledger.groups import by_ring, group_regions
from model.ledger.kinds import Creation, Investment, OutputTarget
from model.ledger.rounds import spillover_rounds
from model.ledger.sure import exchange_uncertainty, ledger_uncertainty
from model.ledger.two_blocks import two_blocks
from model.link_value import AccessObjective, first_order_value, link_values, pair_values
from model.linkages import linkages
from model.multiplier_kinds import multiplier_kinds, region_matrix
from model.multipliers import multipliers
from model.operator import GravityOperator, PooledOperator
from model.parameters import Parameters, load_parameters
from model.paths import structural_paths
from model.results import Result, read_result
from model.run import run
from model.scenario import Scenario, read_scenario
from model.solve import Leontief, Solution
from model.spillover import spillovers
from model.steps.groupings import Groupings
from model.table_draws import Draws
from model.uncertainty import uncertainty
from model.value_added_trade import circulation, domestic_chains
from networks.accessibility import accessibility
from networks.assignment import Bpr, RoadGraph, UserClass, UserCost, assign
from networks.betweenness import betweenness, graph_betweenness
from networks.catchments import catchments, hub_shares
from networks.change import gains_by_group, network_of_years, quantile_table
from networks.china import load_border_places, load_china_groups, load_china_network
from networks.clusters import find_clusters
from networks.criticality import criticality
from networks.disparity import theil_parts
from networks.given_costs import as_skim, read_skim
from networks.network import Network
from networks.patch_apply import apply_patches, difference, reverse
from networks.patch_files import read_patches, write_patches
from networks.patch_words import patch_from_text
from networks.patches import Patch
from networks.readers import read_network
from networks.readers.graphs import from_igraph, from_networkx, to_igraph, to_networkx
from networks.readers.writing import write_network, write_skim
from networks.skim import skim, skim_modes
from networks.whatif import (
    EVERY_MEASURE,
    AccessAsked,
    Asked,
    build_access_base,
    build_skim_base,
    stream_accessibility,
)
from networks.zones import region_cost

try:
    __version__ = _version("hinterland")
except PackageNotFoundError:
    __version__ = "not installed"

__all__ = [
    "EVERY_MEASURE",
    "AccessAsked",
    "AccessObjective",
    "Asked",
    "Bpr",
    "Creation",
    "Draws",
    "Equilibrium",
    "EquilibriumBase",
    "GravityOperator",
    "Groupings",
    "Households",
    "Investment",
    "LagModel",
    "Leontief",
    "NestedTable",
    "Network",
    "OutputTarget",
    "Parameters",
    "Patch",
    "PooledOperator",
    "RegionalTable",
    "Result",
    "RoadGraph",
    "Scenario",
    "SectorRoles",
    "Solution",
    "SpatialModel",
    "SpatialWeights",
    "SupplyUse",
    "TableError",
    "TableStack",
    "Total",
    "UserClass",
    "UserCost",
    "accessibility",
    "account_from",
    "aggregate",
    "apply_patches",
    "as_skim",
    "assign",
    "balance_totals",
    "beside_simulated",
    "betweenness",
    "borin_mancini",
    "bridge",
    "build_access_base",
    "build_skim_base",
    "by_ring",
    "catchments",
    "channel_split",
    "choose_package",
    "circulation",
    "congested",
    "convert_money",
    "criticality",
    "cross_hauling",
    "decompose",
    "decompose_change",
    "deflate",
    "difference",
    "domestic_chains",
    "embodied_flows",
    "equilibrium",
    "estimate_elasticity",
    "estimate_table",
    "estimate_trade",
    "exchange_uncertainty",
    "extract",
    "extractions",
    "find_clusters",
    "first_order_value",
    "fit_decay",
    "fit_lag",
    "fit_trade",
    "footprints",
    "from_igraph",
    "from_networkx",
    "from_pymrio",
    "from_spreg",
    "gains_by_group",
    "graph_betweenness",
    "gras",
    "group_regions",
    "hub_shares",
    "impacts",
    "interactions",
    "koopman_wang_wei",
    "ledger_disparity",
    "ledger_paths",
    "ledger_uncertainty",
    "line_candidate",
    "link_values",
    "linkages",
    "load_border_places",
    "load_china",
    "load_china_emissions",
    "load_china_groups",
    "load_china_network",
    "load_parameters",
    "location_quotients",
    "match_regions",
    "multiplier_kinds",
    "multipliers",
    "nest",
    "nest_change",
    "network_of_years",
    "pair_candidates",
    "pair_values",
    "patch_from_text",
    "price_candidates",
    "project",
    "quantile_table",
    "rank_stability",
    "ras",
    "read_candidates",
    "read_network",
    "read_patches",
    "read_regional_table",
    "read_result",
    "read_scenario",
    "read_skim",
    "read_table",
    "region_cost",
    "region_matrix",
    "regionalise",
    "reverse",
    "run",
    "screen_corridors",
    "skim",
    "skim_modes",
    "spillover_exchange",
    "spillover_rounds",
    "spillovers",
    "stack_years",
    "stream_accessibility",
    "structural_paths",
    "synthetic_economy",
    "table_from_supply_use",
    "testing",
    "theil_parts",
    "to_igraph",
    "to_networkx",
    "to_pymrio",
    "travel_demand",
    "two_blocks",
    "uncertainty",
    "wang_wei_zhu",
    "weights_from_cost",
    "weights_from_table",
    "write_network",
    "write_patches",
    "write_skim",
    "write_table",
]
