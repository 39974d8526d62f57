"""The search for cycles is put off while a job runs, and is what it was afterwards."""

import gc
from collections.abc import Iterator

import pytest

from sentiment.job.cycles import seldom_searched


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize("given", [(700, 10, 10), (100_000, 5, 5)])
def test_it_is_put_off_within(given: tuple[int, int, int]) -> None:
    gc.set_threshold(*given)
    seen = []

    def broken() -> None:
        with seldom_searched():
            seen.append(gc.get_threshold())
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert seen == [(max(given[0], 50_000), *given[1:])]
    assert gc.get_threshold() == given


def test_who_has_switched_it_off_keeps_it_off() -> None:
    gc.set_threshold(0, 10, 10)
    with seldom_searched():
        assert gc.get_threshold()[0] == 0
