"""pandas in, pandas out: a scored copy of a DataFrame, index kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sentiment.errors import ColumnError, InputError
from sentiment.tables import Layout, Roles, SourceRow

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.analyzer import Analyzer

__all__ = ["score_frame"]

# As many rows as the roles of a file's columns are found from.
_SAMPLE = 500


def score_frame(analyzer: Analyzer, frame: pd.DataFrame, text: str | None) -> pd.DataFrame:
    """Return a copy of a frame with what the analyzer finds in its text column.

    The columns added are those of a scored CSV file, the same names and the same order; sentiment
    score and confidence are floats, `opinions`, `evidence` and `tags` are lists.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"frame() takes a pandas DataFrame, not {type(frame).__name__}.")
    column = _text_column(frame, text)
    names = [str(name) for name in frame.columns]
    analyses = analyzer.analyze_batch(frame[column].tolist())
    layout = Layout(tuple(names), tuple(analyzer.taxonomy.topics))
    added: dict[str, list[Any]] = {name: [] for name in layout.added}
    for analysis in analyses:
        values: dict[str, Any] = {
            "sentiment": analysis.sentiment,
            "sentiment_score": analysis.score,
            "confidence": analysis.confidence,
            **analysis.topics,
            "drivers": ";".join(f"{one.driver}:{one.polarity}" for one in analysis.opinions),
            "evidence": [one.evidence for one in analysis.opinions],
            "tags": [tag.to_dict() for tag in analysis.tags],
            "opinions": [one.to_dict() for one in analysis.opinions],
            "language": analysis.language,
            "status": analysis.status,
        }
        for name in layout.added:
            added[name].append(values[name])
    floats = ("sentiment_score", "confidence")
    scored = {
        actual: pd.Series(
            added[name], index=frame.index, dtype="float64" if name in floats else "object"
        )
        for name, actual in zip(layout.added, layout.names[len(names) :], strict=True)
    }
    return pd.concat([frame, pd.DataFrame(scored, index=frame.index)], axis=1)


def _text_column(frame: pd.DataFrame, text: str | None) -> Any:
    if text is not None:
        places = [name == text for name in frame.columns]
        if not any(places):
            if isinstance(text, (list, tuple, set)):
                raise InputError(
                    f"frame() reads one text column, not several ({text!r}); call it once for each."
                )
            listed = ", ".join(str(name) for name in frame.columns)
            raise ColumnError(f"The frame has no column {text!r}; it has {listed}.")
        if sum(places) > 1:
            raise ColumnError(f"The frame has two columns {text!r}; rename one of them.")
        return text
    from sentiment.tables.roles import find_roles

    names = {str(name): name for name in frame.columns}
    head = frame.head(_SAMPLE)
    sample = [
        SourceRow(row, {str(name): _cell(value) for name, value in record.items()}, None)
        for row, record in enumerate(head.to_dict("records"), start=1)
    ]
    roles: Roles = find_roles(tuple(names), sample, where="the frame", text_option='text="COLUMN"')
    return names[roles.text[0]]


def _cell(value: Any) -> str | None:
    return None if value is None or value != value else str(value)
