"""What goes with the outcome: the front door to everything that needs one.

`lmg` is the headline; `relative_weights` is a second opinion by another algebra. Words for all of
it: "linked with", never "causes".

    lmg, relative_weights            parts of R2                        contributions
    ols, ordinal_logit               coefficients, check of direction   regression
    penalty_reward                   must-haves and delighters          asymmetry
    leave_out, difference,           points of the overall score        impact
    waterfall, what_if,
    attributable_share
    quadrant                         what to fix first                  priority
"""

from sentiment.drivers.asymmetry import PenaltyReward, penalty_reward
from sentiment.drivers.contributions import EXACT_PLAYERS, Importance, lmg, relative_weights
from sentiment.drivers.impact import (
    Attributable,
    Impact,
    Waterfall,
    WhatIf,
    attributable_share,
    difference,
    leave_out,
    waterfall,
    what_if,
)
from sentiment.drivers.priority import Point, Quadrant, quadrant
from sentiment.drivers.regression import (
    OrdinalLogit,
    Regression,
    direction_differs,
    ols,
    ordinal_logit,
)

__all__ = [
    "EXACT_PLAYERS",
    "Attributable",
    "Impact",
    "Importance",
    "OrdinalLogit",
    "PenaltyReward",
    "Point",
    "Quadrant",
    "Regression",
    "Waterfall",
    "WhatIf",
    "attributable_share",
    "difference",
    "direction_differs",
    "leave_out",
    "lmg",
    "ols",
    "ordinal_logit",
    "penalty_reward",
    "quadrant",
    "relative_weights",
    "waterfall",
    "what_if",
]
