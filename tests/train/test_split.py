import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.train.data.examples import Example
from sentiment.train.data.split import folds

EXAMPLES = st.lists(
    st.builds(
        lambda group, language: Example("t", language, "s", f"{language}{group}"),
        st.integers(0, 30),
        st.sampled_from(["zh", "en"]),
    )
)


@given(EXAMPLES, st.integers(2, 6), st.integers(0, 3))
def test_a_group_is_in_one_fold_and_folds_are_even(examples, k, seed):
    fold = folds(examples, k, seed)
    assert len(fold) == len(examples)
    places = {}
    for example, place in zip(examples, fold, strict=True):
        assert 0 <= place < k
        assert places.setdefault(example.group, place) == place
    for language in ("zh", "en"):
        groups = [e.group for e in examples if e.language == language]
        sizes = [
            sum(e.language == language and p == f for e, p in zip(examples, fold, strict=True))
            for f in range(k)
        ]
        largest = max((groups.count(group) for group in set(groups)), default=0)
        assert max(sizes) - min(sizes) <= largest


def test_the_order_of_the_rows_does_not_matter_when_groups_are_single():
    examples = [Example(str(i), "en", "s", f"g{i}") for i in range(50)]
    forward = dict(zip([e.group for e in examples], folds(examples), strict=True))
    backward = folds(examples[::-1])
    assert [forward[e.group] for e in examples[::-1]] == backward


def test_a_seed_is_another_split():
    examples = [Example(str(i), "en", "s", f"g{i}") for i in range(50)]
    assert folds(examples, seed=0) != folds(examples, seed=1)


def test_one_fold_is_none():
    with pytest.raises(ValueError, match="at least 2"):
        folds([], k=1)
