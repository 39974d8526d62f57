"""Open-ended customer feedback, Chinese and English, turned into something a company can act on.

    import sentiment

    analyzer = sentiment.load()
    analyzer.analyze("物流很快，但是质量太差。").topics["delivery"]     # 'positive'

Everything named here is loaded when it is first touched: importing the package imports no model, no
dictionary and no other library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentiment.analyzer import Analyzer, load
    from sentiment.errors import (
        ColumnError,
        InputError,
        LabelError,
        MissingExtra,
        ModelError,
        NotReached,
        OutputError,
        SentimentError,
        TaxonomyError,
        UserError,
    )
    from sentiment.records import Analysis, Feedback, Opinion, Tag
    from sentiment.reporting.build import Report, report
    from sentiment.taxonomy import Taxonomy
    from sentiment.train.figures.evaluate import Evaluation, evaluate
    from sentiment.train.retrain.run import Trained, TrainOptions, retrain

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "sentiment.records",
    "Analyzer": "sentiment.analyzer",
    "ColumnError": "sentiment.errors",
    "Evaluation": "sentiment.train.figures.evaluate",
    "Feedback": "sentiment.records",
    "InputError": "sentiment.errors",
    "LabelError": "sentiment.errors",
    "MissingExtra": "sentiment.errors",
    "ModelError": "sentiment.errors",
    "NotReached": "sentiment.errors",
    "Opinion": "sentiment.records",
    "OutputError": "sentiment.errors",
    "Report": "sentiment.reporting.build",
    "SentimentError": "sentiment.errors",
    "Tag": "sentiment.records",
    "Taxonomy": "sentiment.taxonomy",
    "TaxonomyError": "sentiment.errors",
    "TrainOptions": "sentiment.train.retrain.run",
    "Trained": "sentiment.train.retrain.run",
    "UserError": "sentiment.errors",
    "evaluate": "sentiment.train.figures.evaluate",
    "load": "sentiment.analyzer",
    "report": "sentiment.reporting.build",
    "retrain": "sentiment.train.retrain.run",
}

__all__ = [
    "Analysis",
    "Analyzer",
    "ColumnError",
    "Evaluation",
    "Feedback",
    "InputError",
    "LabelError",
    "MissingExtra",
    "ModelError",
    "NotReached",
    "Opinion",
    "OutputError",
    "Report",
    "SentimentError",
    "Tag",
    "Taxonomy",
    "TaxonomyError",
    "TrainOptions",
    "Trained",
    "UserError",
    "__version__",
    "evaluate",
    "load",
    "report",
    "retrain",
]


if not TYPE_CHECKING:  # a checker of types would take any name for one of these

    def __getattr__(name: str) -> Any:
        """Import a public name from the module that holds it, once."""
        if name not in _HOMES:
            raise AttributeError(f"module 'sentiment' has no attribute {name!r}")
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
