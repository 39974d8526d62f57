"""What a number must say beside itself: one table of codes and English sentences.

A caution is a sentence that also carries its code and the values in it, so that a report can word
it in another language from the code alone and cannot forget one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["SENTENCES", "Caution"]

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        # answers
        "rejected": "{rejected} answers that are not on the scale {scale} were rejected, not "
        "clipped.",
        "looks_like_stars": "Only answers from 1 to 5 are present: these are probably stars, "
        "not answers from 0 to 10.",
        "no_zero": "No answer is 0 and {ones} are 1: this is probably a 1-10 rating, on which no "
        "NPS is defined.",
        "rescaled": "Answers were rescaled from {minimum:g}-{maximum:g} to 0-10 and rounded, "
        "as declared.",
        "direction_only": "{n} answers are fewer than {floor}: read the share as a direction only.",
        # regressions and importance
        "constant_outcome": "Every outcome is the same: there is nothing to explain.",
        "too_few_rows": "{n} complete rows are too few for {columns} columns.",
        "constant_column": "These columns never vary and were left at zero: {names}.",
        "collinear": "These columns follow from the others and cannot be separated from them: "
        "{names}.",
        "low_r2": "The drivers explain {r2:.3f} of the variance, less than {floor:.2f}: "
        "no ranking is shown.",
        "chance_r2": "The drivers explain {r2:.3f} of the variance, which {n} rows may give so many "
        "columns by chance: no ranking is shown.",
        "few_rows": "{n} rows are fewer than {floor}: importance is too uncertain to show.",
        "suppression": "The sign of these columns contradicts their meaning (suppression), "
        "do not act on them: {names}.",
        "dropped_rows": "{dropped} rows with a missing outcome or value were left out.",
        "sampling_error_only": "Intervals hold the sampling error only, not the errors of the "
        "machine's labels.",
        "sampled_orderings": "Contributions come from {orderings} random orderings; their "
        "Monte Carlo error is at most {error:.2g}.",
        "high_leverage": "{count} rows determine their own fit: their error cannot be estimated.",
        "separation": "These columns separate the outcome and are not estimable: {names}.",
        "not_converged": "The ordinal model did not converge: not estimable.",
        "direction_differs": "The ordinal model gives these columns the opposite direction: "
        "{names}.",
        "penalty_reward_few_rows": "{n} rows are fewer than {floor}: types are not called.",
        "ceiling": "The mean outcome is {mean:.2f} of {maximum:g}: there is little room for "
        "reward, which can feign basic types.",
        "floor_effect": "The mean outcome is {mean:.2f} from a minimum of {minimum:g}: there is "
        "little room for penalty, which can feign excitement types.",
        "beyond_best_segment": "No segment does that well; the largest supported share is below "
        "the one asked for: {names}.",
        "outside_scale": "These results would leave the scale {minimum:g}-{maximum:g} and were "
        "limited to it: {names}.",
        "no_interval": "Points without an interval stay undecided: {names}.",
        # prevalence
        "clipped": "The corrected share {raw:.3f} left the range 0-1 and was clipped.",
        "projected": "The corrected shares left the range 0-1 and were moved to the nearest "
        "possible mix.",
        "few_labels": "{n} labels are fewer than {floor}: the correction is a direction only.",
        # trend and segments
        "merged": "Months with fewer than {floor} rows were merged to quarters: {names}.",
        "mix_incomplete": "These periods lack a part of the mix, the rest was reweighted: {names}.",
        "mix_change": "The mix changed by up to {points:.1f} points between periods.",
        "overdispersed": "Periods vary {factor:.1f} times as much as chance alone would make them: "
        "3 sigma limits are too narrow.",
        "single_suppressed": "Only one segment is suppressed: with the total shown, its figure "
        "could be worked out.",
    }
)


class Caution(str):
    """One sentence of warning with its code and the values in it.

    :param code: A key of `SENTENCES`.
    :param values: What the sentence's placeholders stand for.
    """

    __slots__ = ("code", "values")

    code: str
    values: Mapping[str, Any]

    def __new__(cls, code: str, **values: Any) -> Caution:
        """Word the sentence of a code with its values."""
        self = super().__new__(cls, SENTENCES[code].format(**values))
        self.code = code
        self.values = MappingProxyType(values)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.code, dict(self.values))


def _restore(code: str, values: dict[str, Any]) -> Caution:
    return Caution(code, **values)
