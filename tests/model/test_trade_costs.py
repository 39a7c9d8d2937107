import numpy as np
import pandas as pd

from model.china.trade_costs import SHIPPED, trade_costs


def test_the_shipped_trade_costs_are_those_of_todays_network():
    shipped = pd.read_csv(SHIPPED)
    today = trade_costs()
    pd.testing.assert_frame_equal(
        shipped[["region_from", "region_to"]], today[["region_from", "region_to"]]
    )
    for purpose in ("freight", "passenger"):
        np.testing.assert_allclose(shipped[purpose], today[purpose], rtol=1e-6, atol=1e-4)
        assert (shipped[purpose] > 0).all()
