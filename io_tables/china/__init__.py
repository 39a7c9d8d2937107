"""The embedded economy of China 2020, 31 provinces x 42 sectors: an estimate from figures."""

from io_tables.china.load import china_report, load_china, load_region_groups
from io_tables.china.report import EstimateReport

__all__ = ["EstimateReport", "china_report", "load_china", "load_region_groups"]
