"""The twenty blocks of a report, each built by one function from the study."""

from __future__ import annotations

from sentiment.reporting.blocks.change import segments_block, trend_block
from sentiment.reporting.blocks.conclusions import (
    actions_block,
    headline_block,
    method_block,
    trust_block,
)
from sentiment.reporting.blocks.figures import base_block, figures_block
from sentiment.reporting.blocks.linked import (
    asymmetry_block,
    importance_block,
    quadrant_block,
    what_if_block,
)
from sentiment.reporting.blocks.mentions import (
    drivers_block,
    expectations_block,
    journey_block,
    layers_block,
    loyalty_block,
    topics_block,
)
from sentiment.reporting.blocks.people import replies_block, voices_block
from sentiment.reporting.study import Study
from sentiment.reporting.values import Block

__all__ = ["build_blocks"]

_BUILDERS = (
    headline_block,
    base_block,
    figures_block,
    topics_block,
    drivers_block,
    importance_block,
    quadrant_block,
    asymmetry_block,
    what_if_block,
    trend_block,
    segments_block,
    journey_block,
    layers_block,
    loyalty_block,
    expectations_block,
    voices_block,
    replies_block,
    actions_block,
    trust_block,
    method_block,
)


def build_blocks(study: Study) -> tuple[Block, ...]:
    """Return all blocks in their order."""
    return tuple(builder(study) for builder in _BUILDERS)
