"""Which answers count where one customer gave several."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sentiment.reporting.scored import ScoredTable
from sentiment.tables.scales import Outcome

__all__ = ["counted"]

SURVEYS = ("nps", "csat", "ces", "pmf")


def counted(table: ScoredTable, scale: Outcome, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the rows whose answer counts: of a customer asked several times in a month, the last.

    As `drivers.answers.last_answers`, for millions of rows. Ratings of things all count: a customer
    may buy two in a month.

    :param values: Answers, (n,); NaN where there is none.
    """
    keep = table.first.copy()
    if not table.repeated_customers or scale.kind not in SURVEYS:
        return keep
    rows = np.flatnonzero(table.first & ~np.isnan(values))
    customer, days = table.customer[rows], table.dates[rows]
    months = days.astype("datetime64[M]").astype(np.int64)
    # Undated ones first, a later row after an earlier one.
    day = np.where(np.isnat(days), -(2**40), days.astype(np.int64))
    order = np.lexsort((rows, day, months, customer))
    same = (np.diff(customer[order]) == 0) & (np.diff(months[order]) == 0)
    keep[rows[order[:-1][same]]] = False
    return keep
