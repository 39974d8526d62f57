import pickle
import subprocess
import sys

import pytest

from sentiment.drivers import importance, prevalence
from sentiment.drivers.cautions import SENTENCES, Caution
from sentiment.drivers.floors import importance_allowed, standing


def test_importing_the_drivers_loads_numpy_and_nothing_else():
    code = (
        "import sys; before = set(sys.modules)\n"
        "from sentiment.drivers import importance, measures, prevalence, segments, trend\n"
        "heavy = {'scipy', 'pandas', 'statsmodels', 'sklearn', 'pyarrow', 'jieba', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)), 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"


def test_the_front_doors_offer_what_is_promised():
    for name in ("lmg", "relative_weights", "ols", "penalty_reward", "leave_out", "difference"):
        assert callable(getattr(importance, name))
    for name in ("what_if", "quadrant", "waterfall", "attributable_share", "ordinal_logit"):
        assert callable(getattr(importance, name))
    for name in ("adjusted_count", "ppi_mean", "wilson", "newcombe", "benjamini_hochberg"):
        assert callable(getattr(prevalence, name))


def test_a_caution_is_a_sentence_with_its_code_and_values():
    caution = Caution("rejected", rejected=3, scale="0-10")
    assert "3 answers" in caution
    assert (caution.code, caution.values["rejected"]) == ("rejected", 3)
    again = pickle.loads(pickle.dumps(caution))
    assert (again, again.code, dict(again.values)) == (caution, "rejected", dict(caution.values))


def test_every_sentence_ends_and_starts_as_one():
    for code, sentence in SENTENCES.items():
        assert sentence.endswith("."), code
        assert sentence[0] == "{" or sentence[0].isupper() or sentence[0].isdigit(), code


@pytest.mark.parametrize(
    ("n", "persons", "expected"),
    [
        (9, None, "suppressed"),
        (10, None, "withheld"),
        (29, None, "withheld"),
        (30, None, "uncertain"),
        (99, None, "uncertain"),
        (100, None, "shown"),
        (5000, 9, "suppressed"),
        (5000, 10, "shown"),
    ],
)
def test_standing_at_each_border(n, persons, expected):
    assert standing(n, persons) == expected


@pytest.mark.parametrize(
    ("counts", "allowed"),
    [((200, 20, 20), True), ((199, 20, 20), False), ((200, 19, 20), False), ((200, 20, 19), False)],
)
def test_importance_floor(counts, allowed):
    assert importance_allowed(*counts) is allowed
