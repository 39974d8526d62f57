"""Reading and writing review exports: CSV, TSV, XLSX, JSON lines and Parquet."""

from __future__ import annotations

from sentiment.tables.layout import Layout, scored_columns
from sentiment.tables.roles import Roles
from sentiment.tables.rows import Reject, SourceRow
from sentiment.tables.scales import KINDS, Outcome
from sentiment.tables.scored import holds_records, is_scored, read_scored
from sentiment.tables.table import ReadOptions, Table, open_table
from sentiment.tables.write import FORMATS, Writer, check_capacity, format_of, open_writer

__all__ = [
    "FORMATS",
    "KINDS",
    "Layout",
    "Outcome",
    "ReadOptions",
    "Reject",
    "Roles",
    "SourceRow",
    "Table",
    "Writer",
    "check_capacity",
    "format_of",
    "holds_records",
    "is_scored",
    "open_table",
    "open_writer",
    "read_scored",
    "scored_columns",
]
