"""Tables with everything a table may have, for tests of formats and of the container."""

from __future__ import annotations

import numpy as np
import pandas as pd

from io_tables.table import RegionalTable
from io_tables.testing import random_table


def full_table(seed=0):
    """A table with every variable there is."""
    d = random_table(seed, 2, 3, kind="explicit")
    rng = np.random.default_rng(seed)
    places = pd.MultiIndex.from_product([d.regions, d.categories])
    n = len(d.labels)
    return RegionalTable.from_flows(
        d.Z, d.Y.iloc[:, : len(places)], None, d.va, imports=d.imports,
        final_imports=pd.DataFrame(rng.random((3, 6)), index=d.sectors, columns=places),
        taxes=d.taxes, exports=d.exports, discrepancy=rng.normal(0, 1, n),
        final_taxes=pd.Series(rng.random(6), index=places).to_frame().T,
        population=[1.0, 2.0], employment=rng.random(n),
        stressors=pd.DataFrame(rng.random((2, n)), index=["CO2", "water"], columns=d.labels),
        stressor_units={"CO2": "Mt", "water": "m3"},
        stressor_demand=pd.DataFrame(rng.random((2, 6)), index=["CO2", "water"], columns=places),
        coords={"region_zh": ("region", ["北京", "上海"])}, units=d.unit, year=2020, name="full",
    )  # fmt: skip


def awkward_table(kind="explicit", seed=0):
    """A full table with labels that files stumble over."""
    table = full_table(seed)
    table = table if kind == "explicit" else table.pooled()
    regions = ['the "North", all of it', "内蒙古 = #1"]
    sectors = ["01", "=SUM(A1)", "Fish; 'meat' | et\u00e9"]
    categories = ["1", "a,b", "Ω"]
    data = table.data.assign_coords(
        {d: regions for d in table.data.dims if str(d).startswith("region")}
        | {d: sectors for d in table.data.dims if str(d).startswith("sector")}
        | {"category": categories}
    )
    return RegionalTable(data.assign_attrs(notes="one, two\nthree"), kind)
