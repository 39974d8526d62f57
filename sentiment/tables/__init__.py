"""Reading and writing review exports: CSV, TSV, XLSX, JSON lines and Parquet."""

from __future__ import annotations

from sentiment.tables.roles import Roles
from sentiment.tables.rows import Reject, SourceRow
from sentiment.tables.scales import KINDS, Outcome
from sentiment.tables.table import ReadOptions, Table, open_table

__all__ = [
    "KINDS",
    "Outcome",
    "ReadOptions",
    "Reject",
    "Roles",
    "SourceRow",
    "Table",
    "open_table",
]
